//! `uneven-uri-case`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRoute};

pub static RULE: Rule = rule! {
    name: "uneven-uri-case",
    summary: "a route sets `ignoreUriCase` on some of its matches only, or where it has no effect",
    findings: [&REGEX, &UNEVEN],
    check: check,
};

static REGEX: Finding = finding! {
    "regex", Surprising, Certain, [],
    "`ignoreUriCase` is set on a match with a regular expression, where it has no effect",
};
static UNEVEN: Finding = finding! {
    "uneven", Surprising, Likely, [],
    "a match respects the case of the path, and another match of the route ignores it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for route in context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http) {
        check_regex(route, diagnostics);
        check_uneven(route, diagnostics);
    }
}

/// Regular expressions always respect case (istiod: `TranslateRouteMatch`).
fn check_regex(route: &HttpRoute, diagnostics: &mut Diagnostics) {
    for route_match in route.r#match.iter().filter(|route_match| ignores_case(route_match)) {
        let Some(ignores) = route_match.ignore_uri_case else { continue };
        let regex = route_match.uri.as_ref().and_then(|uri| uri.regex.as_ref());
        if let Some(regex) = regex.filter(|regex| !regex.starts_with("(?i)")) {
            diagnostics
                .report(&REGEX, ignores.span, "`ignoreUriCase` has no effect on a regular expression")
                .related(regex.span, "the regular expression")
                .help(format!("remove it, and write `regex: (?i){}`", regex.value));
        }
    }
}

fn check_uneven(route: &HttpRoute, diagnostics: &mut Diagnostics) {
    let texts = || route.r#match.iter().filter(|route_match| has_letters(route_match));
    let Some(ignoring) =
        texts().find(|route_match| ignores_case(route_match)).and_then(|route_match| route_match.ignore_uri_case)
    else {
        return;
    };
    for route_match in texts().filter(|route_match| !ignores_case(route_match)) {
        // `ignoreUriCase: false` is a decision, not an oversight.
        if route_match.ignore_uri_case.is_none() {
            diagnostics
                .report(
                    &UNEVEN,
                    route_match.span,
                    "this match respects the case of the path, another match of the route ignores it",
                )
                .related(ignoring.span, "`ignoreUriCase` is set here")
                .help("set `ignoreUriCase` here too, to `false` if case matters");
        }
    }
}

fn ignores_case(route_match: &HttpMatchRequest) -> bool {
    route_match.ignore_uri_case.is_some_and(|ignores| ignores.value)
}

/// Whether the path is compared with plain text that has letters.
fn has_letters(route_match: &HttpMatchRequest) -> bool {
    let Some(uri) = route_match.uri.as_ref().filter(|uri| uri.regex.is_none()) else { return false };
    let text = uri.prefix.as_ref().or(uri.exact.as_ref());
    text.is_some_and(|text| text.bytes().any(|byte| byte.is_ascii_alphabetic()))
}
