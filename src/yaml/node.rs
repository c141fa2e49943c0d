//! The tree that a document becomes.

use crate::source::Span;

/// One document of a file.
#[derive(Debug)]
pub struct Document {
    /// The document's whole text, without the `---` lines around it.
    pub span: Span,
    /// The tree; `None` if the document is empty, holds only comments or is not YAML.
    pub root: Option<Node>,
    /// What is wrong with it as YAML, in the order of the text.
    pub problems: Vec<Problem>,
}

/// A value and where it stands. The span of a scalar includes its quotes, or goes from its header
/// (`|`, `>-`) to its last line of text; it does not include anchor and tag. That of a flow collection
/// includes its brackets; a block collection spans from its first key or dash to the end of its last
/// descendant. The span of an implicit null is empty and lies directly after its key or dash.
/// What an alias or a merge key brought in keeps the span of its definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// A value as JSON knows them, after resolution of scalars.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// A plain `true`, `yes`, `on`, `y` … or `false`, `no`, `off`, `n` …
    Bool(bool),
    /// A plain integer: decimal, octal, hexadecimal or binary.
    Int(i64),
    /// Any other plain number, including integers that do not fit 64 bits. It may be infinite or not a
    /// number, which is a [`Problem`] of its document.
    Float(f64),
    /// Everything else, and whatever is quoted.
    String(Box<str>),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping with unique keys, in the order of the text. Of duplicate keys the last one stands here.
    Mapping(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key: scalars are turned into text as JSON would have it (`8080:` is `8080`, `on:` is `true`).
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Where the key stands.
    pub span: Span,
    /// The key after resolution.
    pub text: Box<str>,
}

/// Something that is wrong with a document as YAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// The exact place.
    pub span: Span,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// A second place that belongs to it, with what it is ("first defined here").
    pub related: Option<(Span, String)>,
}

/// The sorts of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The text is not YAML (or not JSON), or Kubernetes' reader refuses it.
    Syntax,
    /// A mapping has the same key twice.
    DuplicateKey,
}

impl Node {
    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
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

    /// The text of a string; `None` for anything else.
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
    /// The name of the value's type, as messages write it.
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
