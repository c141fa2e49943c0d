//! `unreachable-route`

use std::collections::BTreeMap;

use super::{shared_listener, unreachable_rule};
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Finding, Rule};
use crate::routing::reach::{self, Alternative, Reachability};
use crate::source::Span;
use crate::validate::{Mistake, Violation};
use crate::world::{Route, Section, VirtualService};

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
            gather(context, virtual_service, &mut routes);
        }
        check_tcp(virtual_service, diagnostics);
    }
    for (span, ways) in &routes {
        check_route(*span, ways, diagnostics);
    }
    check_repeated(context, diagnostics);
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
struct Shadow {
    span: Span,
    route_span: Span,
    matches_everything: bool,
}

fn gather(context: &Context<'_>, virtual_service: &VirtualService<'_>, routes: &mut Routes) {
    let alternatives = reach::alternatives(context.world, virtual_service);
    for (alternative, reach) in alternatives.iter().zip(reach::reach(virtual_service, &alternatives)) {
        let way = routes.entry(alternative.route_span).or_default().entry(alternative.span).or_default();
        match reach {
            Reachability::Reached => way.is_reached = true,
            Reachability::Impossible => {}
            Reachability::TakenBy(earlier) if way.shadows.is_empty() => {
                way.shadows = earlier.into_iter().map(|number| shadow(&alternatives[number])).collect();
            }
            Reachability::TakenBy(_) => {}
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

fn check_route(span: Span, ways: &BTreeMap<Span, Way>, diagnostics: &mut Diagnostics) {
    let dead = || ways.iter().filter(|(_, way)| !way.is_reached && !way.shadows.is_empty());
    let is_dead = ways.values().all(|way| !way.is_reached) && dead().next().is_some();
    if is_dead {
        let is_outside = |shadow: &&Shadow| shadow.route_span != span;
        let shadows: Vec<&Shadow> = dead().flat_map(|(_, way)| &way.shadows).filter(is_outside).collect();
        let help = match shadows.iter().any(|shadow| shadow.matches_everything) {
            true => "move the route before the one that matches every request, or remove it",
            false => "move the route before the one that shadows it, or remove it",
        };
        let diagnostic = diagnostics.report(&ROUTE, span, "this route never gets a request").help(help);
        relate(diagnostic, &shadows, "route");
        return;
    }
    for (at, way) in dead() {
        let shadows: Vec<&Shadow> = way.shadows.iter().collect();
        let is_repetition = shadows.iter().all(|shadow| shadow.route_span == span);
        relate(report_match(*at, "request", is_repetition, diagnostics), &shadows, "match");
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
fn relate(diagnostic: &mut Diagnostic, shadows: &[&Shadow], later: &str) {
    let mut seen: Vec<Span> = Vec::new();
    for shadow in shadows {
        if seen.contains(&shadow.span) {
            continue;
        }
        seen.push(shadow.span);
        let earlier = if shadow.span == shadow.route_span { "route" } else { "match" };
        let message = match (shadow.matches_everything, shadows.len()) {
            (true, _) if earlier == "route" => "this earlier route matches every request".to_owned(),
            (true, _) => "this earlier match covers every request".to_owned(),
            (false, 1) => format!("this earlier {earlier} shadows all requests of the {later}"),
            (false, _) => format!("this earlier {earlier} shadows some requests of the {later}"),
        };
        diagnostic.related(shadow.span, message);
    }
}

/// Matches that repeat earlier ones, as istiod warns of them (`UW-3`, `UW-5`), if they are not within something that is
/// reported already. They are mostly matches of connections.
fn check_repeated(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let reported: Vec<Span> = diagnostics.spans().collect();
    let is_new = |span: Span| !reported.iter().any(|reported| reported.contains(span));
    let mut repeated: BTreeMap<Span, Span> = BTreeMap::new();
    for violation in context.violations(Mistake::Unreachable) {
        if let Violation { id: "UW-3" | "UW-5", span, related: Some((earlier, _)), .. } = violation
            && is_new(*span)
        {
            repeated.entry(*span).or_insert(*earlier);
        }
    }
    if repeated.is_empty() {
        return;
    }
    for virtual_service in &context.world.virtual_services {
        for route in virtual_service.routes() {
            check_repeated_in(&route, &repeated, diagnostics);
        }
    }
}

fn check_repeated_in(route: &Route<'_>, repeated: &BTreeMap<Span, Span>, diagnostics: &mut Diagnostics) {
    let of_match = |span: Span| repeated.get(&span).map(|earlier| (span, *earlier));
    let matches = route.matches();
    let of_route: Vec<(Span, Span)> = matches.iter().filter_map(|it| of_match(it.span)).collect();
    let noun = if route.section == Section::Http { "request" } else { "connection" };
    let is_outside = |earlier: &Span| !route.span.contains(*earlier);
    if of_route.len() == matches.len() && of_route.iter().any(|(_, earlier)| is_outside(earlier)) {
        let diagnostic = diagnostics
            .report(&ROUTE, route.span, format!("this route never gets a {noun}"))
            .help("remove the route, or change its matches");
        for (_, earlier) in of_route.iter().filter(|(_, earlier)| is_outside(earlier)) {
            diagnostic.related(*earlier, "this earlier match is the same");
        }
        return;
    }
    for (span, earlier) in of_route {
        report_match(span, noun, !is_outside(&earlier), diagnostics).related(earlier, "this earlier match is the same");
    }
}

fn check_tcp(virtual_service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    let mut catch_all: Option<Span> = None;
    for route in &virtual_service.spec.tcp {
        if let Some(earlier) = catch_all {
            diagnostics
                .report(&ROUTE, route.span, "this route never gets a connection")
                .related(earlier, "this earlier route matches every connection")
                .help("move the route before the one that matches every connection, or remove it");
        } else if route.r#match.is_empty() {
            catch_all = Some(route.span);
        }
    }
}
