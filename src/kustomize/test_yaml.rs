//! YAML to trees and back to JSON, for unit tests.

use crate::source::{FileId, Sources, Span};
use crate::yaml::{self, Chunk, Node, Value};

/// Sources, and the trees of texts in them.
#[derive(Default)]
pub(super) struct Texts {
    pub sources: Sources,
}

impl Texts {
    /// The tree of a text, which becomes a file.
    pub fn node(&mut self, path: &str, text: &str) -> Node {
        let file: FileId = self.sources.add(path, text);
        let chunk = Chunk { span: Span::new(file, 0, text.len()), problem: None };
        let document = yaml::parse(&chunk, text);
        assert_eq!(document.problems, [], "{text}");
        document.root.expect("a tree")
    }

    /// The place of a span as `path:line`.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.sources.file(span.file).path(), self.sources.start(span).line)
    }
}

/// The tree of a text whose places do not matter.
pub(super) fn node(text: &str) -> Node {
    Texts::default().node("text.yaml", text)
}

/// A tree as JSON.
pub(super) fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => (&**value).into(),
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Mapping(entries) => {
            entries.iter().map(|entry| (entry.key.text.to_string(), json(&entry.value))).collect()
        }
    }
}
