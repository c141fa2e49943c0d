//! Problems that the decoder finds in a resource.

use crate::advice::Advice;
use crate::source::Span;

/// A part of a manifest that the API does not allow. Decoding continues after it.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeProblem {
    /// The kind of the problem.
    pub kind: DecodeProblemKind,
    /// The key or value that is wrong.
    pub span: Span,
}

/// The kinds of [`DecodeProblem`].
#[derive(Debug, Clone, PartialEq)]
pub enum DecodeProblemKind {
    /// A field that the API does not define here.
    UnknownField {
        /// The key as written.
        key: String,
        /// The field with the most similar name.
        suggestion: Option<String>,
        /// All fields that the API defines here.
        known: Vec<String>,
    },
    /// A field that is set in both spellings, camelCase and snake_case. istiod uses the camelCase one.
    SpeltTwice {
        /// The camelCase spelling.
        field: String,
        /// The key that istiod uses.
        winner: Span,
    },
    /// A value of a type that the field does not accept.
    WrongType {
        /// The type that the field accepts: `a string`.
        expected: &'static str,
        /// The type of the value: `a number`.
        found: &'static str,
        /// The value as written, if it is a short scalar.
        raw: Option<String>,
    },
    /// A value of the right type that the field does not accept.
    InvalidValue {
        /// The values that the field accepts: `` a duration such as `5s` ``.
        expected: String,
        /// The value as written.
        found: String,
        /// The most similar value that the field accepts.
        suggestion: Option<String>,
    },
    /// A value that istiod accepts, but that violates the schema of the CRD, so that the API server rejects it.
    SchemaViolation {
        /// The message: lower case, no final period.
        message: String,
        /// The help.
        help: Option<Advice>,
        /// Another place that belongs to the mistake, with a label.
        related: Option<(Span, &'static str)>,
    },
    /// A value that only the standard channel of the Gateway API rejects.
    ChannelViolation {
        /// The message: lower case, no final period.
        message: String,
        /// The help.
        help: Advice,
    },
    /// A kind that the API group does not define, or does not serve in this version.
    UnknownKind {
        /// The message: lower case, no final period.
        message: String,
        /// The help.
        help: Advice,
    },
    /// A resource without `metadata.name`.
    MissingName,
}

impl DecodeProblemKind {
    /// Whether only the schema of the CRD rejects the value, which was decoded as the user wrote it.
    pub fn is_of_schema(&self) -> bool {
        matches!(self, Self::SchemaViolation { .. } | Self::ChannelViolation { .. })
    }
}

/// A text of the user for a message: in backticks, on one line.
pub(super) fn in_backticks(text: &str) -> String {
    let escape = |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.into() };
    format!("`{}`", text.chars().map(escape).collect::<String>())
}
