//! Paths that kustomizations name.

use super::entries::Text;
use super::fields::{Fields, text};
use crate::source::path;
use crate::yaml::{Document, Node};

/// The names of a kustomization, in exact case.
pub const KUSTOMIZATION_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A path in a kustomization that is not a URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The path, normalised: joined with the directory of the kustomization.
    pub path: String,
    /// Whether it names a file or a directory.
    pub kind: ReferenceKind,
}

/// The kinds of things that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceKind {
    /// A file of resources, or a directory with a kustomization.
    FileOrDirectory,
    /// A directory with a kustomization.
    Directory,
    /// A YAML file: a patch, a replacement, a configuration.
    File,
    /// A file whose content a generator copies, of any format.
    Content,
}

/// Whether a path is that of a kustomization.
pub fn is_kustomization_file(path: &str) -> bool {
    KUSTOMIZATION_FILES.contains(&file_name(path))
}

/// The paths that a kustomization in `directory` names, without URLs. A kustomization with mistakes may name some, too.
pub fn references(directory: &str, documents: &[Document]) -> Vec<Reference> {
    let Some(root) = documents.iter().find_map(|document| document.root.as_ref()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut add = |path: &str, kind: ReferenceKind| {
        if !path.is_empty() && !is_remote(path) {
            found.push(Reference { path: path::join(directory, path), kind });
        }
    };
    for (field, kind) in [
        ("resources", ReferenceKind::FileOrDirectory),
        ("bases", ReferenceKind::FileOrDirectory),
        ("components", ReferenceKind::Directory),
        ("configurations", ReferenceKind::File),
        ("crds", ReferenceKind::File),
    ] {
        for text in lenient_texts(root, field) {
            add(text.value, kind);
        }
    }
    for field in ["generators", "transformers", "validators", "patchesStrategicMerge"] {
        for text in lenient_texts(root, field).into_iter().filter(|text| !is_inline(text.value)) {
            let is_patch = field == "patchesStrategicMerge";
            add(text.value, if is_patch { ReferenceKind::File } else { ReferenceKind::FileOrDirectory });
        }
    }
    for field in ["patches", "patchesJson6902", "replacements"] {
        for entry in items(root, field) {
            if let Some(path) = lenient_text(entry, "path") {
                add(path.value, ReferenceKind::File);
            }
        }
    }
    if let Some(path) = (Fields { node: root }).get("openapi").and_then(|node| lenient_text(node, "path")) {
        add(path.value, ReferenceKind::File);
    }
    for field in ["configMapGenerator", "secretGenerator"] {
        for entry in items(root, field) {
            let envs = lenient_texts(entry, "envs").into_iter().chain(lenient_text(entry, "env"));
            let files = lenient_texts(entry, "files").into_iter();
            for text in envs.chain(files) {
                add(text.value.split_once('=').map_or(text.value, |(_, path)| path), ReferenceKind::Content);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn items<'n>(root: &'n Node, field: &str) -> &'n [Node] {
    Fields { node: root }.get(field).map_or(&[], Node::items)
}

/// The texts of a list. Items of other types are skipped.
fn lenient_texts<'n>(node: &'n Node, field: &str) -> Vec<Text<'n>> {
    items(node, field).iter().filter_map(|item| text(item, field).ok()).collect()
}

fn lenient_text<'n>(node: &'n Node, field: &str) -> Option<Text<'n>> {
    Fields { node }.text(field).ok().flatten()
}

/// Whether an entry that can be a path or YAML is YAML.
pub(super) fn is_inline(text: &str) -> bool {
    text.contains('\n') || text.trim_start().starts_with(['{', '[']) || text.contains(": ")
}

/// Whether an entry is a URL. kustomize tests this before it looks for a local file.
pub(super) fn is_remote(entry: &str) -> bool {
    let lower = entry.to_ascii_lowercase();
    let has_user = || {
        let (user, rest) = entry.split_once('@')?;
        Some(!user.is_empty() && !user.contains(['/', ':']) && rest.contains(':'))
    };
    ["https://", "http://", "ssh://", "file://", "git::", "github.com/", "github.com:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
        || has_user() == Some(true)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
