//! Reading of manifests: [`Manifests`] finds the files, reads them, and parses and decodes every document. A [`Snapshot`]
//! has the resources of one mesh. Each step runs on all cores, and the result is deterministic. A failure becomes part of
//! the result and does not stop the rest.

mod charts;
mod decode;
mod exclusion;
mod files;
mod foreign;
mod named;
mod placeholder;
mod read;
mod snapshot;
mod template;

pub use decode::FileContents;
pub use exclusion::Exclude;
pub use files::{Input, STDIN, any_manifest};
pub use placeholder::{Notation, Placeholder, Placeholders, is_in_name, is_in_text};
pub use snapshot::{ManifestProblem, Snapshot};
pub use template::Template;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::kustomize;
use crate::source::{FileId, Sources, Span};
use crate::yaml;

/// All files that a command reads.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The files, in the order of their paths.
    pub sources: Arc<Sources>,
    /// The contents of each file, in the same order.
    contents: Vec<FileContents>,
    /// The documents of the files that kustomizations name, and of the kustomizations.
    trees: BTreeMap<FileId, Vec<yaml::Document>>,
    /// The files that the command does not name: a kustomization outside their directory does.
    outside: BTreeSet<FileId>,
    by_path: BTreeMap<String, FileId>,
    /// The paths that kustomizations name, that do not exist, and that an ignore file excludes.
    ignored: BTreeSet<String>,
    /// The paths that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Whether all resources are certainly applied together, wherever their files are: those of one Kustomization.
    pub applied_together: bool,
}

/// A path that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path, as output shows it.
    pub path: String,
    /// The reason.
    pub reason: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.reason)
    }
}

/// A file with its text.
struct Text {
    path: String,
    text: String,
    /// The byte that is not UTF-8, with a message.
    not_utf8: Option<(usize, String)>,
    is_outside: bool,
}

impl Manifests {
    /// Reads files, directories and standard input, and the files outside of them that kustomizations name.
    pub fn read(inputs: &[Input], exclude: Exclude) -> Self {
        let mut unreadable = Vec::new();
        let found = files::find(inputs, exclude, &mut unreadable);
        let read: Vec<_> = found.into_par_iter().map(|file| (read::read(&file), file.shown)).collect();
        let mut texts = Vec::new();
        for (text, path) in read {
            match text {
                Ok(text) => texts.push(Text { path, text, not_utf8: None, is_outside: false }),
                Err(read::ReadFailure::Unreadable(reason)) => unreadable.push(Unreadable { path, reason }),
                Err(read::ReadFailure::NotUtf8 { readable: text, at, message }) => {
                    texts.push(Text { path, text, not_utf8: Some((at, message)), is_outside: false });
                }
            }
        }
        let ignored = named::read_outside(&mut texts);
        Self { unreadable, ignored, ..Self::of(texts) }
    }

    /// Manifests from texts, each with the path that output shows for it.
    pub fn of_texts<P: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let text =
            |(path, text): (P, T)| Text { path: path.into(), text: text.into(), not_utf8: None, is_outside: false };
        Self::of(texts.into_iter().map(text).collect())
    }

    fn of(texts: Vec<Text>) -> Self {
        let mut sources = Sources::default();
        let mut manifests = Self::default();
        let mut not_utf8 = BTreeMap::new();
        for Text { path, text, not_utf8: problem, is_outside } in texts {
            let file = sources.add(path.clone(), text);
            if let Some((at, message)) = problem {
                not_utf8.insert(file, FileContents::not_utf8(Span::new(file, at, at), message));
            }
            if is_outside {
                manifests.outside.insert(file);
            }
            manifests.by_path.insert(path, file);
        }
        let named = named::by_kustomizations(&sources, &manifests.by_path);
        let charts = charts::templates(&sources);
        let decode = |file: FileId| {
            if not_utf8.contains_key(&file) {
                return (None, FileContents::default());
            }
            if charts.contains(&file) {
                return (None, FileContents::template(&sources, file, Template::Helm));
            }
            let trees = named.contains(&file).then(|| decode::parse_file(&sources, file));
            // The renderer decodes the resources of these files.
            let contents = if trees.is_some() { FileContents::default() } else { decode::decode_file(&sources, file) };
            (trees, contents)
        };
        let files: Vec<FileId> = sources.iter().map(|(file, _)| file).collect();
        let decoded: Vec<_> = files.par_iter().map(|&file| decode(file)).collect();
        for (file, (trees, contents)) in files.into_iter().zip(decoded) {
            manifests.contents.push(not_utf8.remove(&file).unwrap_or(contents));
            manifests.trees.extend(trees.map(|trees| (file, trees)));
        }
        manifests.sources = Arc::new(sources);
        manifests
    }

    /// The contents of a file. Those of files that a kustomization names are empty: their resources belong to the meshes
    /// that it builds.
    pub fn contents(&self, file: FileId) -> &FileContents {
        &self.contents[file.index()]
    }

    /// Whether the command names the file, or a directory that contains it.
    pub fn is_named(&self, file: FileId) -> bool {
        !self.outside.contains(&file)
    }

    /// Whether a kustomization names the file, or the file is one.
    pub fn is_kustomized(&self, file: FileId) -> bool {
        self.trees.contains_key(&file)
    }

    /// The file at a path.
    pub fn file_at(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The documents of a file that a kustomization names, or that is one. Empty for other files.
    pub fn documents(&self, file: FileId) -> &[yaml::Document] {
        self.trees.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The kustomizations, with their documents.
    pub fn kustomizations(&self) -> impl Iterator<Item = (FileId, &[yaml::Document])> {
        let is_kustomization = |file: FileId| kustomize::is_kustomization_file(self.sources.file(file).path());
        self.trees
            .iter()
            .filter(move |(file, _)| is_kustomization(**file))
            .map(|(file, trees)| (*file, trees.as_slice()))
    }
}

impl kustomize::Files for Manifests {
    fn file(&self, path: &str) -> Option<kustomize::InputFile<'_>> {
        let id = self.file_at(path)?;
        let documents = self.trees.get(&id)?;
        Some(kustomize::InputFile { id, text: self.sources.file(id).text(), documents })
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.ignored.contains(path)
    }

    fn is_directory(&self, directory: &str) -> bool {
        let below = if directory.is_empty() { String::new() } else { format!("{}/", directory.trim_end_matches('/')) };
        let first = self.by_path.range(below.clone()..).next();
        first.is_some_and(|(path, _)| path.starts_with(&below))
    }
}
