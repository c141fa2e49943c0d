//! The fields of a mapping, each read once, and what is wrong with them.

use crate::model::spelling::nearest;
use crate::model::wording;
use crate::source::{Sources, Span};
use crate::yaml::{Node, Value};

/// A mistake in a file that a user writes for this program, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMistake {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The mistake, and what would be right.
    pub message: String,
}

impl std::fmt::Display for FileMistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Reads values, and keeps what is wrong with them.
pub struct Reader<'s> {
    /// The files.
    pub sources: &'s Sources,
    /// The mistakes so far.
    pub errors: Vec<FileMistake>,
}

impl Reader<'_> {
    /// Notes what is wrong at a place.
    pub fn fail(&mut self, span: Span, message: impl Into<String>) {
        let mistake = self.mistake(span, message);
        self.errors.push(mistake);
    }

    /// A mistake at a place.
    pub fn mistake(&self, span: Span, message: impl Into<String>) -> FileMistake {
        let position = self.sources.start(span);
        FileMistake {
            file: self.sources.file(span.file).path().to_owned(),
            line: position.line,
            column: position.column,
            message: message.into(),
        }
    }

    /// Checks that a value is a mapping that has only some keys. `what` names it.
    pub fn mapping(&mut self, node: &Node, what: &str, keys: &[&str]) -> bool {
        if !matches!(node.value, Value::Mapping(_)) {
            let all = wording::list(keys, "and");
            self.fail(node.span, format!("{what} must be a mapping with {all}, not {}", node.value.type_name()));
            return false;
        }
        for entry in node.entries() {
            let key = &*entry.key.text;
            if keys.contains(&key) {
                continue;
            }
            let message = match nearest(key, keys.iter().copied()) {
                Some(close) => format!("unknown key `{key}` in {what}; did you mean `{close}`?"),
                None => format!("unknown key `{key}` in {what}; write {}", wording::list(keys, "or")),
            };
            self.fail(entry.key.span, message);
        }
        true
    }

    /// A text. Numbers are texts, too.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Int(number) => Some(number.to_string()),
            Value::String(_) => {
                self.fail(node.span, format!("{what} is empty"));
                None
            }
            other => {
                self.fail(node.span, format!("{what} must be a text, not {}", other.type_name()));
                None
            }
        }
    }

    /// A text, or several in a list, with their places.
    pub fn texts(&mut self, node: &Node, what: &str) -> Vec<(String, Span)> {
        match &node.value {
            Value::Sequence(items) if items.is_empty() => {
                self.fail(node.span, format!("{what} is empty"));
                Vec::new()
            }
            Value::Sequence(items) => {
                items.iter().filter_map(|item| Some((self.text(item, what)?, item.span))).collect()
            }
            _ => self.text(node, what).map(|text| (text, node.span)).into_iter().collect(),
        }
    }

    /// The entries of a mapping from names to something.
    pub fn named<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n str, &'n Node)> {
        match &node.value {
            Value::Mapping(entries) => entries.iter().map(|entry| (&*entry.key.text, &entry.value)).collect(),
            other => {
                self.fail(
                    node.span,
                    format!("{what} must be a mapping from names to values, not {}", other.type_name()),
                );
                Vec::new()
            }
        }
    }
}
