//! Path templates: `/shops/{*}/orders/{**}`.

use super::facet::escaped;

/// A path with placeholders (Envoy: `uri_template`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathTemplate {
    pub(super) parts: Vec<TemplatePart>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TemplatePart {
    Literal(Vec<u8>),
    /// `{*}`: one segment that is not empty.
    Segment,
    /// `{**}`: any number of segments.
    Rest,
}

impl PathTemplate {
    /// Parses a template; `None` for a text without placeholders.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some(at) = rest.find("{*") {
            let placeholder = if rest[at..].starts_with("{**}") {
                TemplatePart::Rest
            } else if rest[at..].starts_with("{*}") {
                TemplatePart::Segment
            } else {
                return None;
            };
            let length = if placeholder == TemplatePart::Rest { 4 } else { 3 };
            parts.push(TemplatePart::Literal(rest[..at].into()));
            parts.push(placeholder);
            rest = &rest[at + length..];
        }
        if parts.is_empty() {
            return None;
        }
        parts.push(TemplatePart::Literal(rest.into()));
        Some(Self { parts })
    }

    /// A regular expression for the paths that match, character by character; `None` for a placeholder within a segment.
    pub(super) fn expression(&self) -> Option<String> {
        const CHARACTERS: &str = r"A-Za-z0-9\-._~%!$&'()*+,;:@=";
        let mut expression = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                TemplatePart::Literal(text) => expression.push_str(&escaped(text, false)),
                TemplatePart::Segment => {
                    let is_last = at + 2 == self.parts.len();
                    let ends = match self.parts.get(at + 1) {
                        Some(TemplatePart::Literal(next)) => {
                            next.first() == Some(&b'/') || (next.is_empty() && is_last)
                        }
                        _ => false,
                    };
                    expression.push_str(&ends.then(|| format!("[{CHARACTERS}]+"))?);
                }
                TemplatePart::Rest => expression.push_str(&format!("[/{CHARACTERS}]*")),
            }
        }
        Some(expression)
    }

    /// Whether a path matches.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        // Whether the parts so far can end at each place of the path. Trying them one by one would take exponential time.
        let mut ends = vec![false; path.len() + 1];
        ends[0] = true;
        for part in &self.parts {
            ends = part.ends(&ends, path);
        }
        ends.last() == Some(&true)
    }
}

impl TemplatePart {
    /// The places at which the part can end, if it can start at some places.
    fn ends(&self, starts: &[bool], path: &[u8]) -> Vec<bool> {
        let mut ends = vec![false; starts.len()];
        match self {
            Self::Literal(text) => {
                let found = places(starts).filter(|start| path[*start..].starts_with(text));
                found.for_each(|start| ends[start + text.len()] = true);
            }
            Self::Segment => {
                // The next part is the end or a slash, so the segment ends there.
                let mut end = path.len();
                let mut is_whole = true;
                for start in (0..path.len()).rev() {
                    if path[start] == b'/' {
                        (end, is_whole) = (start, true);
                        continue;
                    }
                    is_whole &= is_path_character(path[start]);
                    ends[end] |= starts[start] && is_whole;
                }
            }
            Self::Rest => {
                let mut is_open = false;
                for (at, end) in ends.iter_mut().enumerate() {
                    is_open |= starts[at];
                    *end = is_open;
                    is_open &= path.get(at).is_some_and(|byte| *byte == b'/' || is_path_character(*byte));
                }
            }
        }
        ends
    }
}

fn places(marks: &[bool]) -> impl Iterator<Item = usize> {
    marks.iter().enumerate().filter(|(_, mark)| **mark).map(|(place, _)| place)
}

/// Whether a path segment can contain a character (RFC 3986).
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;:@=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::PathTemplate;

    #[test]
    fn placeholders_match_one_segment_or_the_rest() {
        for (template, path, expected) in [
            ("/t/{*}/x/{**}", "/t/a/x/", true),
            ("/t/{*}/x/{**}", "/t/a/x", false),
            ("/t/{*}/x/{**}", "/t/a/x/b/c", true),
            ("/t/{*}/x/{**}", "/t/a/b/x/c", false),
            ("/t/{*}", "/t/", false),
            ("/t/{*}", "/t/a", true),
            ("/t/{*}", "/t/a/", false),
            ("/{**}/end", "/a/b/end", true),
            ("/{**}/end", "/end", false),
            ("/{**}", "/", true),
            ("/{*}/b", "/a\"/b", false),
            ("/{**}/b", "/a\"/b", false),
        ] {
            assert_eq!(PathTemplate::parse(template).unwrap().matches(path.as_bytes()), expected, "{template} {path}");
        }
        let many = PathTemplate::parse("/{**}{**}{**}{**}{**}{**}{**}{**}x").unwrap();
        assert!(!many.matches("/a".repeat(5_000).as_bytes()));
        assert!(many.matches(("/a".repeat(5_000) + "x").as_bytes()));
        assert_eq!(PathTemplate::parse("/a/*"), None);
        assert_eq!(PathTemplate::parse("/a/{id}"), None);
    }
}
