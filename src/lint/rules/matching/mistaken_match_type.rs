//! `mistaken-match-type`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "mistaken-match-type",
    aliases: [],
    severity: Warning,
    summary: "a pattern where plain text is compared, or plain text where a regular expression is",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let rules = context.world.virtual_services.iter().flat_map(|service| &service.spec.http);
    for entry in rules.flat_map(|rule| &rule.r#match) {
        check_path(entry, diagnostics);
        check_values(entry, diagnostics);
    }
}

fn check_path(entry: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    let Some(uri) = &entry.uri else { return };
    if let Some((kind, text)) = plain_text(uri) {
        if let Some(pattern) = pattern_in_path(text) {
            diagnostics
                .report_default(
                    text.span,
                    format!("{pattern} has no special meaning in {kind}: it is compared as text"),
                )
                .help(format!("write regex: {}", as_regex(kind, text)));
        }
    } else if let Some(regex) = uri.regex.as_ref().filter(|regex| is_plain(regex)) {
        diagnostics
            .report_default(
                regex.span,
                format!("an expression has to match the whole path: this one matches only {}", regex.value),
            )
            .severity(Severity::Info)
            .help("write exact if that is meant, prefix if paths below it are, or add .* at its end");
    }
}

/// Values may hold any character, so only what looks like a pattern as a whole is one.
fn check_values(entry: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    let headers = entry.headers.iter().chain(entry.without_headers.iter()).chain(entry.query_params.iter());
    let texts = [&entry.authority, &entry.method].into_iter().flatten();
    for written in headers.map(|(_, value)| value).chain(texts) {
        let Some((kind, text)) = plain_text(written) else { continue };
        let is_anchored = text.len() > 2 && text.starts_with('^') && text.ends_with('$');
        let is_pattern = [".*", ".+", "*"].contains(&text.as_str()) || is_anchored;
        if is_pattern {
            diagnostics
                .report_default(
                    text.span,
                    format!("{} has no special meaning in {kind}: it is compared as text", text.value),
                )
                .help(if is_anchored { "write regex" } else { "write {} to ask only that it is there" });
        }
    }
    let wildcard = entry.authority.as_ref().and_then(plain_text).filter(|(_, text)| text.starts_with("*."));
    if let Some((kind, text)) = wildcard {
        diagnostics
            .report_default(
                text.span,
                format!("a wildcard has no special meaning in {kind}: {} is compared as text", text.value),
            )
            .help(format!("write regex: .*{}", escape(&text[1..])));
    }
}

fn plain_text(written: &StringMatch) -> Option<(&'static str, &Spanned<String>)> {
    match (&written.regex, &written.prefix, &written.exact) {
        (Some(_), ..) => None,
        (None, Some(prefix), _) => Some(("prefix", prefix)),
        (None, None, exact) => exact.as_ref().map(|exact| ("exact", exact)),
    }
}

/// The part of a path that was meant as a pattern. Characters that expressions use and paths have as well, such as dots
/// and parentheses, tell nothing alone.
fn pattern_in_path(text: &str) -> Option<&str> {
    const PATTERNS: [&str; 12] = [".*", ".+", "[^", "[a-", "[A-", "[0-", "\\d", "\\w", "\\.", "\\/", "(?", "*"];
    let of_pattern = PATTERNS.into_iter().find(|pattern| text.contains(pattern));
    let anchor = || text.starts_with("^/").then_some("^").or_else(|| text.ends_with('$').then_some("$"));
    // Braces are escaped before paths are compared, so these are never met.
    let placeholder = || {
        let start = text.find('{')?;
        text[start..].find('}').map(|end| &text[start..=start + end])
    };
    of_pattern.or_else(anchor).or_else(placeholder)
}

/// Whether an expression has no character with a meaning.
fn is_plain(regex: &str) -> bool {
    !regex.is_empty() && !regex.contains(['.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '^', '$', '\\'])
}

/// What was probably meant.
fn as_regex(kind: &str, text: &str) -> String {
    let mut expression = text.to_owned();
    while let Some((start, end)) =
        expression.find('{').and_then(|start| Some((start, start + expression[start..].find('}')?)))
    {
        expression.replace_range(start..=end, "[^/]+");
    }
    // A lone asterisk is that of a file name.
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
