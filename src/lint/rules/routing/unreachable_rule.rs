//! Findings about rules of Gateway API routes and paths of Ingresses, which istiod sorts.

use super::shadowed_match::{MATCH, REPEATED_MATCH};
use super::unreachable_route::{EQUAL_MATCH, OLDER_MATCH, OVERLAPPING_MATCH, ROUTE};
use crate::advice::{Advice, Edit};
use crate::lint::dead_routes::{DeadRoutes, DerivedRule, Effect, RuleShadow, RuleWay, Tie};
use crate::lint::{Diagnostic, Diagnostics};
use crate::model::Kind;
use crate::source::Span;
use crate::world::{NamespacedName, Origin, World};

/// Reports rules that get no requests, and those that get none if another resource is older.
pub(super) fn check_rules(world: &World<'_>, dead: &DeadRoutes<'_>, diagnostics: &mut Diagnostics) {
    for tie in &dead.ties {
        report_tie(world, tie, diagnostics);
    }
    for (span, rule) in &dead.rules {
        let Some(cause) = rule.cause_of_death(*span) else { continue };
        let noun = noun(rule);
        let diagnostic = diagnostics.report(&ROUTE, *span, format!("this {noun} never gets a request"));
        let shadows: Vec<&RuleShadow> = dead_ways(rule).flat_map(|(_, way)| &way.shadows).collect();
        relate(diagnostic, &shadows);
        diagnostic.help(help(cause, noun));
    }
}

/// Reports matches that get no requests, of rules that get some.
pub(super) fn check_matches(dead: &DeadRoutes<'_>, diagnostics: &mut Diagnostics) {
    for (span, rule) in &dead.rules {
        if rule.cause_of_death(*span).is_some() {
            continue;
        }
        for (at, way) in dead_ways(rule) {
            let is_repetition = way.shadows.iter().all(|shadow| shadow.rule == *span);
            let finding = if is_repetition { &REPEATED_MATCH } else { &MATCH };
            let diagnostic = diagnostics.report(finding, at, "this match never gets a request");
            let shadows: Vec<&RuleShadow> = way.shadows.iter().collect();
            relate(diagnostic, &shadows);
            diagnostic.help(match is_repetition {
                true => Advice::new("remove this match: the rule has another match for the same requests")
                    .fix([Edit::remove(at)]),
                false => Advice::new(help(way, "match")),
            });
        }
    }
}

fn noun(rule: &DerivedRule<'_>) -> &'static str {
    if rule.resource.kind == Kind::Ingress { "path" } else { "rule" }
}

fn dead_ways<'r>(rule: &'r DerivedRule<'_>) -> impl Iterator<Item = (Span, &'r RuleWay)> {
    rule.matches.iter().filter(|(_, way)| way.is_dead()).map(|(span, way)| (*span, way))
}

/// The advice for a match that never gets a request. The order in the file is not that of istiod.
fn help(way: &RuleWay, noun: &str) -> String {
    match way.shadows.as_slice() {
        [shadow] if shadow.outranks_regex && shadow.is_default => format!(
            "give the path of this {noun} type `PathPrefix` or `Exact`, or that of the other one type \
             `RegularExpression` and value `/.*`"
        ),
        shadows if shadows.iter().any(|shadow| shadow.outranks_regex) => {
            format!("give the path of this {noun} type `PathPrefix` or `Exact`")
        }
        _ => format!("change the conditions of the {noun}"),
    }
}

/// Points to the matches that get the requests, each place once.
fn relate(diagnostic: &mut Diagnostic, shadows: &[&RuleShadow]) {
    let mut seen: Vec<Span> = Vec::new();
    for shadow in shadows {
        if seen.contains(&shadow.span) {
            continue;
        }
        seen.push(shadow.span);
        let what = match shadow.is_default {
            true => "covers every request",
            false if shadows.len() == 1 => "takes all of these requests",
            false => "takes some of these requests",
        };
        let why = match shadow.outranks_regex {
            true => ", because istiod tries regular expressions after all other paths",
            false => "",
        };
        let such = shadow.example.as_ref().map_or(String::new(), |example| format!(", such as {example}"));
        diagnostic.related(shadow.span, format!("this match {what}{such}{why}"));
    }
}

fn report_tie(world: &World<'_>, tie: &Tie<'_>, diagnostics: &mut Diagnostics) {
    let Tie { virtual_service, is_partial, other: rival, .. } = tie;
    let Some(own) = virtual_service.sources.get(tie.route).map(|source| source.resource) else { return };
    let name = NamespacedName::new(world.settings.namespace_of(rival.resource), rival.resource.name());
    let other = format!("{} `{name}`", rival.resource.kind.name());
    let host = match virtual_service.hosts.first().map(|host| host.as_str()) {
        None | Some("*") => String::new(),
        Some(host) => format!(" for host `{host}`"),
    };
    // The others may have only one of the two matches.
    let listener = virtual_service.bound_to.first().and_then(|bound| bound.gateway.as_ref()?.name.rsplit_once('~'));
    let listener = listener.map_or(String::new(), |(_, name)| format!(" on listener `{name}`"));
    let such = rival.witness.as_ref().map_or(String::new(), |witness| format!(" such as {witness}"));
    let (finding, message, related) = match rival.effect {
        Effect::Equal if *is_partial => (
            &OLDER_MATCH,
            format!("{other} has the same match{host}{listener}, so only the older of the two gets requests{such}"),
            "this match is the same",
        ),
        Effect::Equal => (
            &EQUAL_MATCH,
            format!("{other} has the same match{host}, so only the older of the two gets requests{such}"),
            "this match is the same",
        ),
        Effect::All => (
            &OLDER_MATCH,
            format!("this match gets no requests{host} if {other} is older"),
            "this match takes all requests of the other one",
        ),
        Effect::Some => (
            &OVERLAPPING_MATCH,
            format!("{other} also matches requests{such}{host}, and the older of the two gets them"),
            "this match takes the same requests",
        ),
    };
    let help = match (own.kind == rival.resource.kind, virtual_service.origin) {
        (true, Origin::Ingress) => "combine the paths in one Ingress, where the first one takes precedence".to_owned(),
        (true, _) => {
            format!("combine the rules in one {}, where the first one takes precedence", own.kind.name())
        }
        (false, _) => "change one of the matches".to_owned(),
    };
    let help = match rival.effect {
        Effect::Equal if *is_partial => {
            "change one of the two matches, or attach each route to its own listener with `sectionName`".to_owned()
        }
        Effect::Equal => "change one of the two matches".to_owned(),
        Effect::All | Effect::Some => help,
    };
    diagnostics.report(finding, tie.span, message).related(rival.span, related).help(help);
}
