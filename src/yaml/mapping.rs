//! Mappings while they are read: unique keys and merge keys.

use super::{Entry, Key, Node, Value, YamlProblem, YamlProblemKind};
use crate::source::Span;
use std::collections::HashMap;

/// The number of entries from which keys are looked up in a table.
const TABLE_FROM: usize = 16;

/// The entries of a mapping so far.
#[derive(Debug, Default)]
pub(super) struct MappingBuilder {
    entries: Vec<Entry>,
    /// The last entry of each key. Empty while the mapping is small.
    table: HashMap<Box<str>, usize>,
    /// Entries that a later one with the same key replaced.
    replaced: Vec<usize>,
    /// The entries that come from merge keys, ascending.
    merges: Vec<Merge>,
}

/// The entries `first..end`, which come from the merge key at `span`.
#[derive(Debug)]
struct Merge {
    first: usize,
    end: usize,
    span: Span,
}

impl MappingBuilder {
    /// Adds an entry of the text. A second one with the same key replaces the first, and is a problem.
    pub(super) fn insert(&mut self, key: Key, value: Node, problems: &mut Vec<YamlProblem>) {
        let span = key.span;
        let Some(first) = self.push(key, value) else { return };
        let text = &self.entries[first].key.text;
        problems.push(match self.merge_of(first) {
            Some(merge) => YamlProblem {
                kind: YamlProblemKind::DuplicateKey,
                span,
                message: format!("key `{text}` is also defined by the merge key `<<`"),
                help: Some(merge_help()),
                related: Some((merge.span, "merged here".into())),
            },
            None => YamlProblem {
                kind: YamlProblemKind::DuplicateKey,
                span,
                message: format!("key `{text}` is defined twice"),
                help: Some("remove one: strict readers reject the document, others use the last one".into()),
                related: Some((self.entries[first].key.span, "first defined here".into())),
            },
        });
    }

    /// Adds the entries that the merge key at `span` refers to: those of a mapping, or of each mapping of a
    /// list. go-yaml merges the last mapping of a list first, so that the first one wins.
    /// `site` is the place of the value; for an alias, that is not the place of its node.
    pub(super) fn merge(&mut self, span: Span, value: Node, site: Span, problems: &mut Vec<YamlProblem>) {
        let first = self.entries.len();
        match value.value {
            Value::Mapping(entries) => self.merge_entries(span, entries.into_vec(), problems),
            Value::Sequence(items) => {
                for item in items.into_iter().rev() {
                    match item.value {
                        Value::Mapping(entries) => self.merge_entries(span, entries.into_vec(), problems),
                        other => problems.push(not_mergeable(site, &other)),
                    }
                }
            }
            other => problems.push(not_mergeable(site, &other)),
        }
        self.merges.push(Merge { first, end: self.entries.len(), span });
    }

    fn merge_entries(&mut self, span: Span, entries: Vec<Entry>, problems: &mut Vec<YamlProblem>) {
        for Entry { key, value } in entries {
            let Some(first) = self.push(key, value) else { continue };
            let Key { span: first_span, text } = &self.entries[first].key;
            problems.push(YamlProblem {
                kind: YamlProblemKind::DuplicateKey,
                span,
                message: format!("the merge key `<<` redefines key `{text}`"),
                help: Some(merge_help()),
                related: Some((*first_span, "first defined here".into())),
            });
        }
    }

    /// The entries of the mapping in the order of the text, with unique keys.
    pub(super) fn finish(mut self) -> Vec<Entry> {
        if self.replaced.is_empty() {
            return self.entries;
        }
        self.replaced.sort_unstable();
        let mut replaced = self.replaced.into_iter().peekable();
        let mut index = 0;
        self.entries.retain(|_| {
            let keep = replaced.next_if_eq(&index).is_none();
            index += 1;
            keep
        });
        self.entries
    }

    /// Adds an entry. Returns the index of the entry that it replaces, which stays in place until the end.
    fn push(&mut self, key: Key, value: Node) -> Option<usize> {
        let index = self.entries.len();
        let first = if index < TABLE_FROM {
            self.entries.iter().rposition(|entry| entry.key.text == key.text)
        } else {
            if index == TABLE_FROM {
                let known = self.entries.iter().enumerate();
                self.table = known.map(|(index, entry)| (entry.key.text.clone(), index)).collect();
            }
            self.table.insert(key.text.clone(), index)
        };
        self.replaced.extend(first);
        self.entries.push(Entry { key, value });
        first
    }

    /// The merge key that an entry comes from.
    fn merge_of(&self, entry: usize) -> Option<&Merge> {
        let after = self.merges.partition_point(|merge| merge.first <= entry);
        self.merges[..after].last().filter(|merge| entry < merge.end)
    }
}

fn merge_help() -> String {
    "remove one: strict readers such as `istioctl` reject a key that `<<` also merges, others use the later one".into()
}

fn not_mergeable(span: Span, value: &Value) -> YamlProblem {
    YamlProblem {
        kind: YamlProblemKind::Syntax,
        span,
        message: format!("the merge key `<<` needs a mapping or a list of mappings, found {}", value.type_name()),
        help: Some("write `\"<<\"` if it is an ordinary key".into()),
        related: None,
    }
}
