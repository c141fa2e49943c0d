//! `unreachable-route`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::routing::reach::{self, Alternative, Reachability};
use crate::source::Span;
use crate::validate::{Mistake, Violation};
use crate::world::VirtualService;

pub static RULE: Rule = rule! {
    name: "unreachable-route",
    aliases: ["IST0130", "IST0131"],
    severity: Error,
    summary: "a route or match that never gets a request, because earlier ones take them all",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut rules = Rules::new();
    let lent = context.world.delegates();
    for service in &context.world.virtual_services {
        // Rules of a delegate are judged where they apply.
        if !service.is_delegate() || !lent.contains(&service.name) {
            gather(context, service, &mut rules);
        }
        check_tcp(service, diagnostics);
    }
    for (span, ways) in &rules {
        check_rule(*span, ways, diagnostics);
    }
    check_repeated(context, diagnostics);
}

/// All rules of HTTP, with the ways into each.
type Rules = BTreeMap<Span, BTreeMap<Span, Way>>;

/// A match, or a rule without any. The rules of a delegate are in several VirtualServices, and some of its matches are
/// joined with several others.
#[derive(Default)]
struct Way {
    is_reached: bool,
    taken_by: Vec<Taker>,
}

/// What takes the requests of a later match.
struct Taker {
    span: Span,
    rule_span: Span,
    takes_everything: bool,
}

fn gather(context: &Context<'_>, service: &VirtualService<'_>, rules: &mut Rules) {
    let alternatives = reach::alternatives(context.world, service);
    for (alternative, reach) in alternatives.iter().zip(reach::reach(service, &alternatives)) {
        let way = rules.entry(alternative.route_span).or_default().entry(alternative.span).or_default();
        match reach {
            Reachability::Reached => way.is_reached = true,
            Reachability::Impossible => {}
            Reachability::TakenBy(takers) if way.taken_by.is_empty() => {
                way.taken_by = takers.into_iter().map(|number| taker(&alternatives[number])).collect();
            }
            Reachability::TakenBy(_) => {}
        }
    }
}

fn taker(alternative: &Alternative<'_>) -> Taker {
    let Alternative { span, route_span: rule_span, .. } = *alternative;
    Taker { span, rule_span, takes_everything: alternative.takes_everything() }
}

fn check_rule(span: Span, ways: &BTreeMap<Span, Way>, diagnostics: &mut Diagnostics) {
    let dead = || ways.iter().filter(|(_, way)| !way.is_reached && !way.taken_by.is_empty());
    let is_dead = ways.values().all(|way| !way.is_reached) && dead().next().is_some();
    // What the rule itself takes first is its own business.
    let outside = |taker: &&Taker| taker.rule_span != span;
    if is_dead {
        let takers: Vec<&Taker> = dead().flat_map(|(_, way)| &way.taken_by).filter(outside).collect();
        let diagnostic = diagnostics.report_default(span, "this route never gets a request");
        diagnostic.aliases = &["IST0130", "IST0131"];
        relate(diagnostic, &takers);
        let help = match takers.iter().any(|taker| taker.takes_everything) {
            true => "move it before the route that takes everything, or remove it",
            false => "move it before the route that takes its requests, or remove it",
        };
        diagnostic.help(help);
        return;
    }
    for (at, way) in dead() {
        let takers: Vec<&Taker> = way.taken_by.iter().collect();
        let is_repetition = takers.iter().all(|taker| taker.rule_span == span);
        let diagnostic = diagnostics.report_default(*at, "this match is never reached");
        diagnostic.aliases = &["IST0131"];
        relate(diagnostic, &takers);
        if is_repetition {
            diagnostic.severity(Severity::Info).help("remove it; the matches of a rule are alternatives");
        } else {
            diagnostic
                .severity(Severity::Warning)
                .help("move its rule before the one that takes its requests, or remove it");
        }
    }
}

/// Points to what takes the requests, each place once.
fn relate(diagnostic: &mut Diagnostic, takers: &[&Taker]) {
    let mut seen: Vec<Span> = Vec::new();
    for taker in takers {
        if seen.contains(&taker.span) {
            continue;
        }
        seen.push(taker.span);
        let what = match (taker.takes_everything, takers.len()) {
            (true, _) => "this one takes every request",
            (false, 1) => "this one takes all of its requests",
            (false, _) => "this one takes some of its requests",
        };
        diagnostic.related(taker.span, what);
    }
}

/// Matches of connections that repeat earlier ones, as istiod warns of them, but for those within what was reported
/// already.
fn check_repeated(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let reported: Vec<Span> = diagnostics.spans().collect();
    let is_meant = |violation: &&Violation| {
        matches!(violation.id, "UW-3" | "UW-5") && !reported.iter().any(|span| span.contains(violation.span))
    };
    for violation in context.violations(Mistake::Unreachable).filter(is_meant) {
        let diagnostic = diagnostics.report_default(violation.span, &violation.message).severity(Severity::Warning);
        diagnostic.help.clone_from(&violation.help);
        if let Some((span, what)) = violation.related {
            diagnostic.related(span, what);
        }
    }
}

fn check_tcp(service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    let mut catch_all: Option<Span> = None;
    for rule in &service.spec.tcp {
        if let Some(earlier) = catch_all {
            diagnostics
                .report_default(rule.span, "this route never gets a connection")
                .related(earlier, "this one takes every connection")
                .help("move it before the route that takes everything, or remove it");
        } else if rule.r#match.is_empty() {
            catch_all = Some(rule.span);
        }
    }
}
