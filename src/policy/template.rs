//! Path templates: `/shops/{*}/orders/{**}`.

/// A path with placeholders (Envoy: `uri_template`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathTemplate {
    parts: Vec<TemplatePart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
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

    /// Whether a path matches.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        covers(&self.parts, path)
    }
}

fn covers(parts: &[TemplatePart], path: &[u8]) -> bool {
    let Some((first, others)) = parts.split_first() else { return path.is_empty() };
    match first {
        TemplatePart::Literal(text) => path.strip_prefix(text.as_slice()).is_some_and(|rest| covers(others, rest)),
        TemplatePart::Segment => {
            // The next part is the end or a slash, so the segment ends there.
            let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
            end > 0 && path[..end].iter().copied().all(is_path_character) && covers(others, &path[end..])
        }
        TemplatePart::Rest => {
            let longest = path.iter().position(|byte| *byte != b'/' && !is_path_character(*byte)).unwrap_or(path.len());
            // Validation allows only one `{**}`, as the last placeholder, so a literal follows.
            (0..=longest).rev().any(|end| covers(others, &path[end..]))
        }
    }
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
        ] {
            assert_eq!(PathTemplate::parse(template).unwrap().matches(path.as_bytes()), expected, "{template} {path}");
        }
        assert_eq!(PathTemplate::parse("/a/*"), None);
        assert_eq!(PathTemplate::parse("/a/{id}"), None);
    }
}
