//! The kustomizations that are not parts of others.

use std::collections::{BTreeMap, BTreeSet};

use crate::kustomize::{self, Files, KUSTOMIZATION_FILES};
use crate::load::Manifests;
use crate::source::{FileId, path};
use crate::yaml::{Document, Node};

/// The directories of the kustomizations that the command names and that no other one includes. Components are parts of
/// others, even if nothing includes them.
pub(super) fn roots(manifests: &Manifests) -> BTreeSet<String> {
    let mut included: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut candidates = BTreeSet::new();
    for (file, documents) in manifests.kustomizations() {
        if !manifests.is_named(file) {
            continue;
        }
        let directory = path::directory(manifests.sources.file(file).path());
        let references = kustomize::references(directory, documents).into_iter().map(|reference| reference.path);
        included.entry(directory.to_owned()).or_default().extend(references);
        let root = documents.first().and_then(|document| document.root.as_ref());
        let kind = root.and_then(|root| root.get("kind")).and_then(Node::as_str);
        if kind != Some("Component") && !is_template(manifests, directory, documents) {
            candidates.insert(directory.to_owned());
        }
    }
    let all: BTreeSet<&String> = included.values().flatten().collect();
    let mut roots: BTreeSet<String> = candidates.iter().filter(|directory| !all.contains(directory)).cloned().collect();
    // Kustomizations that include each other are roots, so that the cycle is reported.
    let mut reached = BTreeSet::new();
    let mut queue: Vec<String> = roots.iter().cloned().collect();
    let mut rest = candidates.into_iter();
    loop {
        while let Some(directory) = queue.pop() {
            if reached.insert(directory.clone()) {
                queue.extend(included.get(&directory).into_iter().flatten().cloned());
            }
        }
        let Some(next) = rest.find(|directory| !reached.contains(directory)) else { return roots };
        roots.insert(next.clone());
        queue.push(next);
    }
}

/// Whether a kustomization is copied before it is used: it is below a directory of templates, and its bases exist only where
/// the copy will be.
fn is_template(manifests: &Manifests, directory: &str, documents: &[Document]) -> bool {
    const NAMES: [&str; 4] = ["template", "templates", "skeleton", "scaffold"];
    let exists = |path: &str| manifests.file_at(path).is_some() || manifests.is_directory(path);
    directory.split('/').any(|part| NAMES.contains(&part))
        && kustomize::references(directory, documents).iter().any(|reference| !exists(&reference.path))
}

/// The kustomization of a directory. Of several files, the one that kustomize names first.
pub(super) fn file_of(manifests: &Manifests, directory: &str) -> Option<FileId> {
    let file = |name: &&str| manifests.file_at(&path::join(directory, name));
    KUSTOMIZATION_FILES.iter().find_map(|name| file(name).filter(|file| manifests.is_kustomized(*file)))
}

/// The namespace to which a kustomization moves its resources, if it says so.
pub(super) fn namespace(manifests: &Manifests, directory: &str) -> Option<String> {
    let documents = manifests.documents(file_of(manifests, directory)?);
    let root = documents.first()?.root.as_ref()?;
    root.get("namespace")?.as_str().map(str::to_owned)
}
