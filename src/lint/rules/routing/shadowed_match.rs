//! `shadowed-match`

use super::unreachable_route::{merged, relate};
use super::unreachable_rule;
use crate::advice::{Advice, Edit};
use crate::lint::dead_routes::{Routes, Shadow, Way, is_dead};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "shadowed-match",
    summary: "a match that never gets a request, because earlier ones match all of its requests",
    findings: [&MATCH, &REPEATED_MATCH],
    check: check,
};

pub(super) static MATCH: Finding = finding! {
    "match", Surprising, Certain, ["IST0131", "unreachable-route"],
    "earlier routes match all requests of one match of the route",
};
pub(super) static REPEATED_MATCH: Finding = finding! {
    "repeated-match", Notable, Certain, ["IST0131", "unreachable-route"],
    "other matches of the same route match all requests of the match",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let dead = context.dead_routes();
    check_routes(&dead.requests, "request", diagnostics);
    check_routes(&dead.connections, "connection", diagnostics);
    unreachable_rule::check_matches(dead, diagnostics);
}

/// Reports the dead matches of routes that get something. `unreachable-route` reports the other routes.
fn check_routes(routes: &Routes, noun: &str, diagnostics: &mut Diagnostics) {
    for (span, ways) in routes.iter().filter(|(_, ways)| !is_dead(ways)) {
        // A route of a delegate has no match of its own for the conditions of the delegating route.
        for (at, way) in ways.iter().filter(|(at, way)| way.is_dead() && *at != span) {
            report(*span, *at, way, noun, diagnostics);
        }
    }
}

fn report(route: Span, at: Span, way: &Way, noun: &str, diagnostics: &mut Diagnostics) {
    let shadows: Vec<&Shadow> = way.shadows.iter().collect();
    let (finding, help) = if shadows.iter().all(|shadow| shadow.route_span == route) {
        let help = "remove this match: the route has another match for the same traffic";
        (&REPEATED_MATCH, Advice::new(help).fix([Edit::remove(at)]))
    } else {
        let help = match merged(&shadows) {
            // The order of the files does not count, so nothing can be moved.
            Some(other) => format!("add conditions to the routes of VirtualService `{other}`, or remove the match"),
            None => "move its route before the route that shadows it, or remove the match".to_owned(),
        };
        (&MATCH, Advice::new(help).option([Edit::remove(at)]))
    };
    let diagnostic = diagnostics.report(finding, at, format!("this match never gets a {noun}"));
    relate(diagnostic, &shadows, ("match", noun));
    diagnostic.help(help);
}
