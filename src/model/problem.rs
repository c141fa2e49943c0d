//! What decoding finds wrong with a resource.

use crate::source::Span;

/// Something in a manifest that is not what the API describes. Decoding goes on past it.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeProblem {
    /// What is wrong.
    pub kind: DecodeProblemKind,
    /// The exact key or value.
    pub span: Span,
}

/// The sorts of [`DecodeProblem`].
#[derive(Debug, Clone, PartialEq)]
pub enum DecodeProblemKind {
    /// A key that the API does not have at this place.
    UnknownField {
        /// The key as written.
        key: String,
        /// The nearest field that exists.
        suggestion: Option<String>,
        /// All fields that exist here.
        known: Vec<String>,
    },
    /// The same field in both spellings, camelCase and snake_case; the camelCase value wins.
    SpeltTwice {
        /// The camelCase name.
        field: String,
        /// The spelling that counts.
        winner: Span,
    },
    /// A value of a type that the field does not take.
    WrongType {
        /// What the field takes: `a string`.
        expected: &'static str,
        /// What stands there: `a number`.
        found: &'static str,
        /// The scalar as written, where it is one and short.
        raw: Option<String>,
    },
    /// A value of the right type that does not say anything the field understands.
    InvalidValue {
        /// What the field takes: `a duration such as 5s or 1h30m`.
        expected: String,
        /// The value as written.
        found: String,
        /// The nearest value that exists.
        suggestion: Option<String>,
    },
    /// Something that istiod's decoder reads and the schema of the CRD refuses.
    NotOfSchema {
        /// What is wrong: lower case, no final period.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// A kind that the API group does not have, or not in this version.
    UnknownKind {
        /// What is wrong: lower case, no final period.
        message: String,
        /// What to write instead.
        help: String,
    },
    /// A resource without `metadata.name`, so that nothing can refer to it.
    MissingName,
}
