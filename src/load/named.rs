//! The files that kustomizations name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;

use super::decode::parse_file;
use super::files::{File, Input};
use super::{Text, exclusion, read, template};
use crate::kustomize::{self, KUSTOMIZATION_FILES, Reference, ReferenceKind};
use crate::source::{FileId, Sources, path};
use crate::yaml::Document;

/// Reads the files that kustomizations name and that are not among the texts, also indirectly. A file that does not exist
/// is left to the build, which knows whether it is needed. The paths are relative to `root`.
///
/// Returns the named paths that do not exist and that an ignore file excludes: something probably generates them. Those of
/// directories have the name of a kustomization.
pub(super) fn read_outside(root: &Path, texts: &mut Vec<Text>) -> BTreeSet<String> {
    let mut ignored = BTreeSet::new();
    let mut known: BTreeSet<String> = texts.iter().map(|text| text.path.clone()).collect();
    // Many overlays name the same base.
    let mut references = BTreeSet::new();
    let mut next = 0;
    while next < texts.len() {
        let named: Vec<Vec<Reference>> = texts[next..].par_iter().map(references_of).collect();
        next = texts.len();
        for reference in named.into_iter().flatten() {
            if !references.insert(reference.clone()) {
                continue;
            }
            let paths = existing(root, &reference);
            if paths.is_empty() {
                let candidates = std::iter::once(reference.path.clone()).chain(kustomizations(&reference.path));
                ignored.extend(candidates.filter(|path| exclusion::is_ignored(&root.join(path))));
            }
            for path in paths {
                if known.insert(path.clone()) {
                    texts.extend(read_text(root, path));
                }
            }
        }
    }
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    ignored
}

/// The kustomizations among the files, and the files that they name, with the way in which they are read.
pub(super) fn by_kustomizations(
    sources: &Sources,
    by_path: &BTreeMap<String, FileId>,
) -> BTreeMap<FileId, NamedContent> {
    let mut named = BTreeMap::new();
    let files: Vec<FileId> = sources.iter().map(|(file, _)| file).collect();
    let is_candidate = |file: &&FileId| kustomize::is_kustomization_file(sources.file(**file).path());
    let references = files.par_iter().filter(is_candidate).map(|&file| (file, references(sources, file)));
    for (id, references) in references.collect::<Vec<_>>() {
        if let Some(references) = references {
            named.insert(id, NamedContent::Yaml);
            for reference in references {
                let Some(&file) = by_path.get(&reference.path) else { continue };
                match reference.kind {
                    ReferenceKind::Content => drop(named.entry(file).or_insert(NamedContent::Any)),
                    _ => drop(named.insert(file, NamedContent::Yaml)),
                }
            }
        }
    }
    named
}

/// The content of a file that a kustomization names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedContent {
    /// YAML or JSON.
    Yaml,
    /// Anything: a generator copies it.
    Any,
}

/// The paths that a text names, if it is a kustomization.
fn references_of(text: &Text) -> Vec<Reference> {
    if !kustomize::is_kustomization_file(&text.path) {
        return Vec::new();
    }
    let mut scratch = Sources::default();
    let file = scratch.add(text.path.clone(), text.text.clone());
    references(&scratch, file).unwrap_or_default()
}

/// The paths that a file names. `None` if it is not a kustomization.
fn references(sources: &Sources, file: FileId) -> Option<Vec<Reference>> {
    let documents = parse_file(sources, file);
    let directory = path::directory(sources.file(file).path());
    is_kustomization(sources, &documents).then(|| kustomize::references(directory, &documents))
}

/// Whether a file with the name of a kustomization is one. It may be a template of one, and Flux has objects of the same
/// kind in another API.
fn is_kustomization(sources: &Sources, documents: &[Document]) -> bool {
    let Some(first) = documents.first() else { return true };
    let api_version = first.root.as_ref().and_then(|root| root.get("apiVersion")).and_then(|version| version.as_str());
    api_version.is_none_or(|version| version.starts_with("kustomize.config.k8s.io/"))
        && template::recognise(sources.text(first.span), first).is_none()
}

/// The files that a path means: the file itself, or the kustomization of the directory.
fn existing(root: &Path, reference: &Reference) -> Vec<String> {
    let on_disk = |path: &str| root.join(if path.is_empty() { "." } else { path });
    if reference.kind != ReferenceKind::Directory && on_disk(&reference.path).is_file() {
        return vec![reference.path.clone()];
    }
    kustomizations(&reference.path).filter(|candidate| on_disk(candidate).is_file()).collect()
}

/// The paths that a kustomization of a directory can have.
fn kustomizations(directory: &str) -> impl Iterator<Item = String> {
    KUSTOMIZATION_FILES.iter().map(move |name| path::join(directory, name))
}

fn read_text(root: &Path, path: String) -> Option<Text> {
    let file = File { input: Input::Path(root.join(&path)), shown: path.clone(), is_argument: false };
    match read::read(&file) {
        Ok(text) => Some(Text { path, text, not_utf8: None, is_outside: true, is_argument: false }),
        Err(read::ReadFailure::NotUtf8 { readable: text, at, message }) => {
            Some(Text { path, text, not_utf8: Some((at, message)), is_outside: true, is_argument: false })
        }
        Err(read::ReadFailure::Unreadable(_)) => None,
    }
}
