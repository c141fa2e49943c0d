//! The tree of a document.

use super::SharedList;
use crate::source::Span;

/// One document of a file.
#[derive(Debug)]
pub struct Document {
    /// The whole text of the document, without the `---` lines around it.
    pub span: Span,
    /// The tree. `None` if the document is empty, holds only comments or is not YAML.
    pub root: Option<Node>,
    /// The mistakes in its YAML, in the order of the text.
    pub problems: Vec<YamlProblem>,
}

/// A value with its place.
///
/// - The span of a scalar includes its quotes. A block scalar spans from its header (`|`, `>-`) to its
///   last line of text. Anchors and tags are not included.
/// - The span of a flow collection includes its brackets. A block collection spans from its first key or
///   dash to the end of its last descendant.
/// - The span of an implicit null is empty, directly after its key or dash.
/// - A node that an alias or a merge key repeats keeps the span of its definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The place of the value.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// A value of JSON, after the resolution of scalars.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or an empty plain scalar.
    Null,
    /// A plain `true`, `yes`, `on`, `y` … or `false`, `no`, `off`, `n` …
    Bool(bool),
    /// A plain integer: decimal, octal, hexadecimal or binary.
    Int(i64),
    /// Any other plain number, including integers that do not fit into 64 bits. Infinities and NaN are
    /// also reported as a [`YamlProblem`] of the document.
    Float(f64),
    /// Any other scalar, and every quoted one.
    String(Box<str>),
    /// A list.
    Sequence(SharedList<Node>),
    /// A mapping with unique keys, in the order of the text. Of duplicate keys it holds the last one.
    Mapping(SharedList<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key. Scalars become text as in JSON: `8080:` is `8080`, `on:` is `true`.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The place of the key.
    pub span: Span,
    /// The key after resolution.
    pub text: Box<str>,
}

/// A mistake in the YAML of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlProblem {
    /// The kind of mistake.
    pub kind: YamlProblemKind,
    /// The exact place of the mistake.
    pub span: Span,
    /// The message: lower case, no final period.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Another place that belongs to the mistake, with a label such as "first defined here".
    pub related: Option<(Span, String)>,
}

/// The kinds of [`YamlProblem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlProblemKind {
    /// The text is not YAML (or not JSON), or Kubernetes' reader rejects it.
    Syntax,
    /// A mapping has the same key twice.
    DuplicateKey,
}

impl Node {
    /// The entries of a mapping; empty for other values.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The node in the tree whose place is exactly this one.
    pub fn at(&self, place: Span) -> Option<&Node> {
        if self.span == place {
            return Some(self);
        }
        let children = self.entries().iter().map(|entry| &entry.value).chain(self.items());
        children.filter(|child| child.span.contains(place)).find_map(|child| child.at(place))
    }

    /// The items of a sequence; empty for other values.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key of a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| &*entry.key.text == key)
    }

    /// The text of a string; `None` for other values.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }
}

impl Value {
    /// The type of the value, as messages name it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}
