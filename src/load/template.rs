//! Templates: documents that a tool has to render before they are manifests.

use crate::yaml::{Document, Node, Value};

/// The kind of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// A Go template, usually of Helm.
    Helm,
    /// A template of Carvel's ytt.
    Ytt,
    /// A kustomize patch to another document.
    KustomizePatch,
    /// A document with placeholders such as `${NAME}`, which envsubst or Flux replace.
    Placeholder,
}

impl Template {
    /// Whether a program has to render the document before it is a manifest. The others are manifests, or parts of them,
    /// with values that are not known yet.
    pub fn is_rendered_by_program(self) -> bool {
        matches!(self, Self::Helm | Self::Ytt)
    }

    /// A sentence that says why the documents of some files are not checked, and what to do.
    pub fn describe(self, files: &str) -> String {
        match self {
            Self::Helm => format!("Helm templates are not rendered ({files}); lint the output of `helm template`"),
            Self::Ytt => format!("ytt templates are not rendered ({files}); lint the output of `ytt`"),
            Self::KustomizePatch => {
                format!("kustomize patches are not applied ({files}); lint the output of `kustomize build`")
            }
            Self::Placeholder => {
                format!("placeholders such as `${{NAME}}` are not replaced ({files}); lint the output of `envsubst`")
            }
        }
    }
}

/// Recognises a template by its text and its tree.
pub(super) fn recognise(text: &str, document: &Document) -> Option<Template> {
    let is_broken = !document.problems.is_empty();
    if text.contains("{{") && (is_broken || document.root.as_ref().is_some_and(holds_action)) {
        return Some(Template::Helm);
    }
    if text.lines().any(is_ytt_directive) {
        return Some(Template::Ytt);
    }
    let root = document.root.as_ref()?;
    if is_json_patch(root) || is_merge_patch(root) {
        return Some(Template::KustomizePatch);
    }
    (text.contains('$') && is_istio(root) && any_string(root, &is_placeholder)).then_some(Template::Placeholder)
}

/// Whether a string of an Istio resource contains an action, such as `"{{ .Values.host }}"`. In other kinds, such strings
/// can be ordinary values, for example in alerts.
fn holds_action(root: &Node) -> bool {
    is_istio(root) && any_string(root, &|text| text.contains("{{"))
}

fn is_istio(root: &Node) -> bool {
    root.get("apiVersion").and_then(Node::as_str).is_some_and(|version| version.contains(".istio.io/"))
}

fn any_string(node: &Node, wanted: &dyn Fn(&str) -> bool) -> bool {
    match &node.value {
        Value::String(text) => wanted(text),
        Value::Sequence(items) => items.iter().any(|item| any_string(item, wanted)),
        Value::Mapping(entries) => {
            entries.iter().any(|entry| wanted(&entry.key.text) || any_string(&entry.value, wanted))
        }
        _ => false,
    }
}

/// Whether a string contains `${`, or is `$NAME`.
fn is_placeholder(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
    };
    text.contains("${") || text.strip_prefix('$').is_some_and(is_name)
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
