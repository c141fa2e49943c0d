//! Templates: documents that a tool has to render before they are manifests.

use super::placeholder::{self, Notation};
use crate::yaml::{Document, Node, Value};

/// The kind of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// A template of a Helm chart.
    Helm,
    /// A template of Carvel's ytt.
    Ytt,
    /// A kustomize patch to another document.
    KustomizePatch,
    /// A document that is not YAML, because of placeholders in this notation.
    Placeholder(Notation),
}

impl Template {
    /// Whether a program has to render the document before it is a manifest. The others are manifests, or parts of them,
    /// with values that are not known yet.
    pub fn is_rendered_by_program(self) -> bool {
        matches!(self, Self::Helm | Self::Ytt)
    }

    /// The kind of a document that placeholders keep from being YAML. `text` is that of the document. `None` if it is YAML,
    /// or for another reason not.
    pub fn of_broken(text: &str, document: &Document) -> Option<Self> {
        if document.problems.is_empty() {
            return None;
        }
        let notation = placeholder::breaking_notation(text)?;
        Some(if notation == Notation::Helm { Self::Helm } else { Self::Placeholder(notation) })
    }

    /// A sentence that says why the documents of some files are not checked, and what to do.
    pub fn describe(self, files: &str) -> String {
        match self {
            Self::Helm => format!(
                "Helm templates are not rendered ({files}); use `--helm`, or lint the output of `helm template`"
            ),
            Self::Ytt => format!("ytt templates are not rendered ({files}); lint the output of `ytt`"),
            Self::KustomizePatch => {
                format!("kustomize patches are not applied ({files}); lint the output of `kustomize build`")
            }
            Self::Placeholder(notation) => notation.describe(files),
        }
    }
}

/// Recognises a template by its text and its tree.
pub(super) fn recognise(text: &str, document: &Document) -> Option<Template> {
    if let Some(template) = Template::of_broken(text, document) {
        return Some(template);
    }
    if text.lines().any(is_ytt_directive) {
        return Some(Template::Ytt);
    }
    let root = document.root.as_ref()?;
    (is_json_patch(root) || is_merge_patch(root)).then_some(Template::KustomizePatch)
}

/// Whether a line has a ytt directive: a comment that starts with `#@`, alone or after a value.
fn is_ytt_directive(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("#@") || line.contains(": #@ ") || line.starts_with("- #@ ")
}

/// Whether a document is a list of operations (RFC 6902).
fn is_json_patch(root: &Node) -> bool {
    !root.items().is_empty() && root.items().iter().all(|item| item.get("op").is_some() && item.get("path").is_some())
}

/// Whether a document is a strategic merge patch with `$patch` directives.
fn is_merge_patch(root: &Node) -> bool {
    match &root.value {
        Value::Mapping(entries) => {
            entries.iter().any(|entry| entry.key.text.starts_with("$patch") || is_merge_patch(&entry.value))
        }
        Value::Sequence(items) => items.iter().any(is_merge_patch),
        _ => false,
    }
}
