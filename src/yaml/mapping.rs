//! A mapping while it is read: unique keys, and what merge keys bring in.

use super::{Entry, Key, Node, Problem, ProblemKind, Value};
use crate::source::Span;
use std::collections::HashMap;

/// From this many entries on, keys are looked up in a table.
const TABLE_FROM: usize = 16;

/// The entries of a mapping so far.
#[derive(Debug, Default)]
pub(super) struct MappingBuilder {
    entries: Vec<Entry>,
    /// The last entry of each key, once there are many.
    table: HashMap<Box<str>, usize>,
    /// Entries that a later one with the same key replaced.
    replaced: Vec<usize>,
    /// Which entries came from a merge key, ascending.
    merges: Vec<Merge>,
}

/// The entries `first..end` came from the merge key at `span`.
#[derive(Debug)]
struct Merge {
    first: usize,
    end: usize,
    span: Span,
}

impl MappingBuilder {
    /// Adds a key that stands in the text. A second one replaces the first, and is a problem.
    pub(super) fn insert(&mut self, key: Key, value: Node, problems: &mut Vec<Problem>) {
        if let Some(first) = self.find(&key.text) {
            problems.push(match self.merge_of(first) {
                Some(merge) => Problem {
                    kind: ProblemKind::DuplicateKey,
                    span: key.span,
                    message: format!("key `{}` is also brought in by the merge key `<<`", key.text),
                    help: Some(merge_help()),
                    related: Some((merge.span, "merged here".into())),
                },
                None => Problem {
                    kind: ProblemKind::DuplicateKey,
                    span: key.span,
                    message: format!("key `{}` is defined twice", key.text),
                    help: Some("remove one of them: strict readers refuse the document, others take the last".into()),
                    related: Some((self.entries[first].key.span, "first defined here".into())),
                },
            });
        }
        self.push(key, value);
    }

    /// Adds what the merge key at `span` brings in: the entries of a mapping or of each mapping of a
    /// list. Of a list, go-yaml takes the last mapping first, so that the first one wins.
    /// `site` is where the value stands, which for an alias is not where its node stands.
    pub(super) fn merge(&mut self, span: Span, value: Node, site: Span, problems: &mut Vec<Problem>) {
        let first = self.entries.len();
        match value.value {
            Value::Mapping(entries) => self.merge_entries(span, entries, problems),
            Value::Sequence(items) => {
                for item in items.into_iter().rev() {
                    match item.value {
                        Value::Mapping(entries) => self.merge_entries(span, entries, problems),
                        other => problems.push(not_mergeable(site, &other)),
                    }
                }
            }
            other => problems.push(not_mergeable(site, &other)),
        }
        self.merges.push(Merge { first, end: self.entries.len(), span });
    }

    fn merge_entries(&mut self, span: Span, entries: Vec<Entry>, problems: &mut Vec<Problem>) {
        for Entry { key, value } in entries {
            if let Some(first) = self.find(&key.text) {
                problems.push(Problem {
                    kind: ProblemKind::DuplicateKey,
                    span,
                    message: format!("the merge key `<<` brings in key `{}`, which is already defined", key.text),
                    help: Some(merge_help()),
                    related: Some((self.entries[first].key.span, "first defined here".into())),
                });
            }
            self.push(key, value);
        }
    }

    /// The mapping's entries, keys unique, in the order of the text.
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

    fn push(&mut self, key: Key, value: Node) {
        if let Some(first) = self.find(&key.text) {
            self.replaced.push(first);
        }
        let index = self.entries.len();
        if index >= TABLE_FROM {
            self.table.insert(key.text.clone(), index);
        }
        self.entries.push(Entry { key, value });
        if index + 1 == TABLE_FROM {
            self.table =
                self.entries.iter().enumerate().map(|(index, entry)| (entry.key.text.clone(), index)).collect();
        }
    }

    /// The last entry with this key.
    fn find(&self, key: &str) -> Option<usize> {
        if self.entries.len() < TABLE_FROM {
            self.entries.iter().rposition(|entry| &*entry.key.text == key)
        } else {
            self.table.get(key).copied()
        }
    }

    /// The merge key that an entry came from.
    fn merge_of(&self, entry: usize) -> Option<&Merge> {
        let after = self.merges.partition_point(|merge| merge.first <= entry);
        self.merges[..after].last().filter(|merge| entry < merge.end)
    }
}

fn merge_help() -> String {
    "strict readers (`istioctl`) refuse a key that is both merged by `<<` and defined; for others the later one wins"
        .into()
}

fn not_mergeable(span: Span, value: &Value) -> Problem {
    Problem {
        kind: ProblemKind::Syntax,
        span,
        message: format!("the merge key `<<` needs a mapping or a list of mappings, found {}", value.type_name()),
        help: Some("quote it (`\"<<\"`) if an ordinary key is meant".into()),
        related: None,
    }
}
