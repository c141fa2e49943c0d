//! Mistakes in the configuration.

use crate::advice::Advice;
use crate::source::Span;

/// A mistake in the configuration. The value does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The kind of mistake.
    pub kind: ConfigProblemKind,
    /// The place, in the file that was passed to [`super::ConfigFile::parse`].
    pub span: Span,
    /// The message: lower case, no final period.
    pub message: String,
    /// The remedy. Empty if the message says it.
    pub help: Advice,
}

/// The kinds of [`ConfigProblem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigProblemKind {
    /// No setting has the name of a key.
    UnknownKey,
    /// A value is not one that its key accepts.
    InvalidValue,
    /// A mapping lacks a key that it needs.
    MissingKey,
    /// A file beside this one, or a part of it, is not read.
    Unread,
}
