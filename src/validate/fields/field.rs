//! Access to optional fields. The API does not distinguish an empty text from an absent one.

use crate::source::{Span, Spanned};

/// The text of a field, empty if the field is absent.
pub fn text(field: &Option<Spanned<String>>) -> &str {
    field.as_ref().map_or("", |text| text.as_str())
}

/// The field, unless it is absent or empty.
pub fn filled(field: &Option<Spanned<String>>) -> Option<&Spanned<String>> {
    field.as_ref().filter(|text| !text.is_empty())
}

/// The place of a field, or that of the enclosing message if the field is absent.
pub fn place<T>(field: &Option<Spanned<T>>, message: Span) -> Span {
    field.as_ref().map_or(message, |field| field.span)
}

/// The number of a field, 0 if the field is absent.
pub fn number(field: &Option<Spanned<u32>>) -> u32 {
    field.as_ref().map_or(0, |number| number.value)
}
