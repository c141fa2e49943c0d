//! Why an expression, or what is to replace its matches, is none of RE2's.

use std::fmt;
use std::ops::Range;

/// Why RE2 refuses an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRegex {
    /// What is wrong, in RE2's words and with the offending part where that is short of the whole.
    pub message: String,
    /// The bytes of the expression that are wrong.
    pub range: Range<usize>,
}

/// Why RE2 refuses a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRewrite {
    /// What is wrong.
    pub message: String,
    /// The bytes of the replacement that are wrong.
    pub range: Range<usize>,
}

/// The sorts of errors, each of them one of RE2's except for the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
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

impl Fault {
    /// RE2's text, and whether it is followed by the offending part.
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

    /// The error of this sort about a part of an expression.
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
