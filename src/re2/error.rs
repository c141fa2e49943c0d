//! Errors of expressions and replacements.

use std::fmt;
use std::ops::Range;

/// An expression that RE2 rejects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRegex {
    /// RE2's message, which quotes the offending part if RE2 does.
    pub message: String,
    /// The byte range of the offending part of the expression.
    pub range: Range<usize>,
}

/// A replacement that RE2 rejects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRewrite {
    /// RE2's message.
    pub message: String,
    /// The byte range of the offending part of the replacement.
    pub range: Range<usize>,
}

/// The kinds of errors. All but the last are RE2's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorCode {
    Escape,
    ClassRange,
    MissingBracket,
    MissingParen,
    UnexpectedParen,
    TrailingBackslash,
    RepeatArgument,
    RepeatSize,
    RepeatOperator,
    PerlOperator,
    GroupName,
    TooLarge,
    TooDeep,
}

impl ErrorCode {
    /// RE2's message, and whether the offending part follows it.
    fn text(self) -> (&'static str, bool) {
        match self {
            Self::Escape => ("invalid escape sequence", true),
            Self::ClassRange => ("invalid character class range", true),
            Self::MissingBracket => ("missing ]", false),
            Self::MissingParen => ("missing )", false),
            Self::UnexpectedParen => ("unexpected )", false),
            Self::TrailingBackslash => ("trailing \\", false),
            Self::RepeatArgument => ("no argument for repetition operator", true),
            Self::RepeatSize => ("invalid repetition size", true),
            Self::RepeatOperator => ("bad repetition operator", true),
            Self::PerlOperator => ("invalid perl operator", true),
            Self::GroupName => ("invalid named capture group", true),
            Self::TooLarge => ("pattern too large - compile failed", false),
            Self::TooDeep => ("expression nests too deeply", false),
        }
    }

    /// The error of this kind about a part of an expression.
    pub fn at(self, pattern: &str, range: Range<usize>) -> InvalidRegex {
        let (text, shows_part) = self.text();
        let message = if shows_part { format!("{text}: {}", &pattern[range.clone()]) } else { text.to_owned() };
        InvalidRegex { message, range }
    }
}

impl fmt::Display for InvalidRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for InvalidRewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidRegex {}

impl std::error::Error for InvalidRewrite {}
