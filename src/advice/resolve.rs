//! The exact changes of texts.

use std::collections::BTreeMap;

use super::edit::{Change, Edit};
use super::text::Layout;
use super::tree::{Address, are_equal, carry_out, node_at};
use crate::source::{FileId, Sources, Span};
use crate::yaml::{self, Chunk, Document, Node, Value};

/// The bytes that may be parsed for all edits of a report. A report about a huge dump of a cluster has edits for the first
/// findings only: nobody edits dumps.
const PARSED: usize = 1 << 26;

/// A change of the text of a file: the text at the span becomes another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextEdit {
    /// The place of the old text; empty if the edit only adds text.
    pub span: Span,
    /// The new text; empty if the edit only removes text.
    pub text: String,
}

/// Finds the exact changes of texts.
#[derive(Debug)]
pub struct Resolver<'s> {
    sources: &'s Sources,
    chunks: BTreeMap<FileId, Vec<Chunk>>,
    budget: usize,
}

impl<'s> Resolver<'s> {
    /// A resolver for the edits of a report about these files.
    pub fn new(sources: &'s Sources) -> Self {
        Self { sources, chunks: BTreeMap::new(), budget: PARSED }
    }

    /// The changes of the texts that carry out some edits, sorted by place. `None` if no exact ones are known: the values come
    /// from an alias or from a text that another program wrote, or their layout is unusual. The changed texts have exactly
    /// the values that the edits describe.
    pub fn text_edits(&mut self, edits: &[Edit]) -> Option<Vec<TextEdit>> {
        let mut by_document: BTreeMap<Span, (Chunk, Vec<&Edit>)> = BTreeMap::new();
        for edit in edits {
            let place = edit.place();
            if self.sources.origin(place).is_some() {
                return None;
            }
            let chunk = self.chunk_at(place)?;
            by_document.entry(chunk.span).or_insert_with(|| (chunk, Vec::new())).1.push(edit);
        }
        let mut all = Vec::new();
        for (chunk, edits) in by_document.into_values() {
            self.budget = self.budget.checked_sub(2 * chunk.span.len())?;
            all.extend(changes_of(&chunk, &edits, self.sources)?);
        }
        all.sort_by_key(|edit| (edit.span.file, edit.span.start, edit.span.end));
        Some(all)
    }

    /// The document at a place.
    fn chunk_at(&mut self, place: Span) -> Option<Chunk> {
        let text = self.sources.file(place.file).text();
        let chunks = self.chunks.entry(place.file).or_insert_with(|| yaml::split(place.file, text));
        let after = chunks.partition_point(|chunk| chunk.span.start <= place.start);
        chunks[..after].last().filter(|chunk| chunk.span.contains(place)).cloned()
    }

    /// Whether an edit of the file means the same for a resource that a tool has rendered from it: the value there is as
    /// written, and under the same key. A prefix, a replacement or an operation of a JSON patch makes them differ.
    pub fn holds_in(&mut self, edit: &Edit, rendered: &Node) -> bool {
        let place = edit.place();
        let mut both = || {
            let chunk = self.chunk_at(place)?;
            self.budget = self.budget.checked_sub(chunk.span.len())?;
            let written = yaml::parse(&chunk, self.sources.file(place.file).text()).root?;
            let address = match edit.change {
                Change::Rename { .. } => Address::of_key,
                Change::Remove { .. } | Change::RemoveAround { .. } | Change::Set { .. } => Address::of,
                _ => Address::of_value,
            };
            let (there, here) = (address(&written, place)?, address(rendered, place)?);
            let (value, rendered_value) = (there.value(&written)?, here.value(rendered)?);
            let is_scalar = !matches!(value.value, Value::Mapping(_) | Value::Sequence(_));
            let is_moved = (there.is_key
                || matches!(edit.change, Change::Remove { .. } | Change::Replace { .. } | Change::RenameEntry { .. }))
                && key_of(&written, &there) != key_of(rendered, &here);
            Some(!is_moved && (!is_scalar || are_equal(value, rendered_value)))
        };
        both().unwrap_or(false)
    }
}

fn changes_of(chunk: &Chunk, edits: &[&Edit], sources: &Sources) -> Option<Vec<TextEdit>> {
    let text = sources.file(chunk.span.file).text();
    let document = yaml::parse(chunk, text);
    let root = document.root.as_ref()?;
    let content = text.get(chunk.span.range())?;
    let is_json =
        content.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(content).is_ok();
    let layout = Layout { text, root, is_json };
    let mut expected = root.clone();
    let mut changes = Vec::new();
    for edit in edits {
        changes.extend(layout.changes(&edit.change)?);
        carry_out(&edit.change, &mut expected)?;
    }
    changes.sort_by_key(|change| (change.span.start, change.span.end));
    is_exact(chunk, &changes, &document, &expected, text).then_some(changes)
}

/// Whether the changed document has the expected tree, and no problem that it did not have.
fn is_exact(chunk: &Chunk, changes: &[TextEdit], before: &Document, expected: &Node, text: &str) -> bool {
    let Some(changed) = apply(text, changes) else { return false };
    let end = chunk.span.end as usize + changed.len() - text.len();
    let chunk = Chunk { span: Span::new(chunk.span.file, chunk.span.start as usize, end), problem: None };
    let after = yaml::parse(&chunk, &changed);
    after.problems.len() <= before.problems.len() && after.root.is_some_and(|root| are_equal(&root, expected))
}

/// A text after some changes, which are sorted by place. `None` if two of them overlap, or one is outside of the text.
pub fn apply(text: &str, edits: &[TextEdit]) -> Option<String> {
    let mut changed = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        changed += text.get(at..edit.span.range().start)?;
        changed += &edit.text;
        at = edit.span.range().end;
    }
    changed += text.get(at..)?;
    Some(changed)
}

/// The key of an entry. `None` for an item of a list.
fn key_of<'n>(root: &'n Node, address: &Address) -> Option<&'n str> {
    let (index, parent) = address.path.split_last()?;
    node_at(root, parent)?.entries().get(*index).map(|entry| &*entry.key.text)
}
