//! The parts of a request that conditions are about, and the texts that each can have.

use std::sync::LazyLock;

use super::reception::{FORWARDED_PROTO, is_joined};
use crate::re2::{Pattern, Re2};

/// A part of a request: one text, or a set of texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestPart {
    /// The path without its query string.
    Path,
    /// The path with its query string: the header `:path`.
    PathAndQuery,
    /// The method.
    Method,
    /// The scheme.
    Scheme,
    /// The authority, including its port.
    Authority,
    /// The values of a header, by its name in lower case.
    Header(String),
    /// The value of a query parameter.
    Query(String),
    /// The texts of a claim, by its path.
    Claim(Vec<String>),
}

/// The texts that a part of a request can have.
#[derive(Debug)]
pub struct Texts {
    regex: Re2,
    pattern: Pattern,
}

impl Texts {
    fn of(expression: &str) -> Self {
        let regex = Re2::new(expression).expect("the expressions of this file are valid");
        Self { pattern: Pattern::of_regex(&regex), regex }
    }

    /// Whether the part can have a text.
    pub fn has(&self, text: &[u8]) -> bool {
        let characters: String = text.iter().map(|byte| char::from(*byte)).collect();
        self.regex.matches(characters.as_bytes())
    }

    /// The texts, to be cut by other patterns.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

/// Visible characters, without those that begin a query or a fragment.
static PATHS: LazyLock<Texts> = LazyLock::new(|| Texts::of(r"/[!\x22\x24-\x3e\x40-~\x80-\xff]*"));
static PATHS_AND_QUERIES: LazyLock<Texts> = LazyLock::new(|| Texts::of(r"/[!\x22\x24-~\x80-\xff]*"));
static TOKENS: LazyLock<Texts> = LazyLock::new(|| Texts::of("[!#$%&'*+.^_`|~0-9A-Za-z-]+"));
static SCHEMES: LazyLock<Texts> = LazyLock::new(|| Texts::of("[A-Za-z][0-9A-Za-z+.-]*"));
static AUTHORITIES: LazyLock<Texts> = LazyLock::new(|| Texts::of(r"[!-~\x80-\xff]*"));
/// Header values are trimmed.
static HEADER_VALUES: LazyLock<Texts> =
    LazyLock::new(|| Texts::of(r"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?"));
/// Visible characters, without those that end a parameter.
static QUERY_VALUES: LazyLock<Texts> = LazyLock::new(|| Texts::of(r"[!\x22\x24\x25\x27-~\x80-\xff]*"));
static CLAIMS: LazyLock<Texts> = LazyLock::new(|| Texts::of(r"[\x00-\xff]*"));

impl RequestPart {
    /// The texts that the part can have.
    pub fn texts(&self) -> &'static Texts {
        match self {
            Self::Path => &PATHS,
            Self::PathAndQuery => &PATHS_AND_QUERIES,
            Self::Method => &TOKENS,
            Self::Scheme => &SCHEMES,
            Self::Authority => &AUTHORITIES,
            Self::Header(_) => &HEADER_VALUES,
            Self::Query(_) => &QUERY_VALUES,
            Self::Claim(_) => &CLAIMS,
        }
    }

    /// Whether a request can have several texts of the part: lines of a header, or items of a claim. A condition then
    /// needs only one of them.
    pub fn repeats(&self) -> bool {
        match self {
            Self::Header(name) => !is_joined(name),
            Self::Claim(_) => true,
            _ => false,
        }
    }

    /// Whether a request can be without the part.
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Header(name) => name != FORWARDED_PROTO,
            Self::Query(_) | Self::Claim(_) => true,
            _ => false,
        }
    }
}
