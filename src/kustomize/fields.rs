//! Strict reading of mappings, as kustomize decodes its own files: unknown fields and wrong types are errors, and the
//! case of letters in field names does not matter.

use super::problem::{BuildProblem, BuildProblemKind, Step};
use crate::source::{Span, Spanned};
use crate::yaml::{Entry, Key, Node, Value};

/// The fields of a mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'n> {
    /// The mapping.
    pub node: &'n Node,
}

impl<'n> Fields<'n> {
    /// The fields of a mapping that may only have `known` ones. `what` names the mapping in messages: "a patch".
    pub fn read(node: &'n Node, known: &[&str], what: &str) -> Step<Self> {
        if !matches!(node.value, Value::Mapping(_)) {
            return Err(invalid(
                node.span,
                format!("{what} must be a mapping, but this is {}", node.value.type_name()),
            ));
        }
        for entry in node.entries() {
            if !known.iter().any(|name| name.eq_ignore_ascii_case(&entry.key.text)) {
                let problem =
                    invalid(entry.key.span, format!("kustomize rejects the unknown field `{}`", entry.key.text));
                let similar = known.iter().find(|name| strsim::damerau_levenshtein(name, &entry.key.text) <= 2);
                return Err(match similar {
                    Some(name) => problem.help(format!("did you mean `{name}`?")),
                    None => problem.help(format!("remove it: {what} has no such field")),
                });
            }
        }
        Ok(Self { node })
    }

    /// The entry of a field that is not null. Of two spellings, the later one wins.
    pub fn entry(&self, name: &str) -> Option<&'n Entry> {
        let found = self.node.entries().iter().rfind(|entry| entry.key.text.eq_ignore_ascii_case(name))?;
        (!found.value.is_null()).then_some(found)
    }

    /// The value of a field that is not null.
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// A text. An empty one is as good as none.
    pub fn text(&self, name: &str) -> Step<Option<Spanned<&'n str>>> {
        let found = self.get(name).map(|node| text(node, name)).transpose()?;
        Ok(found.filter(|text| !text.value.is_empty()))
    }

    /// A boolean; false if there is none.
    pub fn flag(&self, name: &str) -> Step<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Node { value: Value::Bool(flag), .. }) => Ok(*flag),
            Some(node) => Err(wrong_type(node, name, "a boolean")),
        }
    }

    /// An integer.
    pub fn integer(&self, name: &str) -> Step<Option<Spanned<i64>>> {
        match self.get(name) {
            None => Ok(None),
            Some(Node { value: Value::Int(number), span }) => Ok(Some(Spanned::new(*number, *span))),
            Some(node) => Err(wrong_type(node, name, "an integer")),
        }
    }

    /// The items of a list; none if there is no list.
    pub fn list(&self, name: &str) -> Step<&'n [Node]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Node { value: Value::Sequence(items), .. }) => Ok(items),
            Some(node) => Err(wrong_type(node, name, "a list")),
        }
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Step<Vec<Spanned<&'n str>>> {
        self.list(name)?.iter().map(|item| text(item, name)).collect()
    }

    /// A mapping of texts.
    pub fn pairs(&self, name: &str) -> Step<Vec<(&'n Key, Spanned<&'n str>)>> {
        let Some(node) = self.get(name) else { return Ok(Vec::new()) };
        let Value::Mapping(entries) = &node.value else { return Err(wrong_type(node, name, "a mapping")) };
        let pair = |entry: &'n Entry| {
            if entry.value.is_null() {
                return Ok((&entry.key, Spanned::new("", entry.value.span)));
            }
            Ok((&entry.key, text(&entry.value, &entry.key.text)?))
        };
        entries.iter().map(pair).collect()
    }
}

/// The text of a scalar, which must be a string.
pub(super) fn text<'n>(node: &'n Node, name: &str) -> Step<Spanned<&'n str>> {
    match &node.value {
        Value::String(text) => Ok(Spanned::new(text, node.span)),
        _ => Err(wrong_type(node, name, "a string")),
    }
}

/// The problem of a value with a wrong type.
pub(super) fn wrong_type(node: &Node, name: &str, wanted: &str) -> Box<BuildProblem> {
    let problem =
        invalid(node.span, format!("kustomize rejects `{name}`: it must be {wanted}, not {}", node.value.type_name()));
    match node.value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) if wanted == "a string" => problem.help("quote the value"),
        _ => problem,
    }
}

/// A mistake in a kustomization.
pub(super) fn invalid(span: Span, message: impl Into<String>) -> Box<BuildProblem> {
    BuildProblem::new(BuildProblemKind::Invalid, span, message)
}
