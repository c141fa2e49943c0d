//! Edits in terms of values, and the words for them.

use std::fmt;

use super::literal::Literal;
use crate::source::Span;

/// A change of one value or key of a document. Its `Display` is what a help says to write, in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub(super) change: Change,
    /// The words that a help shows; empty if the help describes the edit in other words.
    words: String,
}

/// The change. Places are those of [`Node`]s and [`Key`]s.
///
/// [`Node`]: crate::yaml::Node
/// [`Key`]: crate::yaml::Key
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// The value becomes another one.
    Set { value: Span, literal: Literal },
    /// The key becomes another one.
    Rename { key: Span, name: String },
    /// The key of the value becomes another one.
    RenameEntry { value: Span, name: String },
    /// Both the key of the value and the value become others.
    Replace { value: Span, name: String, literal: Literal },
    /// The item of a list, or the entry of a mapping with this key or value, goes away.
    Remove { place: Span },
    /// The entry goes away whose value is the list or mapping that directly contains the place.
    RemoveAround { place: Span },
    /// A mapping gets a field, which may be nested.
    Add { mapping: Span, path: Vec<String>, literal: Literal },
    /// A list gets an item at its end.
    Append { list: Span, literal: Literal },
}

impl Edit {
    fn new(change: Change, words: String) -> Self {
        Self { change, words }
    }

    /// Sets the value, or the key, at a place. Shown as `` `5s` ``, or with [`Edit::of`] as `` `timeout: 5s` ``.
    pub fn set(value: Span, literal: impl Into<Literal>) -> Self {
        let literal = literal.into();
        let words = literal.to_string();
        Self::new(Change::Set { value, literal }, words)
    }

    /// Renames the key at a place. Shown as the new name.
    pub fn rename(key: Span, name: impl Into<String>) -> Self {
        let name = name.into();
        let words = name.clone();
        Self::new(Change::Rename { key, name }, words)
    }

    /// Renames the key of the value at a place. Shown as the new name.
    pub fn rename_entry(value: Span, name: impl Into<String>) -> Self {
        let name = name.into();
        let words = name.clone();
        Self::new(Change::RenameEntry { value, name }, words)
    }

    /// Replaces the entry whose value is at a place. Shown as `` `regex: .*` ``.
    pub fn replace(value: Span, name: impl Into<String>, literal: impl Into<Literal>) -> Self {
        let (name, literal) = (name.into(), literal.into());
        let words = format!("{name}: {literal}");
        Self::new(Change::Replace { value, name, literal }, words)
    }

    /// Removes an item of a list, or an entry of a mapping: the place is that of its key or its value. A list that would be
    /// empty goes away, too. Shown only with [`Edit::of`], as `` `bind` ``.
    pub fn remove(place: Span) -> Self {
        Self::new(Change::Remove { place }, String::new())
    }

    /// Removes the list, or the mapping, that directly contains a place, with its key. Shown like [`Edit::remove`].
    pub fn remove_around(place: Span) -> Self {
        Self::new(Change::RemoveAround { place }, String::new())
    }

    /// Adds a field to the mapping at a place. Its path must not exist yet. Shown as `` `tls.mode: SIMPLE` ``; without the
    /// parents if a name has a dot itself.
    pub fn add<'p>(mapping: Span, path: impl IntoIterator<Item = &'p str>, literal: impl Into<Literal>) -> Self {
        let (path, literal) = (path.into_iter().map(str::to_owned).collect::<Vec<_>>(), literal.into());
        let name = match path.last() {
            Some(last) if path.iter().any(|name| name.contains('.')) => last.clone(),
            _ => path.join("."),
        };
        let words = format!("{name}: {literal}");
        Self::new(Change::Add { mapping, path, literal }, words)
    }

    /// Adds an item to the list at a place. Shown as the item.
    pub fn append(list: Span, literal: impl Into<Literal>) -> Self {
        let literal = literal.into();
        let words = literal.to_string();
        Self::new(Change::Append { list, literal }, words)
    }

    /// Names the field in what is shown: `` `timeout: 5s` `` for a value, `` `bind` `` for a removal.
    pub fn of(mut self, field: &str) -> Self {
        self.words = match self.words.as_str() {
            "" => field.to_owned(),
            words => format!("{field}: {words}"),
        };
        self
    }

    /// Shows another text: the part of the value that changes.
    pub fn shown(mut self, words: impl Into<String>) -> Self {
        self.words = words.into();
        self
    }

    /// Shows nothing: the help describes the edit in other words.
    pub fn unshown(mut self) -> Self {
        self.words.clear();
        self
    }

    /// The place that the edit changes.
    pub fn place(&self) -> Span {
        match self.change {
            Change::Set { value, .. } | Change::Replace { value, .. } | Change::RenameEntry { value, .. } => value,
            Change::Rename { key, .. } => key,
            Change::Remove { place } | Change::RemoveAround { place } => place,
            Change::Add { mapping, .. } => mapping,
            Change::Append { list, .. } => list,
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words.as_str() {
            "" => Ok(()),
            words => write!(f, "`{words}`"),
        }
    }
}
