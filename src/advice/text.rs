//! The changes of the text of a document that carry out an edit.
//!
//! They follow the layout that is there. They are not always exact, for example next to an alias: `resolve` compares the
//! results.

use super::edit::Change;
use super::literal::{Literal, Style, scalar};
use super::resolve::TextEdit;
use super::tree::{Address, existing, node_at};
use crate::source::Span;
use crate::yaml::{Node, Value};

/// A document and its text.
pub(super) struct Layout<'d> {
    /// The text of the file.
    pub text: &'d str,
    /// The tree of the document.
    pub root: &'d Node,
    /// Whether the document is JSON.
    pub is_json: bool,
}

/// How a collection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// With brackets.
    Flow,
    /// With indentation.
    Block,
}

impl Layout<'_> {
    /// The changes for an edit. `None` if the layout is not one that can be changed.
    pub fn changes(&self, change: &Change) -> Option<Vec<TextEdit>> {
        match change {
            Change::Set { value, literal } => {
                let address = Address::of(self.root, *value)?;
                let change = match (address.is_key, literal) {
                    (false, _) => self.set(&address.path, address.value(self.root)?, literal)?,
                    (true, Literal::Text(name)) => self.rename(&address.path, name)?,
                    (true, _) => return None,
                };
                Some(vec![change])
            }
            Change::Rename { key, name } => {
                let address = Address::of_key(self.root, *key)?;
                Some(vec![self.rename(&address.path, name)?])
            }
            Change::RenameEntry { value, name } => {
                let address = Address::of_value(self.root, *value)?;
                Some(vec![self.rename(&address.path, name)?])
            }
            Change::Replace { value, name, literal } => {
                let address = Address::of_value(self.root, *value)?;
                let node = address.value(self.root)?;
                Some(vec![self.rename(&address.path, name)?, self.set(&address.path, node, literal)?])
            }
            Change::Remove { place } => Some(vec![self.remove(&Address::of(self.root, *place)?.path)?]),
            Change::RemoveAround { place } => {
                let address = Address::of(self.root, *place)?;
                Some(vec![self.remove(address.path.split_last()?.1)?])
            }
            Change::Add { mapping, path, literal } => {
                let address = Address::of_value(self.root, *mapping)?;
                let (depth, parent) = existing(self.root, &address.path, path)?;
                let node = node_at(self.root, &parent)?;
                let value = literal.clone().nested(&path[depth + 1..]);
                if node.is_null() {
                    let literal = Literal::Map(vec![(path[depth].clone(), value)]);
                    return Some(vec![self.set(&parent, node, &literal)?]);
                }
                Some(vec![self.add_entry(&parent, node, &path[depth], &value)?])
            }
            Change::Append { list, literal } => {
                let address = Address::of_value(self.root, *list)?;
                let node = address.value(self.root)?;
                if node.is_null() {
                    let literal = Literal::List(vec![literal.clone()]);
                    return Some(vec![self.set(&address.path, node, &literal)?]);
                }
                Some(vec![self.add_item(&address.path, node, literal)?])
            }
        }
    }

    /// Writes a value in the place of another one, in the same quotes.
    pub fn set(&self, path: &[usize], node: &Node, literal: &Literal) -> Option<TextEdit> {
        let in_flow = self.is_in_flow(path);
        let old = self.text.get(node.span.range())?;
        let style = match old.as_bytes().first() {
            _ if self.is_json => Style::DoubleQuoted,
            Some(b'"') => Style::DoubleQuoted,
            Some(b'\'') => Style::SingleQuoted,
            _ => Style::Plain { in_flow },
        };
        if node.span.is_empty() {
            // An absent value is directly after its key, before the colon, or after its dash.
            let rest = &self.text[node.span.start as usize..];
            let colon = rest.find(':').filter(|at| rest[..*at].trim().is_empty()).map_or(0, |at| at + 1);
            let at = node.span.start as usize + colon;
            let span = Span::new(node.span.file, at, at);
            let text = match literal {
                Literal::Map(entries) if !in_flow && !entries.is_empty() => self.block_below(path, entries)?,
                _ => format!(" {}", literal.inline(style)),
            };
            return Some(TextEdit { span, text });
        }
        let is_inline = !matches!(node.value, Value::Mapping(_) | Value::Sequence(_)) || self.form(node) == Form::Flow;
        if is_inline {
            return Some(TextEdit { span: node.span, text: literal.inline(style) });
        }
        // A block collection may begin on the line after its key or dash.
        let before = self.text[..node.span.start as usize].trim_end();
        let follows_parent = before.ends_with([':', '-']);
        let span = Span::new(node.span.file, before.len(), node.span.end as usize);
        follows_parent.then(|| TextEdit { span, text: format!(" {}", literal.inline(style)) })
    }

    /// The lines of a mapping below the key at a path.
    fn block_below(&self, path: &[usize], entries: &[(String, Literal)]) -> Option<String> {
        let (index, parent) = path.split_last()?;
        let key = &node_at(self.root, parent)?.entries().get(*index)?.key;
        let indent = format!("{}  ", self.indent(key.span.start as usize));
        let line = |(key, value): &(String, Literal)| {
            format!("{}{indent}{}", self.newline(), value.block_entry(key, &indent, self.newline()))
        };
        Some(entries.iter().map(line).collect())
    }

    fn rename(&self, path: &[usize], name: &str) -> Option<TextEdit> {
        let (index, parent) = path.split_last()?;
        let span = node_at(self.root, parent)?.entries().get(*index)?.key.span;
        let style = match self.text.get(span.range())?.as_bytes().first() {
            _ if self.is_json => Style::DoubleQuoted,
            Some(b'"') => Style::DoubleQuoted,
            Some(b'\'') => Style::SingleQuoted,
            _ => Style::Plain { in_flow: self.is_in_flow(path) },
        };
        Some(TextEdit { span, text: scalar(name, style) })
    }

    fn add_entry(&self, path: &[usize], mapping: &Node, key: &str, value: &Literal) -> Option<TextEdit> {
        let first = mapping.entries().first();
        if self.form(mapping) == Form::Flow || self.is_in_flow(path) {
            let entry = value.entry(key, self.flow_style());
            return self.add_to_flow(mapping, first.map(|entry| entry.key.span), &entry);
        }
        let indent = self.indent(first?.key.span.start as usize);
        let entry = value.block_entry(key, &indent, self.newline());
        Some(self.add_line(mapping, &format!("{indent}{entry}")))
    }

    fn add_item(&self, path: &[usize], list: &Node, item: &Literal) -> Option<TextEdit> {
        if self.form(list) == Form::Flow || self.is_in_flow(path) {
            return self.add_to_flow(list, list.items().first().map(|item| item.span), &item.inline(self.flow_style()));
        }
        let indent = self.indent(list.span.start as usize);
        let item = match item {
            Literal::Map(entries) if !entries.is_empty() => {
                let deeper = format!("{indent}  ");
                let lines: Vec<String> =
                    entries.iter().map(|(key, value)| value.block_entry(key, &deeper, self.newline())).collect();
                lines.join(&format!("{}{deeper}", self.newline()))
            }
            _ => item.inline(Style::Plain { in_flow: false }),
        };
        Some(self.add_line(list, &format!("{indent}- {item}")))
    }

    /// Adds text before the closing bracket, separated as the text before the first child is from the opening one.
    fn add_to_flow(&self, collection: &Node, first: Option<Span>, text: &str) -> Option<TextEdit> {
        let (start, end) = (collection.span.start as usize, collection.span.end as usize);
        self.text.get(start..end)?.ends_with([']', '}']).then_some(())?;
        let Some(first) = first else {
            return Some(TextEdit { span: Span::new(collection.span.file, start + 1, end - 1), text: text.to_owned() });
        };
        let margin = self.text.get(start + 1..first.start as usize)?;
        let separator = match margin {
            "" => " ",
            margin if margin.trim().is_empty() => margin,
            _ => return None,
        };
        let at = self.text[..end - 1].trim_end().len();
        Some(TextEdit { span: Span::new(collection.span.file, at, at), text: format!(",{separator}{text}") })
    }

    /// Adds a line after the last one of a block collection.
    fn add_line(&self, collection: &Node, line: &str) -> TextEdit {
        let at = self.line_end(collection.span.end as usize);
        let span = Span::new(collection.span.file, at, at);
        TextEdit { span, text: format!("{}{line}", self.newline()) }
    }

    fn flow_style(&self) -> Style {
        if self.is_json { Style::DoubleQuoted } else { Style::Plain { in_flow: true } }
    }

    /// Whether a collection is written with brackets. A mapping without braces can be within a flow list.
    pub fn form(&self, node: &Node) -> Form {
        match self.text.as_bytes().get(node.span.start as usize) {
            Some(b'{' | b'[') => Form::Flow,
            _ => Form::Block,
        }
    }

    /// Whether a node is within a flow collection.
    pub fn is_in_flow(&self, path: &[usize]) -> bool {
        let ancestors = (0..path.len()).filter_map(|depth| node_at(self.root, &path[..depth]));
        ancestors.into_iter().any(|node| self.form(node) == Form::Flow)
    }

    /// Spaces up to the column of an offset.
    fn indent(&self, offset: usize) -> String {
        " ".repeat(self.text[self.line_start(offset)..offset].chars().count())
    }

    /// The start of the line of an offset.
    pub fn line_start(&self, offset: usize) -> usize {
        self.text[..offset].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The end of the line of an offset, without its line break.
    pub fn line_end(&self, offset: usize) -> usize {
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |length| offset + length);
        self.text[..end].strip_suffix('\r').map_or(end, str::len).max(offset)
    }

    /// The line break that the file uses.
    fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}
