//! Values of policies that are written in the notation of something else: regular expressions, globs and lists.

use crate::policy::{Attribute, literal_parts};
use crate::validate::policy_syntax::path_fault;

/// The value for policies that a path with the notation of a regular expression or a glob means. `None` if one value cannot
/// say it, or it needs no change.
///
/// `/users/*/profile` is `/users/{*}/profile`, and `^/api/.*$` is `/api/*`.
pub(super) fn policy_path(written: &str) -> Option<String> {
    let text = without_anchors(written).replace("\\/", "/").replace("\\.", ".").replace("\\-", "-");
    if let Some(rest) = text.strip_prefix(".*").or(text.strip_prefix('*')) {
        let suffix = format!("*{rest}");
        return is_policy_path(&suffix).then_some(suffix).filter(|suffix| suffix != written);
    }
    // The end can be any text. In a template, it must begin a segment.
    const ENDS: [&str; 9] = ["/(.*)?", "(/.*)?", "/(.*)", "/**", ".*", ".+", "(.*)", "**", "*"];
    let open = ENDS.iter().find_map(|end| {
        let start = text.strip_suffix(end)?;
        Some(if end.starts_with('/') { format!("{start}/") } else { start.to_owned() })
    });
    let start = open.as_deref().unwrap_or(&text);
    let path = if has_placeholder(start) {
        let fixed = template(start)?;
        match open {
            Some(_) => format!("{}/{{**}}", fixed.strip_suffix('/')?),
            None => fixed,
        }
    } else {
        match open {
            Some(_) => format!("{start}*"),
            None => start.to_owned(),
        }
    };
    (path != written && is_policy_path(&path)).then_some(path)
}

/// A text without the anchors of a regular expression.
pub(super) fn without_anchors(text: &str) -> &str {
    let text = text.strip_prefix('^').unwrap_or(text);
    text.strip_suffix('$').filter(|text| !text.ends_with('\\')).unwrap_or(text)
}

/// Whether requests can have the path, and the webhook accepts it.
fn is_policy_path(path: &str) -> bool {
    let is_clean = literal_parts(&Attribute::Path, path).iter().all(|part| notation_in_path(part).is_none());
    is_clean && path.starts_with(['/', '*']) && !path.contains('?') && path_fault(path).is_none()
}

/// Whether a segment of a path stands for any text.
fn has_placeholder(path: &str) -> bool {
    path.split('/').any(is_placeholder)
}

fn is_placeholder(segment: &str) -> bool {
    let is_class = segment.starts_with('[') && segment.find(']').is_some_and(|end| end + 2 == segment.len());
    ["*", ".*", ".+", "\\d+", "\\w+", "(.*)", "(.+)", "([^/]+)", "(\\d+)"].contains(&segment)
        || (is_class && segment.ends_with(['+', '*']))
        || (segment.starts_with('{') && segment.ends_with('}'))
}

/// The path template for a path with placeholders as whole segments.
fn template(path: &str) -> Option<String> {
    let segment = |segment: &str| match is_placeholder(segment) {
        true => Some("{*}".to_owned()),
        false => (!segment.contains('*')).then(|| segment.to_owned()),
    };
    let segments: Option<Vec<String>> = path.split('/').map(segment).collect();
    Some(segments?.join("/"))
}

/// A sign that a part of a path is an expression, a glob or a list, and whether no path can have it.
pub(super) fn notation_in_path(text: &str) -> Option<Sign<'_>> {
    let find = |sign: &'static str| text.find(sign).map(|at| &text[at..at + sign.len()]);
    let certain = || {
        let anchor = text.starts_with('^').then(|| &text[..1]);
        // Proxies normalize backslashes to slashes.
        find("*").or(anchor).or_else(|| text.find('\\').map(|at| escape(&text[at..])))
    };
    let class = || {
        let start = text.find('[')?;
        text[start..].find(']').map(|end| &text[start..=start + end])
    };
    let group = || {
        let start = text.find('(')?;
        let end = start + text[start..].find(')')?;
        text[start..end].contains('|').then(|| &text[start..=end])
    };
    let likely = || {
        let anchor = text.ends_with('$').then_some("$");
        find(".+").or_else(class).or_else(group).or(anchor).or(find("|/")).or(find(",/"))
    };
    match certain() {
        Some(text) => Some(Sign { text, is_certain: true }),
        None => likely().map(|text| Sign { text, is_certain: false }),
    }
}

