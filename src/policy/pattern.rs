//! Text patterns: whole, by a prefix, or by a suffix.

use super::facet::escaped;

/// A pattern of a policy with at most one `*`, at its start or end (istiod: `StringMatcher`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern<'a> {
    /// `*`: any text except the empty one.
    NotEmpty,
    /// `*` of a header: any text, even the empty one.
    Present,
    /// `abc*`.
    Prefix(&'a str),
    /// `*abc`.
    Suffix(&'a str),
    /// `abc`.
    Exact(&'a str),
}

impl<'a> Pattern<'a> {
    /// Parses a pattern. A second `*` is an ordinary character.
    pub(super) fn parse(written: &'a str) -> Self {
        if written == "*" {
            Self::NotEmpty
        } else if let Some(suffix) = written.strip_prefix('*') {
            Self::Suffix(suffix)
        } else if let Some(prefix) = written.strip_suffix('*') {
            Self::Prefix(prefix)
        } else {
            Self::Exact(written)
        }
    }

    /// Parses a pattern for an attribute that can be empty.
    pub(super) fn of_present(written: &'a str) -> Self {
        match Self::parse(written) {
            Self::NotEmpty => Self::Present,
            other => other,
        }
    }

    /// The part that is compared as it is written.
    pub(super) fn literal(self) -> &'a str {
        match self {
            Self::NotEmpty | Self::Present => "",
            Self::Prefix(text) | Self::Suffix(text) | Self::Exact(text) => text,
        }
    }

    /// A regular expression for the texts that match. `any` is one for a character, and `ignores_case` is about ASCII.
    pub(super) fn expression(self, any: &str, ignores_case: bool) -> String {
        let text = |text: &str| escaped(text.as_bytes(), ignores_case);
        match self {
            Self::NotEmpty => format!("{any}+"),
            Self::Present => format!("{any}*"),
            Self::Prefix(prefix) => format!("{}{any}*", text(prefix)),
            Self::Suffix(suffix) => format!("{any}*{}", text(suffix)),
            Self::Exact(exact) => text(exact),
        }
    }

    /// Whether a text matches.
    pub(super) fn matches(self, text: &[u8]) -> bool {
        match self {
            Self::NotEmpty => !text.is_empty(),
            Self::Present => true,
            Self::Prefix(prefix) => text.starts_with(prefix.as_bytes()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_bytes()),
            Self::Exact(exact) => text == exact.as_bytes(),
        }
    }

    /// Whether a text matches, ignoring ASCII case.
    pub(super) fn matches_ignoring_case(self, text: &[u8]) -> bool {
        let same = |part: &[u8], wanted: &str| part.eq_ignore_ascii_case(wanted.as_bytes());
        match self {
            Self::Prefix(prefix) => text.get(..prefix.len()).is_some_and(|start| same(start, prefix)),
            Self::Suffix(suffix) => {
                text.len().checked_sub(suffix.len()).is_some_and(|start| same(&text[start..], suffix))
            }
            Self::Exact(exact) => same(text, exact),
            Self::NotEmpty | Self::Present => self.matches(text),
        }
    }
}

/// Whether a pattern with `*` anywhere matches a whole text.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_at_an_end_is_special() {
        for (pattern, text, expected) in [
            ("*", "", false),
            ("*", "x", true),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*a*", "a*", true),
            ("*a*", "bab", false),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(text.as_bytes()), expected, "{pattern} {text}");
        }
        assert!(Pattern::of_present("*").matches(b""));
        assert!(Pattern::parse("*.Example.com").matches_ignoring_case(b"A.example.COM"));
        assert!(!Pattern::parse("*.example.com").matches_ignoring_case(b"com"));
    }

    #[test]
    fn a_glob_has_stars_anywhere() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*a", "a", false),
            ("*b*d", "abcd", true),
            ("*b*d", "abc", false),
            ("a", "a", true),
            ("*", "", true),
            ("*ab", "aab", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
