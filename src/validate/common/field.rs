//! What a field says: to the API an empty text is the same as none.

use crate::source::{Span, Spanned};

/// The text of a field; empty if it is absent.
pub fn text(field: &Option<Spanned<String>>) -> &str {
    field.as_ref().map_or("", |text| text.as_str())
}

/// The field if it says something.
pub fn filled(field: &Option<Spanned<String>>) -> Option<&Spanned<String>> {
    field.as_ref().filter(|text| !text.is_empty())
}

/// Where a field stands, else where the message stands that lacks it.
pub fn place<T>(field: &Option<Spanned<T>>, message: Span) -> Span {
    field.as_ref().map_or(message, |field| field.span)
}

/// The number of a field; 0 if it is absent.
pub fn number(field: &Option<Spanned<u32>>) -> u32 {
    field.as_ref().map_or(0, |number| number.value)
}
