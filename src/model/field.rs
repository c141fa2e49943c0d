//! Fields that may be missing. The API does not distinguish a missing text or number from an empty one.

use crate::source::{Span, Spanned};

/// An optional text.
pub trait TextField {
    /// The text; empty if the field is missing.
    fn text(&self) -> &str;

    /// The text with its place, unless the field is missing or empty.
    fn filled(&self) -> Option<&Spanned<String>>;
}

/// An optional number.
pub trait NumberField<T> {
    /// The number; zero if the field is missing.
    fn number(&self) -> T;
}

/// An optional value with a place.
pub trait PlacedField {
    /// The place of the value; `message`, the place of the message that lacks it, if the field is missing.
    fn place(&self, message: Span) -> Span;
}

impl TextField for Option<Spanned<String>> {
    fn text(&self) -> &str {
        self.as_ref().map_or("", |text| text.as_str())
    }

    fn filled(&self) -> Option<&Spanned<String>> {
        self.as_ref().filter(|text| !text.is_empty())
    }
}

impl TextField for Option<&Spanned<String>> {
    fn text(&self) -> &str {
        self.map_or("", |text| text.as_str())
    }

    fn filled(&self) -> Option<&Spanned<String>> {
        self.filter(|text| !text.is_empty())
    }
}

impl<T: Copy + Default> NumberField<T> for Option<Spanned<T>> {
    fn number(&self) -> T {
        self.map_or_else(T::default, |number| number.value)
    }
}

impl<T> PlacedField for Option<Spanned<T>> {
    fn place(&self, message: Span) -> Span {
        self.as_ref().map_or(message, |value| value.span)
    }
}