/// The first two characters of a text that starts with a backslash, or one if it has no more.
fn escape(text: &str) -> &str {
    text.char_indices().nth(2).map_or(text, |(end, _)| &text[..end])
}

/// A part of a value that shows that it is in another notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign<'t> {
    /// The part.
    pub text: &'t str,
    /// Whether no request has it.
    pub is_certain: bool,
}

/// The value for policies that a host with the notation of a regular expression or a glob means. `None` if one value cannot
/// say it.
pub(super) fn policy_host(written: &str) -> Option<String> {
    let text = without_anchors(written).replace("\\.", ".").replace("\\-", "-");
    let any = |start: &str| ["(.*)", "(.+)", "[^.]+", "[^.]*", ".*", ".+"].contains(&start);
    let host = match text.split_once('.') {
        Some((first, rest)) if any(first) => format!("*.{rest}"),
        _ => match text.strip_prefix(".*").or(text.strip_prefix(".+")) {
            Some(rest) => format!("*{rest}"),
            None => match text.strip_suffix(".*").or(text.strip_suffix(".+")) {
                Some(start) => format!("{start}*"),
                None => text,
            },
        },
    };
    let is_clean = literal_parts(&Attribute::Host, &host).iter().all(|part| notation_in_host(part).is_none());
    (host != written && is_clean && !host.is_empty()).then_some(host)
}

/// The first character of a part of a host that no host has. Hosts can be addresses in brackets.
pub(super) fn notation_in_host(text: &str) -> Option<char> {
    let is_address = text.starts_with('[') && text.contains(':');
    let is_foreign = |letter: &char| "*^$\\|(){}+?, ".contains(*letter) || ("[]".contains(*letter) && !is_address);
    text.chars().find(is_foreign)
}

/// The values of a list in one text: `GET|POST`, `a.example.com, b.example.com`. `None` for a single value.
pub(super) fn listed(written: &str) -> Option<Vec<&str>> {
    let text = without_anchors(written);
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let values: Vec<&str> = text.split(['|', ',']).map(str::trim).collect();
    (values.len() > 1 && values.iter().all(|value| !value.is_empty())).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_rewritten_for_policies() {
        for (written, expected) in [
            ("/users/*/profile", Some("/users/{*}/profile")),
            ("/users/*/files/*", Some("/users/{*}/files/{**}")),
            ("/users/[0-9]+/x", Some("/users/{*}/x")),
            ("/users/{id}/x", Some("/users/{*}/x")),
            ("^/api/.*$", Some("/api/*")),
            (r"^\/api\/.*$", Some("/api/*")),
            ("/api/.*", Some("/api/*")),
            ("/api(/.*)?", Some("/api*")),
            ("/dex/**", Some("/dex/*")),
            ("^/exact$", Some("/exact")),
            ("^.*/health$", Some("*/health")),
            ("/*health", None),
            ("/a/*.html", None),
            ("*/users/*/x", None),
            ("/(a|b)", None),
            ("/users/*", None),
            ("/users", None),
            ("*.js*", None),
            ("/project/.*/issues", Some("/project/{*}/issues")),
            ("/a//*/b", None),
        ] {
            assert_eq!(policy_path(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn escapes_are_whole_characters() {
        for (path, expected) in [(r"/a\é", r"\é"), (r"/a\.b", r"\."), (r"/a\", r"\"), (r"/\日本", r"\日")] {
            assert_eq!(notation_in_path(path), Some(Sign { text: expected, is_certain: true }), "{path}");
        }
    }

    #[test]
    fn hosts_are_rewritten_for_policies() {
        for (written, expected) in [
            (r"^a\.example\.com$", Some("a.example.com")),
            (r"^.*\.example\.com$", Some("*.example.com")),
            (".*.example.com", Some("*.example.com")),
            (".*example.com", Some("*example.com")),
            ("a.*.example.com", None),
            ("*.example.int:*", None),
            ("a|b", None),
            ("a.example.com", None),
            ("[::1]:80", None),
        ] {
            assert_eq!(policy_host(written).as_deref(), expected, "{written}");
        }
        assert_eq!(listed("(GET|POST)"), Some(vec!["GET", "POST"]));
        assert_eq!(listed("a, b"), Some(vec!["a", "b"]));
        assert_eq!(listed("a"), None);
    }
}
