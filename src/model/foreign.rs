//! Resources of kinds that `mesh` does not decode, but whose controllers may make others.

use super::decode::{Decode, Decoder, Texts};
use super::meta::Metadata;
use crate::source::Span;
use crate::yaml::{Entry, Key, Node, Value};

/// A custom resource of a kind that `mesh` does not check. Its controller may make Services, Secrets and pods that no
/// manifest shows.
#[derive(Debug, Clone)]
pub struct ForeignResource {
    /// The API group.
    pub group: String,
    /// The kind as written.
    pub kind: String,
    /// Name, namespace, labels, annotations.
    pub metadata: Metadata,
    /// The value of `spec`, without long texts.
    pub spec: Node,
    /// The place of the resource.
    pub span: Span,
}

/// The only group with the suffix of Kubernetes whose controller makes Services.
const SPARK: &str = "sparkoperator.k8s.io";

/// The longest text that is kept. No name, host or label value is longer.
const LONGEST_TEXT: usize = 253;

impl ForeignResource {
    /// Reads a resource. `None` for kinds that Kubernetes itself serves: those that make something are known.
    pub(super) fn read(node: &Node, api_version: &str, kind: &str) -> Option<Self> {
        let (group, _) = api_version.split_once('/')?;
        let is_of_kubernetes = !group.contains('.') || group.ends_with(".k8s.io") && group != SPARK;
        if is_of_kubernetes {
            return None;
        }
        let spec = node.get("spec").map_or(Node { span: node.span, value: Value::Null }, without_long_texts);
        // Problems of resources that are not checked do not matter.
        let metadata = node
            .get("metadata")
            .and_then(|metadata| Metadata::decode(metadata, &mut Decoder::new(Texts::Embedded(""))));
        let metadata = metadata.unwrap_or_else(|| Metadata::empty(node.span));
        Some(Self { group: group.to_owned(), kind: kind.to_owned(), metadata, spec, span: node.span })
    }

    /// The name. Empty if the manifest does not have one.
    pub fn name(&self) -> &str {
        self.metadata.name.as_ref().map_or("", |name| name)
    }
}

/// A copy of a tree in which long texts are null. Scripts, dashboards and certificates are most of the text of custom
/// resources.
fn without_long_texts(node: &Node) -> Node {
    let copy = |entry: &Entry| Entry {
        key: Key { span: entry.key.span, text: entry.key.text.clone() },
        value: without_long_texts(&entry.value),
    };
    let value = match &node.value {
        Value::String(text) if text.len() > LONGEST_TEXT => Value::Null,
        Value::Sequence(items) => Value::Sequence(items.iter().map(without_long_texts).collect()),
        Value::Mapping(entries) => Value::Mapping(entries.iter().map(copy).collect()),
        other => other.clone(),
    };
    Node { span: node.span, value }
}
