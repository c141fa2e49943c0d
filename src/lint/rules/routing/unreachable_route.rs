//! `unreachable-route`

use super::{shared_listener, unreachable_rule};
use crate::lint::dead_routes::{Routes, Shadow, is_dead};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Finding, Rule};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "unreachable-route",
    summary: "a route that never gets a request, because earlier ones match all of its requests",
    findings: [&ROUTE, &EQUAL_MATCH, &OLDER_MATCH, &OVERLAPPING_MATCH],
    check: check,
};

pub(super) static ROUTE: Finding = finding! {
    "route", Lost, Certain, ["IST0130", "IST0131"],
    "earlier routes match all requests of the route",
};
pub(super) static EQUAL_MATCH: Finding = finding! {
    "equal-match", Lost, Certain, [],
    "two Gateway API routes or Ingresses match the same traffic, and only the older one gets it",
};
pub(super) static OLDER_MATCH: Finding = finding! {
    "older-match", Lost, Likely, [],
    "a match gets no requests if another Gateway API route or Ingress is older",
};
pub(super) static OVERLAPPING_MATCH: Finding = finding! {
    "overlapping-match", Surprising, Likely, [],
    "two Gateway API routes match some requests, and the older one gets them",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let dead = context.dead_routes();
    check_routes(&dead.requests, "request", diagnostics);
    check_routes(&dead.connections, "connection", diagnostics);
    unreachable_rule::check_rules(context.world, dead, diagnostics);
    shared_listener::check(context.world, diagnostics);
    for gap in &dead.undecided {
        diagnostics.unchecked(gap.clone());
    }
}

fn check_routes(routes: &Routes, noun: &str, diagnostics: &mut Diagnostics) {
    for (span, ways) in routes.iter().filter(|(_, ways)| is_dead(ways)) {
        let dead = ways.values().filter(|way| way.is_dead());
        let is_outside = |shadow: &&Shadow| shadow.route_span != *span;
        let shadows: Vec<&Shadow> = dead.flat_map(|way| &way.shadows).filter(is_outside).collect();
        let diagnostic = diagnostics.report(&ROUTE, *span, format!("this route never gets a {noun}"));
        relate(diagnostic, &shadows, ("route", noun));
        diagnostic.help(help(&shadows, noun));
    }
}

fn help(shadows: &[&Shadow], noun: &str) -> String {
    // The order of the files does not count, so nothing can be moved.
    if let Some(other) = merged(shadows) {
        return format!("add conditions to the routes of VirtualService `{other}`, or remove the route");
    }
    match shadows.iter().any(|shadow| shadow.matches_everything) {
        true => format!("move the route before the one that matches every {noun}, or remove it"),
        false => "move the route before the one that shadows it, or remove it".to_owned(),
    }
}

/// The VirtualService of a shadow, if istiod decides by age or kind which of the two comes first.
pub(super) fn merged<'s>(shadows: &[&'s Shadow]) -> Option<&'s str> {
    shadows.iter().filter(|shadow| shadow.is_merged).find_map(|shadow| shadow.other.as_deref())
}

/// Points to the matches that get the requests, each place once.
pub(super) fn relate(diagnostic: &mut Diagnostic, shadows: &[&Shadow], (later, noun): (&str, &str)) {
    let mut seen: Vec<Span> = Vec::new();
    for shadow in shadows {
        if seen.contains(&shadow.span) {
            continue;
        }
        seen.push(shadow.span);
        let kind = if shadow.span == shadow.route_span { "route" } else { "match" };
        let earlier = match &shadow.other {
            None => format!("this earlier {kind}"),
            Some(other) => format!("this earlier {kind} of VirtualService `{other}`"),
        };
        let message = match (shadow.matches_everything, shadows.len()) {
            (true, _) if kind == "route" => format!("{earlier} matches every {noun}"),
            (true, _) => format!("{earlier} covers every {noun}"),
            (false, 1) => format!("{earlier} shadows all {noun}s of the {later}"),
            (false, _) => format!("{earlier} shadows some {noun}s of the {later}"),
        };
        let such = shadow.example.as_ref().map_or(String::new(), |example| format!(", such as {example}"));
        diagnostic.related(shadow.span, message + &such);
    }
}
