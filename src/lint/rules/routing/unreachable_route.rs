//! `unreachable-route`

use std::collections::BTreeMap;

use super::{shared_listener, unreachable_rule};
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::routing::alternative::{self, Alternative};
use crate::routing::{L4Match, tcp_matches, tls_matches};
use crate::source::Span;
use crate::symbolic::{Matches, Reachability};
use crate::world::{Gap, VirtualService};

pub static RULE: Rule = rule! {
    name: "unreachable-route",
    summary: "a route or match that never gets a request, because earlier ones match all of its requests",
    findings: [&ROUTE, &EQUAL_MATCH, &OLDER_MATCH, &MATCH, &OVERLAPPING_MATCH, &REPEATED_MATCH],
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
pub(super) static MATCH: Finding = finding! {
    "match", Surprising, Certain, ["IST0131"],
    "earlier routes match all requests of one match of the route",
};
pub(super) static REPEATED_MATCH: Finding = finding! {
    "repeated-match", Notable, Certain, ["IST0131"],
    "other matches of the same route match all requests of the match",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut routes = Routes::new();
    let delegates = context.world.delegates();
    for virtual_service in &context.world.virtual_services {
        // Routes of a delegate are checked in the VirtualServices that delegate to it.
        if !virtual_service.is_delegate() || !delegates.contains(&virtual_service.name) {
            gather(context, virtual_service, &mut routes, diagnostics);
        }
        check_connections(virtual_service, diagnostics);
    }
    for (span, ways) in &routes {
        check_route(*span, ways, "request", diagnostics);
    }
    unreachable_rule::check(context.world, diagnostics);
    shared_listener::check(context.world, diagnostics);
}

/// All HTTP routes by place, with the ways into each.
type Routes = BTreeMap<Span, BTreeMap<Span, Way>>;

/// A match, or a route without any. The routes of a delegate are in several VirtualServices, and istiod joins some of
/// its matches with several others.
#[derive(Default)]
struct Way {
    is_reached: bool,
    shadows: Vec<Shadow>,
}

/// An earlier match that matches requests of a later one.
#[derive(Clone, Copy)]
struct Shadow {
    span: Span,
    route_span: Span,
    matches_everything: bool,
}

fn gather(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    routes: &mut Routes,
    diagnostics: &mut Diagnostics,
) {
    let alternatives = alternative::alternatives(context.world, virtual_service);
    let matches = Matches::new(&alternatives, &virtual_service.bound_to);
    let shadows: Vec<Shadow> = alternatives.iter().map(shadow).collect();
    gather_from(virtual_service, &matches, &shadows, routes, diagnostics);
}

/// Adds whether matches get anything, for some proxies.
fn gather_from(
    virtual_service: &VirtualService<'_>,
    matches: &Matches<'_>,
    all: &[Shadow],
    routes: &mut Routes,
    diagnostics: &mut Diagnostics,
) {
    let numbers: Vec<usize> = (0..all.len()).collect();
    for (number, own) in all.iter().enumerate() {
        let way = routes.entry(own.route_span).or_default().entry(own.span).or_default();
        match matches.reach(number, &numbers[..number]) {
            Reachability::Reached => way.is_reached = true,
            Reachability::Impossible => {}
            Reachability::Undecided => {
                way.is_reached = true;
                diagnostics.unchecked(Gap::TooManyMatches(Kind::VirtualService, virtual_service.name.to_string()));
            }
            Reachability::TakenBy(earlier) if way.shadows.is_empty() => {
                way.shadows = earlier.into_iter().map(|number| all[number]).collect();
            }
            Reachability::TakenBy(_) => {}
        }
    }
}

/// Checks the routes of `tcp` and `tls`.
fn check_connections(virtual_service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    for l4_matches in [tcp_matches(virtual_service), tls_matches(virtual_service)] {
        let shadow = |it: &L4Match<'_>| Shadow {
            span: it.route.route_match.map_or(it.route.span, |(_, span)| span),
            route_span: it.route.span,
            matches_everything: it.route.route_match.is_none(),
        };
        let shadows: Vec<Shadow> = l4_matches.iter().map(shadow).collect();
        let mut routes = Routes::new();
        for matches in Matches::of_connections(&l4_matches, &virtual_service.bound_to) {
            gather_from(virtual_service, &matches, &shadows, &mut routes, diagnostics);
        }
        for (span, ways) in &routes {
            check_route(*span, ways, "connection", diagnostics);
        }
    }
}

fn shadow(alternative: &Alternative<'_>) -> Shadow {
    Shadow {
        span: alternative.span,
        route_span: alternative.route_span,
        matches_everything: alternative.takes_everything(),
    }
}

fn check_route(span: Span, ways: &BTreeMap<Span, Way>, noun: &str, diagnostics: &mut Diagnostics) {
    let dead = || ways.iter().filter(|(_, way)| !way.is_reached && !way.shadows.is_empty());
    let is_dead = ways.values().all(|way| !way.is_reached) && dead().next().is_some();
    if is_dead {
        let is_outside = |shadow: &&Shadow| shadow.route_span != span;
        let shadows: Vec<&Shadow> = dead().flat_map(|(_, way)| &way.shadows).filter(is_outside).collect();
        let help = match shadows.iter().any(|shadow| shadow.matches_everything) {
            true => format!("move the route before the one that matches every {noun}, or remove it"),
            false => "move the route before the one that shadows it, or remove it".to_owned(),
        };
        let diagnostic = diagnostics.report(&ROUTE, span, format!("this route never gets a {noun}")).help(help);
        relate(diagnostic, &shadows, ("route", noun));
        return;
    }
    for (at, way) in dead() {
        let shadows: Vec<&Shadow> = way.shadows.iter().collect();
        let is_repetition = shadows.iter().all(|shadow| shadow.route_span == span);
        relate(report_match(*at, noun, is_repetition, diagnostics), &shadows, ("match", noun));
    }
}

/// Reports a match whose route gets requests by other matches.
fn report_match<'d>(
    span: Span,
    noun: &str,
    is_repetition: bool,
    diagnostics: &'d mut Diagnostics,
) -> &'d mut Diagnostic {
    let (finding, help) = if is_repetition {
        let help = "remove this match: the route has another match for the same traffic";
        (&REPEATED_MATCH, Advice::new(help).fix([Edit::remove(span)]))
    } else {
        let help = "move its route before the route that shadows it, or remove the match";
        (&MATCH, Advice::new(help).option([Edit::remove(span)]))
    };
    diagnostics.report(finding, span, format!("this match never gets a {noun}")).help(help)
}

/// Points to the matches that get the requests, each place once.
fn relate(diagnostic: &mut Diagnostic, shadows: &[&Shadow], (later, noun): (&str, &str)) {
    let mut seen: Vec<Span> = Vec::new();
    for shadow in shadows {
        if seen.contains(&shadow.span) {
            continue;
        }
        seen.push(shadow.span);
        let earlier = if shadow.span == shadow.route_span { "route" } else { "match" };
        let message = match (shadow.matches_everything, shadows.len()) {
            (true, _) if earlier == "route" => format!("this earlier route matches every {noun}"),
            (true, _) => format!("this earlier match covers every {noun}"),
            (false, 1) => format!("this earlier {earlier} shadows all {noun}s of the {later}"),
            (false, _) => format!("this earlier {earlier} shadows some {noun}s of the {later}"),
        };
        diagnostic.related(shadow.span, message);
    }
}
