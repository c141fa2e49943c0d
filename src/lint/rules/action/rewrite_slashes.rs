//! `rewrite-slashes`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRoute, VirtualService};
use crate::routing::replace_prefix;
use crate::source::{Span, Spanned};

pub static RULE: Rule = rule! {
    name: "rewrite-slashes",
    aliases: [],
    severity: Warning,
    summary: "a rewrite of a prefix that doubles the slash between it and the rest of the path, or loses it",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in &context.world.virtual_services {
        for (index, rule) in service.spec.http.iter().enumerate() {
            check_rule(&service.spec, index, rule, diagnostics);
        }
    }
}

/// What is put in the place of a prefix.
fn replacement(rule: &HttpRoute) -> Option<&Spanned<String>> {
    let rewrite = rule.rewrite.as_ref().filter(|rewrite| rewrite.uri_regex_rewrite.is_none());
    let of_redirect = rule.redirect.as_ref().and_then(|redirect| redirect.prefix_rewrite.as_ref());
    rewrite.and_then(|rewrite| rewrite.uri.as_ref()).or(of_redirect).filter(|uri| uri.starts_with('/'))
}

fn check_rule(spec: &VirtualService, index: usize, rule: &HttpRoute, diagnostics: &mut Diagnostics) {
    let Some(uri) = replacement(rule) else { return };
    let mut bad: Vec<(Span, String, String)> = Vec::new();
    if rule.r#match.is_empty() {
        bad.extend(mangled("/", uri).map(|(from, to)| (rule.span, from, to)));
    }
    for (at, entry) in rule.r#match.iter().enumerate() {
        let Some((prefix, span)) = prefix(entry) else { continue };
        let earlier = spec.http[..index].iter().flat_map(|rule| &rule.r#match).chain(&rule.r#match[..at]);
        // Paths below `/a` are those of `/a/` if that comes first.
        let below = format!("{prefix}/");
        let has_taken_below = |entry: &HttpMatchRequest| self::prefix(entry).is_some_and(|(it, _)| it == below);
        if !earlier.into_iter().any(has_taken_below) {
            bad.extend(mangled(prefix, uri).map(|(from, to)| (span, from, to)));
        }
    }
    let Some((first, from, to)) = bad.first() else { return };
    let doubles = to.contains("//");
    let help = match (doubles, uri.as_str()) {
        (true, "/") => "match the prefix with a slash at its end, and the path without it by a second match".to_owned(),
        (true, _) => format!("write uri: {}, or a slash at the end of the prefix", uri.trim_end_matches('/')),
        (false, _) => format!("write uri: {}/", uri.value),
    };
    let diagnostic = diagnostics.report_default(uri.span, format!("{from} becomes {to}"));
    diagnostic.help(help).related(*first, "this prefix is replaced");
    for (other, ..) in &bad[1..] {
        diagnostic.related(*other, "this one as well");
    }
}

/// The prefix that a match replaces: one without a condition on the path has that of all paths.
fn prefix(entry: &HttpMatchRequest) -> Option<(&str, Span)> {
    match &entry.uri {
        None => Some(("/", entry.span)),
        Some(uri) if uri.regex.is_none() => uri.prefix.as_ref().map(|prefix| (prefix.as_str(), prefix.span)),
        Some(_) => None,
    }
}

/// A path, and what is wrongly made of it.
fn mangled(prefix: &str, uri: &str) -> Option<(String, String)> {
    let (ends_in_slash, gives_slash) = (prefix.ends_with('/'), uri.ends_with('/'));
    if prefix.is_empty() || ends_in_slash == gives_slash {
        return None;
    }
    let path = if ends_in_slash { format!("{prefix}items") } else { format!("{prefix}/items") };
    let made = replace_prefix(path.as_bytes(), prefix.len(), uri);
    Some((path, String::from_utf8_lossy(&made).into_owned()))
}
