//! `mistaken-match-type`

use super::impossible_text::is_impossible;
use super::match_texts::{MatchApi, MatchText, match_texts, plain_text};
use super::mistaken_regex::{check_empty, check_regex};
use crate::advice::Advice;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::field::TextField;
use crate::model::gateway_api::HttpRouteMatch;
use crate::re2::{Re2, from_glob, from_javascript};
use crate::routing::{EnvoyRegex, takes_some_path};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "mistaken-match-type",
    summary: "a match has a pattern where Envoy compares plain text, or another notation where Envoy expects a regular expression",
    findings: [&PATTERN_AS_TEXT, &GLOB_AS_REGEX, &ESCAPED_PATTERN, &DELIMITED_REGEX, &OPEN_REGEX, &EMPTY_VALUE, &TEXT_AS_REGEX],
    check: check,
};

pub(super) static PATTERN_AS_TEXT: Finding = finding! {
    "pattern-as-text", Lost, Likely, [],
    "`exact` or `prefix` has what looks like a pattern, and Envoy compares it as text",
};
pub(super) static GLOB_AS_REGEX: Finding = finding! {
    "glob-as-regex", Lost, Likely, [],
    "`regex` has a glob, whose `*` repeats the character before it",
};
pub(super) static ESCAPED_PATTERN: Finding = finding! {
    "escaped-pattern", Lost, Likely, [],
    "`regex` matches only a text that is a pattern itself, or has an asterisk",
};
pub(super) static DELIMITED_REGEX: Finding = finding! {
    "delimited-regex", Lost, Likely, [],
    "`regex` has delimiters and flags as in JavaScript, which Envoy compares as text",
};
pub(super) static OPEN_REGEX: Finding = finding! {
    "open-regex", Lost, Likely, [],
    "`regex` has an anchor at its start only, although it must match the whole text, and it matches just one",
};
pub(super) static EMPTY_VALUE: Finding = finding! {
    "empty-value", Lost, Likely, [],
    "a condition matches only an empty header or parameter, and not a missing one",
};
pub(super) static TEXT_AS_REGEX: Finding = finding! {
    "text-as-regex", Notable, Certain, [],
    "`regex` has plain text, which must equal the whole path, or the whole value of a header with many parts",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in &context.world.virtual_services {
        let matches = virtual_service.spec.http.iter().flat_map(|route| &route.r#match);
        for (part, value) in matches.flat_map(match_texts) {
            match &value.regex {
                Some(regex) if context.is_refused(regex.span) || is_impossible(part, regex, virtual_service) => {}
                Some(regex) => check_regex(part, regex, MatchApi::Istio, diagnostics),
                None => {
                    if let Some((kind, text)) = plain_text(value) {
                        check_plain(part, kind, text, MatchApi::Istio, diagnostics);
                    }
                }
            }
        }
    }
    for resource in context.snapshot.resources() {
        let Spec::HttpRoute(route) = &resource.spec else { continue };
        for route_match in route.rules.iter().flat_map(|rule| &rule.matches) {
            check_http_route(context, route_match, diagnostics);
        }
    }
}

/// Checks a match of an HTTPRoute. Its types have defaults.
fn check_http_route(context: &Context<'_>, route_match: &HttpRouteMatch, diagnostics: &mut Diagnostics) {
    let path = route_match.path.iter().map(|it| (MatchText::Path, it.r#type.as_deref(), "PathPrefix", &it.value));
    let headers = route_match.headers.iter();
    let headers = headers.map(|it| (MatchText::Header(it.name.text()), it.r#type.as_deref(), "Exact", &it.value));
    let parameters = route_match.query_params.iter();
    let parameters = parameters.map(|it| (MatchText::Query(it.name.text()), it.r#type.as_deref(), "Exact", &it.value));
    for (part, kind, default, value) in path.chain(headers).chain(parameters) {
        let Some(value) = value.as_ref().filter(|value| !context.is_refused(value.span)) else { continue };
        match kind.map_or(default, String::as_str) {
            // `impossible-match` reports an expression that matches no path.
            "RegularExpression" if part == MatchText::Path && takes_no_path(value) => {}
            "RegularExpression" => check_regex(part, value, MatchApi::GatewayApi, diagnostics),
            kind => check_plain(part, kind, value, MatchApi::GatewayApi, diagnostics),
        }
    }
}

fn takes_no_path(regex: &str) -> bool {
    EnvoyRegex::new(regex).ok().and_then(|regex| takes_some_path(&regex)) == Some(false)
}

fn check_plain(part: MatchText<'_>, kind: &str, text: &Spanned<String>, api: MatchApi, diagnostics: &mut Diagnostics) {
    if text.is_empty() && matches!(part, MatchText::Header(_)) {
        return check_empty(part, text, diagnostics);
    }
    let found = match part {
        MatchText::Path => pattern_in_path(text),
        _ if part.can_be_pattern(text) => None,
        _ => pattern_in_value(part, text),
    };
    let Some(pattern) = found else { return };
    let message = match text.starts_with("*.") && part == MatchText::Authority {
        true => format!("the wildcard in `{pattern}` has no special meaning in `{kind}`: Envoy compares it as text"),
        false => format!("`{pattern}` has no special meaning in `{kind}`: Envoy compares it as text"),
    };
    diagnostics.report(&PATTERN_AS_TEXT, text.span, message).help(meant(part, kind, text, api));
}

/// The condition that the author of a text probably meant.
fn meant(part: MatchText<'_>, kind: &str, text: &Spanned<String>, api: MatchApi) -> Advice {
    if is_any(text) {
        match part {
            MatchText::WithoutHeader(_) => return "write `{}` to match requests without the header".into(),
            MatchText::Header(_) | MatchText::Query(_) | MatchText::Authority | MatchText::Method => {
                return api.presence().into();
            }
            MatchText::Path => return format!("{} to match every path", api.prefix("/")).into(),
            MatchText::Scheme => {}
        }
    }
    if let Some(prefix) = plain_prefix(part, text) {
        return api.prefix_at(text.span, &prefix);
    }
    let is_prefix = ["prefix", "PathPrefix"].contains(&kind);
    let regex = from_javascript(text, part.can_have_slashes()).unwrap_or_else(|| as_regex(part, is_prefix, text));
    match Re2::new(&regex) {
        Ok(_) => api.regex_at(text.span, regex),
        Err(_) => "write it as a regular expression of RE2".into(),
    }
}

/// The prefix that a path such as `/api/*` or `/api/.*` means.
fn plain_prefix(part: MatchText<'_>, text: &str) -> Option<String> {
    let start = ["/**", "/.*", "/*"].into_iter().find_map(|end| text.strip_suffix(end))?;
    let prefix = format!("{start}/");
    (part == MatchText::Path && prefix.starts_with('/') && pattern_in_path(&prefix).is_none()).then_some(prefix)
}

/// Whether a pattern matches every value.
pub(super) fn is_any(pattern: &str) -> bool {
    ["*", ".*", ".+", "^.*$", "^.+$"].contains(&pattern)
}

/// The part of a path that looks like a pattern. Characters that are common in paths too, such as dots and parentheses,
/// do not count.
pub(super) fn pattern_in_path(text: &str) -> Option<&str> {
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

/// The part of a value that looks like a pattern. Values can contain any character, so only the usual forms count.
pub(super) fn pattern_in_value<'t>(part: MatchText<'_>, text: &'t str) -> Option<&'t str> {
    let is_anchored = text.len() > 2 && text.starts_with('^') && text.ends_with('$');
    if is_any(text) || is_anchored || from_javascript(text, part.can_have_slashes()).is_some() {
        return Some(text);
    }
    let wildcard = || text.find(".*").map(|at| &text[at..at + 2]);
    // Values such as `**` and `*/*` occur as they are.
    let ends = usize::from(text.starts_with('*')) + usize::from(text.ends_with('*'));
    let is_glob = ends > 0 && text.len() > 2 && text.matches('*').count() == ends && !text.starts_with("*/");
    wildcard().or_else(|| is_glob.then_some(text))
}

/// Whether an expression has no character with a special meaning.
pub(super) fn is_plain(regex: &str) -> bool {
    !regex.is_empty() && !regex.contains(['.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$', '\\'])
}

/// The expression that a pattern probably means.
pub(super) fn as_regex(part: MatchText<'_>, is_prefix: bool, text: &str) -> String {
    let mut expression = text.to_owned();
    if part == MatchText::Path {
        while let Some((start, end)) =
            expression.find('{').and_then(|start| Some((start, start + expression[start..].find('}')?)))
        {
            expression.replace_range(start..=end, "[^/]+");
        }
    }
    // An asterisk alone is a wildcard as in file names.
    let has_meaning =
        expression.contains([']', ')', '\\', '^', '$']) || expression.contains(".*") || expression.contains(".+");
    if !has_meaning {
        expression = match from_glob(&expression) {
            Some(glob) => glob.expression,
            None => expression.replace('.', "\\.").replace('*', ".*"),
        };
    }
    if is_prefix && !expression.ends_with(['*', '$']) { expression + ".*" } else { expression }
}
