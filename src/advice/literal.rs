//! Values to write, and their YAML.

use std::fmt;

use crate::source::{FileId, Span};
use crate::yaml::{self, Entry, Key, Node, Value};

/// A value to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A text, which gets quotes if YAML would read it as something else.
    Text(String),
    /// A number.
    Number(i64),
    /// A boolean.
    Bool(bool),
    /// A list.
    List(Vec<Literal>),
    /// A mapping.
    Map(Vec<(String, Literal)>),
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes, if YAML allows it. Commas and brackets have a meaning within a flow collection.
    Plain {
        in_flow: bool,
    },
    SingleQuoted,
    DoubleQuoted,
}

impl Literal {
    /// A list of texts.
    pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self::List(texts.into_iter().map(Self::from).collect())
    }

    /// The value in a mapping of each name, the last name first: `{tls: {mode: SIMPLE}}`.
    pub(super) fn nested(self, names: &[String]) -> Self {
        names.iter().rev().fold(self, |inner, name| Self::Map(vec![(name.clone(), inner)]))
    }

    /// The value on one line, in flow style if it is a collection.
    pub(super) fn inline(&self, style: Style) -> String {
        let within = match style {
            Style::Plain { .. } => Style::Plain { in_flow: true },
            quoted => quoted,
        };
        match self {
            Self::Text(text) => scalar(text, style),
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.inline(within)).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<String> = entries.iter().map(|(key, value)| value.entry(key, within)).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// An entry of a mapping on one line.
    pub(super) fn entry(&self, key: &str, style: Style) -> String {
        format!("{}: {}", scalar(key, style), self.inline(style))
    }

    /// An entry of a block mapping. The lines after the first begin with `indent`.
    pub(super) fn block_entry(&self, key: &str, indent: &str, newline: &str) -> String {
        let style = Style::Plain { in_flow: false };
        let key = scalar(key, style);
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                let deeper = format!("{indent}  ");
                let lines = entries.iter().map(|(key, value)| {
                    let entry = value.block_entry(key, &deeper, newline);
                    format!("{newline}{deeper}{entry}")
                });
                format!("{key}:{}", lines.collect::<String>())
            }
            Self::List(items) if !items.is_empty() => {
                let lines = items.iter().map(|item| format!("{newline}{indent}- {}", item.inline(style)));
                format!("{key}:{}", lines.collect::<String>())
            }
            _ => format!("{key}: {}", self.inline(style)),
        }
    }

    /// The value as a tree. Its places are after the end of the file, where nothing else is.
    pub(super) fn node(&self, file: FileId) -> Node {
        let span = nowhere(file);
        let value = match self {
            Self::Text(text) => Value::String(text.as_str().into()),
            Self::Number(number) => Value::Int(*number),
            Self::Bool(value) => Value::Bool(*value),
            Self::List(items) => Value::Sequence(items.iter().map(|item| item.node(file)).collect()),
            Self::Map(entries) => {
                let entry = |(key, value): &(String, Self)| Entry { key: key_node(key, file), value: value.node(file) };
                Value::Mapping(entries.iter().map(entry).collect())
            }
        };
        Node { span, value }
    }
}

/// A key that is not in the file.
pub(super) fn key_node(text: &str, file: FileId) -> Key {
    Key { span: nowhere(file), text: text.into() }
}

fn nowhere(file: FileId) -> Span {
    Span { file, start: u32::MAX, end: u32::MAX }
}

/// A text as it stands in a flow collection: in quotes, if YAML would read it as something else.
pub fn in_flow(text: &str) -> String {
    scalar(text, Style::Plain { in_flow: true })
}

/// A text as YAML, in a style if possible.
pub(super) fn scalar(text: &str, style: Style) -> String {
    let has_control = text.contains(char::is_control);
    let double_quoted = || serde_json::Value::from(text).to_string();
    let single_quoted = || format!("'{}'", text.replace('\'', "''"));
    match style {
        Style::Plain { in_flow } if is_plain(text, in_flow) => text.to_owned(),
        Style::Plain { .. } if !has_control && text.contains(['\\', '"']) => single_quoted(),
        Style::SingleQuoted if !has_control => single_quoted(),
        _ => double_quoted(),
    }
}

/// Whether YAML reads a text without quotes as this text.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let starts_plain = match text.as_bytes() {
        [] => false,
        [b'-' | b'?' | b':', rest @ ..] => rest.first().is_some_and(|next| !b" -,[]{}".contains(next)),
        [first, ..] => !b",[]{}#&*!|>'\"%@`".contains(first),
    };
    starts_plain
        && is_text(text)
        && text.trim() == text
        && !text.contains(char::is_control)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.starts_with("...")
        && !(in_flow && text.contains([',', '[', ']', '{', '}']))
}

/// Whether a plain scalar is a text, and not a number, a boolean, null or a merge key.
fn is_text(text: &str) -> bool {
    matches!(yaml::resolve(text), Value::String(_)) && text != "<<"
}

/// The value as messages show it. Texts have quotes only if they look like another type.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if is_text(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(number) => number.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Map(entries) => {
                let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
        }
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Literal {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Literal {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Vec<Literal>> for Literal {
    fn from(items: Vec<Literal>) -> Self {
        Self::List(items)
    }
}
