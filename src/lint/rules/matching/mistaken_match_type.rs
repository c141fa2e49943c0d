//! `mistaken-match-type`

use super::mistaken_value_type;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "mistaken-match-type",
    summary: "a match has a pattern where Envoy compares plain text, or plain text where Envoy expects a regular expression",
    findings: [&PATTERN_AS_TEXT, &TEXT_AS_REGEX],
    check: check,
};

pub(super) static PATTERN_AS_TEXT: Finding = finding! {
    "pattern-as-text", Lost, Likely, [],
    "`exact` or `prefix` has what looks like a pattern, and Envoy compares it as text",
};
static TEXT_AS_REGEX: Finding = finding! {
    "text-as-regex", Notable, Certain, [],
    "`regex` has plain text, which must equal the whole path",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let routes = context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http);
    for route_match in routes.flat_map(|route| &route.r#match) {
        check_path(route_match, diagnostics);
        check_values(route_match, diagnostics);
    }
    mistaken_value_type::check(context.world, diagnostics);
}

fn check_path(route_match: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    let Some(uri) = &route_match.uri else { return };
    if let Some((kind, text)) = plain_text(uri) {
        if let Some(pattern) = pattern_in_path(text) {
            diagnostics
                .report(
                    &PATTERN_AS_TEXT,
                    text.span,
                    format!("`{pattern}` has no special meaning in `{kind}`: Envoy compares it as text"),
                )
                .help(format!("write `regex: {}`", as_regex(kind, text)));
        }
    } else if let Some(regex) = uri.regex.as_ref().filter(|regex| is_plain(regex)) {
        diagnostics
            .report(
                &TEXT_AS_REGEX,
                regex.span,
                format!("a regular expression must match the whole path, so this matches only `{}`", regex.value),
            )
            .help("write `exact` to match this path only, or `prefix` to match the paths below it too");
    }
}

/// Values can contain any character, so a value counts as a pattern only if all of it looks like one.
fn check_values(route_match: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    let headers =
        route_match.headers.iter().chain(route_match.without_headers.iter()).chain(route_match.query_params.iter());
    let texts = [&route_match.authority, &route_match.method].into_iter().flatten();
    for string_match in headers.map(|(_, value)| value).chain(texts) {
        let Some((kind, text)) = plain_text(string_match) else { continue };
        let is_anchored = text.len() > 2 && text.starts_with('^') && text.ends_with('$');
        let is_pattern = [".*", ".+", "*"].contains(&text.as_str()) || is_anchored;
        if is_pattern {
            diagnostics
                .report(
                    &PATTERN_AS_TEXT,
                    text.span,
                    format!("`{}` has no special meaning in `{kind}`: Envoy compares it as text", text.value),
                )
                .help(match is_anchored {
                    true => format!("write `regex: {}`", text.value),
                    false => "use `{}` to test for presence".to_owned(),
                });
        }
    }
    let wildcard = route_match.authority.as_ref().and_then(plain_text).filter(|(_, text)| text.starts_with("*."));
    if let Some((kind, text)) = wildcard {
        diagnostics
            .report(
                &PATTERN_AS_TEXT,
                text.span,
                format!(
                    "the wildcard in `{}` has no special meaning in `{kind}`: Envoy compares it as text",
                    text.value
                ),
            )
            .help(format!("write `regex: .*{}`", escape(&text[1..])));
    }
}

/// The field, `exact` or `prefix`, and its text.
fn plain_text(string_match: &StringMatch) -> Option<(&'static str, &Spanned<String>)> {
    match (&string_match.regex, &string_match.prefix, &string_match.exact) {
        (Some(_), ..) => None,
        (None, Some(prefix), _) => Some(("prefix", prefix)),
        (None, None, exact) => exact.as_ref().map(|exact| ("exact", exact)),
    }
}

/// The part of a path that looks like a pattern. Characters that are common in paths too, such as dots and parentheses,
/// do not count.
fn pattern_in_path(text: &str) -> Option<&str> {
    const PATTERNS: [&str; 12] = [".*", ".+", "[^", "[a-", "[A-", "[0-", "\\d", "\\w", "\\.", "\\/", "(?", "*"];
    let of_pattern = PATTERNS.into_iter().find_map(|pattern| {
        let found = &text[text.find(pattern)?..];
        // A character class is shown as a whole.
        let class = found.find(']').filter(|_| pattern.starts_with('['));
        Some(&found[..class.map_or(pattern.len(), |end| end + 1)])
    });
    let anchor = || text.starts_with("^/").then_some("^").or_else(|| text.ends_with('$').then_some("$"));
    // Clients escape braces, so no path has them.
    let placeholder = || {
        let start = text.find('{')?;
        text[start..].find('}').map(|end| &text[start..=start + end])
    };
    of_pattern.or_else(anchor).or_else(placeholder)
}

/// Whether an expression has no character with a special meaning.
fn is_plain(regex: &str) -> bool {
    !regex.is_empty() && !regex.contains(['.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$', '\\'])
}

/// The expression that the author probably meant.
fn as_regex(kind: &str, text: &str) -> String {
    let mut expression = text.to_owned();
    while let Some((start, end)) =
        expression.find('{').and_then(|start| Some((start, start + expression[start..].find('}')?)))
    {
        expression.replace_range(start..=end, "[^/]+");
    }
    // An asterisk alone is a wildcard as in file names.
    let has_meaning =
        expression.contains([']', ')', '\\', '^', '$']) || expression.contains(".*") || expression.contains(".+");
    if !has_meaning {
        expression = escape(&expression).replace('*', ".*");
    }
    if kind == "prefix" && !expression.ends_with(['*', '$']) { expression + ".*" } else { expression }
}

fn escape(text: &str) -> String {
    text.replace('.', "\\.")
}
