//! The changes of the text that remove a key or an item.

use super::literal::Literal;
use super::resolve::TextEdit;
use super::text::{Form, Layout};
use super::tree::{node_at, removed};
use crate::source::Span;
use crate::yaml::{Node, Value};

impl Layout<'_> {
    /// Removes the item or entry at a path. Lines that it has for itself go away whole, with their comments.
    pub(super) fn remove(&self, path: &[usize]) -> Option<TextEdit> {
        let (index, above) = removed(self.root, path)?;
        let parent = node_at(self.root, above)?;
        let count = parent.entries().len() + parent.items().len();
        if count == 1 {
            let empty = match parent.value {
                Value::Mapping(_) => Literal::Map(Vec::new()),
                _ => Literal::List(Vec::new()),
            };
            return self.set(above, parent, &empty);
        }
        if self.form(parent) == Form::Flow || self.is_in_flow(above) {
            return self.remove_from_flow(parent, index, count);
        }
        let start = self.start(parent, index)?;
        let line = self.line_start(start);
        if self.text[line..start].trim().is_empty() {
            let end = self.line_end(self.end(parent, index)?);
            let rest = &self.text[end..];
            let line_break = rest.find('\n').map_or(rest.len(), |at| at + 1);
            return Some(deletion(parent, line, end + line_break));
        }
        // The first entry after a dash: the next one takes its place.
        let next = self.start(parent, index + 1).filter(|_| index + 1 < count)?;
        Some(deletion(parent, start, next))
    }

    fn remove_from_flow(&self, parent: &Node, index: usize, count: usize) -> Option<TextEdit> {
        let place = |index: usize| match &parent.value {
            Value::Mapping(entries) => entries.get(index).map(|entry| (entry.key.span.start, entry.value.span.end)),
            Value::Sequence(items) => items.get(index).map(|item| (item.span.start, item.span.end)),
            _ => None,
        };
        let (start, end) = place(index)?;
        let (from, to) = match index {
            _ if index + 1 < count => (start, place(index + 1)?.0),
            _ => (place(index.checked_sub(1)?)?.1, end),
        };
        (from < to).then(|| deletion(parent, from as usize, to as usize))
    }

    /// Where an entry or the dash of an item of a block collection begins.
    fn start(&self, parent: &Node, index: usize) -> Option<usize> {
        match &parent.value {
            Value::Mapping(entries) => entries.get(index).map(|entry| entry.key.span.start as usize),
            Value::Sequence(items) => {
                let before = self.text[..items.get(index)?.span.start as usize].trim_end();
                before.ends_with('-').then(|| before.len() - 1)
            }
            _ => None,
        }
    }

    /// Where an entry or an item of a block collection ends.
    fn end(&self, parent: &Node, index: usize) -> Option<usize> {
        let own = |start: Span, value: Span| {
            // The place of an alias is its definition, which is earlier.
            let is_alias = value.start < start.end;
            if is_alias { start.end as usize } else { value.end as usize }
        };
        match &parent.value {
            Value::Mapping(entries) => entries.get(index).map(|entry| own(entry.key.span, entry.value.span)),
            Value::Sequence(items) => items.get(index).map(|item| item.span.end as usize),
            _ => None,
        }
    }
}

fn deletion(parent: &Node, from: usize, to: usize) -> TextEdit {
    TextEdit { span: Span::new(parent.span.file, from, to), text: String::new() }
}
