//! Path templates: `/shops/{*}/orders/{**}`.

/// A path with placeholders (Envoy: `uri_template`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    /// `{*}`: one segment, which is not empty.
    Segment,
    /// `{**}`: any number of segments.
    Rest,
}

impl Template {
    /// Reads a template; `None` for a text without placeholders.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some(at) = rest.find("{*") {
            let placeholder = if rest[at..].starts_with("{**}") {
                Part::Rest
            } else if rest[at..].starts_with("{*}") {
                Part::Segment
            } else {
                return None;
            };
            let length = if placeholder == Part::Rest { 4 } else { 3 };
            parts.push(Part::Literal(rest[..at].into()));
            parts.push(placeholder);
            rest = &rest[at + length..];
        }
        if parts.is_empty() {
            return None;
        }
        parts.push(Part::Literal(rest.into()));
        Some(Self { parts })
    }

    /// Whether it covers a path.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        covers(&self.parts, path)
    }
}

fn covers(parts: &[Part], path: &[u8]) -> bool {
    let Some((first, others)) = parts.split_first() else { return path.is_empty() };
    match first {
        Part::Literal(text) => path.strip_prefix(text.as_slice()).is_some_and(|rest| covers(others, rest)),
        Part::Segment => {
            // What follows is the end or a slash, so the segment is all up to there.
            let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
            end > 0 && path[..end].iter().copied().all(is_path_character) && covers(others, &path[end..])
        }
        Part::Rest => {
            let longest = path.iter().position(|byte| *byte != b'/' && !is_path_character(*byte)).unwrap_or(path.len());
            // Validation admits one such placeholder, as the last: what follows it is a literal.
            (0..=longest).rev().any(|end| covers(others, &path[end..]))
        }
    }
}

/// What a path segment may consist of (RFC 3986).
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;:@=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn placeholders_stand_for_one_segment_or_for_the_rest() {
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
        ] {
            assert_eq!(Template::parse(template).unwrap().matches(path.as_bytes()), expected, "{template} {path}");
        }
        assert_eq!(Template::parse("/a/*"), None);
        assert_eq!(Template::parse("/a/{id}"), None);
    }
}
