//! `rewrite-slashes`

use super::replaced_prefix;
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRoute, VirtualService};
use crate::routing::replace_prefix;
use crate::source::{Span, Spanned};

pub static RULE: Rule = rule! {
    name: "rewrite-slashes",
    summary: "a rewrite of a prefix doubles the slash before the rest of the path, or loses it",
    findings: [&DOUBLED, &LOST],
    check: check,
};

pub(super) static DOUBLED: Finding = finding! {
    "doubled-slash", Lost, Likely, [],
    "the rewritten path has 2 slashes in a row",
};
pub(super) static LOST: Finding = finding! {
    "lost-slash", Lost, Likely, [],
    "the rewritten path lacks the slash after the prefix",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in &context.world.virtual_services {
        for (index, route) in virtual_service.spec.http.iter().enumerate() {
            check_route(&virtual_service.spec, index, route, diagnostics);
        }
    }
    replaced_prefix::check(context.world, diagnostics);
}

/// The replacement of a prefix, and the name of its field.
fn replacement(route: &HttpRoute) -> Option<(&Spanned<String>, &'static str)> {
    let rewrite = route.rewrite.as_ref().filter(|rewrite| rewrite.uri_regex_rewrite.is_none());
    let of_rewrite = rewrite.and_then(|rewrite| rewrite.uri.as_ref()).map(|uri| (uri, "uri"));
    let of_redirect = || {
        let prefix = route.redirect.as_ref()?.prefix_rewrite.as_ref()?;
        Some((prefix, "prefixRewrite"))
    };
    of_rewrite.or_else(of_redirect).filter(|(uri, _)| uri.starts_with('/'))
}

fn check_route(spec: &VirtualService, index: usize, route: &HttpRoute, diagnostics: &mut Diagnostics) {
    let Some((uri, field)) = replacement(route) else { return };
    let mut bad: Vec<(Span, String, String)> = Vec::new();
    if route.r#match.is_empty() {
        bad.extend(mangled("/", uri).map(|(from, to)| (route.span, from, to)));
    }
    for (at, route_match) in route.r#match.iter().enumerate() {
        let Some((prefix, span)) = prefix(route_match) else { continue };
        let earlier = spec.http[..index].iter().flat_map(|route| &route.r#match).chain(&route.r#match[..at]);
        // An earlier match of `/a/` takes all paths below `/a`.
        let below = format!("{prefix}/");
        let has_taken_below = |earlier: &HttpMatchRequest| self::prefix(earlier).is_some_and(|(it, _)| it == below);
        if !earlier.into_iter().any(has_taken_below) {
            bad.extend(mangled(prefix, uri).map(|(from, to)| (span, from, to)));
        }
    }
    let Some((first, from, to)) = bad.first() else { return };
    let doubles = to.contains("//");
    // A text that is right for these prefixes can be wrong for others.
    let is_other = |it: &HttpMatchRequest| {
        self::prefix(it).is_some_and(|(prefix, _)| !prefix.is_empty() && mangled(prefix, uri).is_none())
    };
    let help = match (doubles, uri.as_str()) {
        (true, "/") => "end the prefix with `/`, and add a match for the exact path without it".into(),
        (true, _) if route.r#match.iter().any(is_other) => {
            format!("give the prefix a route of its own, with `{field}: {}`", uri.trim_end_matches('/')).into()
        }
        (false, _) if route.r#match.iter().any(is_other) => {
            format!("give the prefix a route of its own, with `{field}: {}/`", uri.value).into()
        }
        (true, _) => {
            let edit = Edit::set(uri.span, uri.trim_end_matches('/')).of(field);
            Advice::new(format!("write {edit}, or end the prefix with `/`")).option([edit])
        }
        (false, _) => Advice::write(Edit::set(uri.span, format!("{}/", uri.value)).of(field)),
    };
    let finding = if doubles { &DOUBLED } else { &LOST };
    let diagnostic = diagnostics.report(finding, uri.span, format!("the rewrite turns `{from}` into `{to}`"));
    diagnostic.help(help).related(*first, "the prefix that is replaced");
    for (other, ..) in &bad[1..] {
        diagnostic.related(*other, "another prefix that is replaced");
    }
}

/// The prefix that a rewrite replaces: `/` for a match without a condition on the path.
fn prefix(route_match: &HttpMatchRequest) -> Option<(&str, Span)> {
    match &route_match.uri {
        None => Some(("/", route_match.span)),
        Some(uri) if uri.regex.is_none() => uri.prefix.as_ref().map(|prefix| (prefix.as_str(), prefix.span)),
        Some(_) => None,
    }
}

/// A path with the prefix, and its wrong rewrite; `None` if the rewrite is right.
fn mangled(prefix: &str, uri: &str) -> Option<(String, String)> {
    let (ends_in_slash, gives_slash) = (prefix.ends_with('/'), uri.ends_with('/'));
    if prefix.is_empty() || ends_in_slash == gives_slash {
        return None;
    }
    let path = if ends_in_slash { format!("{prefix}items") } else { format!("{prefix}/items") };
    let made = replace_prefix(path.as_bytes(), prefix.len(), uri);
    Some((path, String::from_utf8_lossy(&made).into_owned()))
}
