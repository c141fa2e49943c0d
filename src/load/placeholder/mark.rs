//! The pass over a tree.

use super::Placeholder;
use super::notation::Notation;
use super::position::{Object, Position};
use super::recognise::{self, Finding};
use crate::model::Kind;
use crate::source::{Sources, Span};
use crate::yaml::{self, Node, Value};

/// Finds the unknown values of the resources in a tree.
///
/// YAML reads some placeholders as something else: `{NAME}` as a mapping, `[[NAME]]` as a list, and `#{NAME}` as a comment.
/// Such a value becomes the text in the file. A placeholder with a default, such as `${NAME:=default}`, becomes its
/// default.
pub fn mark(root: &mut Node, sources: &Sources) -> Vec<Placeholder> {
    let mut marker = Marker { sources, found: Vec::new() };
    marker.visit_document(root);
    marker.found
}

struct Marker<'s> {
    sources: &'s Sources,
    found: Vec<Placeholder>,
}

impl Marker<'_> {
    /// Visits a resource, or the resources in a list.
    fn visit_document(&mut self, root: &mut Node) {
        let kind = root.get("kind").and_then(Node::as_str).unwrap_or_default();
        if kind.ends_with("List") {
            let Value::Mapping(entries) = &mut root.value else { return };
            let lists = entries.iter_mut().filter(|entry| &*entry.key.text == "items");
            for list in lists {
                if let Value::Sequence(items) = &mut list.value.value {
                    items.iter_mut().for_each(|item| self.visit_document(item));
                }
            }
            return;
        }
        // Other kinds are not checked, and may have expressions of their own.
        let is_known = Kind::ALL.iter().any(|known| known.name() == kind);
        if let Some(object) = Object::of(root).filter(|_| is_known) {
            self.visit(root, object, "", Position::Plain);
        }
    }

    /// Visits the value of the field `key` of an object.
    fn visit(&mut self, node: &mut Node, object: Object, key: &str, position: Position) {
        if position == Position::Opaque {
            return;
        }
        if let Some((notation, span)) = self.misread(node) {
            let text = self.sources.text(span).trim_end();
            *node = Node { span, value: Value::String(text.into()) };
            self.found.push(Placeholder { span, notation });
            return;
        }
        let is_pattern = node.get("type").and_then(Node::as_str) == Some("RegularExpression");
        match &mut node.value {
            Value::String(text) => match recognise::in_text(text, position, object) {
                Some(Finding::Unknown(notation)) => self.found.push(Placeholder { span: node.span, notation }),
                Some(Finding::Default(text)) => {
                    let is_quoted = self.sources.text(node.span).starts_with(['"', '\'', '|', '>']);
                    node.value = if is_quoted { Value::String(text.into()) } else { yaml::resolve(&text) };
                }
                None => {}
            },
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.visit(item, object, key, position)),
            Value::Mapping(entries) => {
                for entry in entries {
                    let name = &*entry.key.text;
                    if name.bytes().any(|byte| b"${<%@#(".contains(&byte))
                        && let Some(Finding::Unknown(notation)) = recognise::in_text(name, Position::Plain, object)
                    {
                        self.found.push(Placeholder { span: entry.key.span, notation });
                    }
                    let below = position.below(object, key, name, is_pattern);
                    self.visit(&mut entry.value, object, name, below);
                }
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
        }
    }

    /// The placeholder that YAML reads as a mapping, a list or a comment, and its place.
    fn misread(&self, node: &Node) -> Option<(Notation, Span)> {
        let raw = self.sources.text(node.span);
        match &node.value {
            Value::Mapping(entries) => {
                let [only] = entries.as_slice() else { return None };
                let inner = raw.strip_prefix('{')?.strip_suffix('}')?;
                let is_bare = only.value.is_null() && inner.trim() == &*only.key.text;
                (is_bare && is_word(inner.trim())).then_some((Notation::SingleBraces, node.span))
            }
            Value::Sequence(items) => {
                let [Node { value: Value::Sequence(_), .. }] = items.as_slice() else { return None };
                let inner = raw.strip_prefix("[[")?.strip_suffix("]]")?.trim();
                is_word(inner.strip_prefix('.').unwrap_or(inner)).then_some((Notation::Brackets, node.span))
            }
            Value::Null if node.span.is_empty() => self.comment_after(node.span),
            _ => None,
        }
    }

    /// The placeholder that looks like a comment after a key or a dash.
    fn comment_after(&self, after: Span) -> Option<(Notation, Span)> {
        let text = self.sources.file(after.file).text();
        let start = after.end as usize;
        let line = text.get(start..)?.lines().next()?;
        let value = line.trim_start_matches([':', ' ', '\t']);
        let notation = if let Some(rest) = value.strip_prefix("#{") {
            rest.split_once('}').filter(|(name, _)| is_word(name)).map(|_| Notation::HashBraces)
        } else {
            let name = value.strip_prefix("###")?.split("###").next().filter(|name| is_word(name))?;
            Some(if name.starts_with("ZARF_") { Notation::Zarf } else { Notation::Hashes })
        }?;
        let from = start + line.len() - value.len();
        Some((notation, Span::new(after.file, from, from + value.trim_end().len())))
    }
}

/// Whether a text is a single word, as a name between delimiters is.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
}
