//! Placeholders: values that a tool or a person fills in before the manifests are applied, such as `${NAME}`.
//!
//! Such a value is unknown. It is not wrong, and nothing follows from it. [`mark`] finds these values in the tree of a
//! document, and [`Placeholders`] remembers their places, so that later stages can ask for them.
//!
//! - `notation`: the notations, and the tools that they belong to.
//! - `position`: the fields in which texts may look like placeholders, although they are valid.
//! - `recognise`: placeholders within the text of a value.
//! - `mark`: the pass over a tree, including values that YAML does not read as a text.
//! - `broken`: placeholders by which a document is not YAML.

mod broken;
mod mark;
mod notation;
mod position;
mod recognise;
#[cfg(test)]
mod tests;

pub(super) use broken::breaking_notation;
pub(super) use mark::mark;
pub use notation::Notation;

use crate::model::{Labels, Resource};
use crate::source::{Span, Spanned};

/// A value, or a key, with a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placeholder {
    /// The place of the whole value or key.
    pub span: Span,
    /// The notation.
    pub notation: Notation,
}

/// The unknown values of some manifests.
#[derive(Debug, Clone, Default)]
pub struct Placeholders {
    /// Sorted by place. The places do not overlap.
    all: Vec<Placeholder>,
}

impl Placeholders {
    /// A set of unknown values. A place that several resources share, for example by an alias, counts once.
    pub fn new(mut all: Vec<Placeholder>) -> Self {
        all.sort();
        all.dedup_by_key(|placeholder| placeholder.span);
        Self { all }
    }

    /// Adds unknown values.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Placeholder>) {
        let before = self.all.len();
        self.all.extend(more);
        if self.all.len() > before {
            *self = Self::new(std::mem::take(&mut self.all));
        }
    }

    /// All unknown values, sorted by place.
    pub fn iter(&self) -> impl Iterator<Item = &Placeholder> {
        self.all.iter()
    }

    /// Whether all values are known.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a place is in an unknown value, or contains one.
    pub fn touch(&self, place: Span) -> bool {
        let end = place.end.max(place.start + 1);
        let after = self.all.partition_point(|it| (it.span.file, it.span.start) < (place.file, end));
        let last = self.all[..after].last();
        last.is_some_and(|it| it.span.file == place.file && it.span.end > place.start)
    }

    /// Whether an optional text is unknown. A text that replaces one of the file, such as the target namespace of a mesh,
    /// is known, although its place is that of a placeholder.
    pub fn hide(&self, text: Option<&Spanned<String>>) -> bool {
        text.is_some_and(|text| self.touch(text.span) && is_in_name(text))
    }

    /// Whether some of the labels are unknown.
    pub fn hide_labels(&self, labels: &Labels) -> bool {
        !self.is_empty()
            && (labels.iter().any(|(key, value)| self.touch(key.span) || self.touch(value.span))
                || (labels.is_empty() && labels.span.is_some_and(|span| self.touch(span))))
    }

    /// Whether the name of a resource is unknown.
    pub fn hide_name(&self, resource: &Resource) -> bool {
        self.hide(resource.metadata.name.as_ref())
    }

    /// Whether the namespace of a resource is unknown.
    pub fn hide_namespace(&self, resource: &Resource) -> bool {
        self.hide(resource.metadata.namespace.as_ref())
    }
}

/// Whether a text of a route, such as a path or the value of a header, has a placeholder.
pub fn is_in_text(text: &str) -> bool {
    recognise::in_text(text, position::Position::Text, position::Object { of_mesh: true, ..Default::default() })
        .is_some_and(|finding| matches!(finding, recognise::Finding::Unknown(_)))
}

/// Whether a text that was derived from names, such as a full host, has a placeholder.
pub fn is_in_name(text: &str) -> bool {
    recognise::in_name(text).is_some()
}
