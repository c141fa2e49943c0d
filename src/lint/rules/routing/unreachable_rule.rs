//! `unreachable-route` for rules of Gateway API routes and paths of Ingresses, which istiod sorts.

use std::collections::{BTreeMap, BTreeSet};

use super::unreachable_route::{EQUAL_MATCH, MATCH, OLDER_MATCH, OVERLAPPING_MATCH, REPEATED_MATCH, ROUTE};
use crate::advice::{Advice, Edit};
use crate::lint::{Diagnostic, Diagnostics};
use crate::model::networking::{Destination, HttpRoute};
use crate::model::{Kind, Resource};
use crate::routing::alternative::{self, Alternative};
use crate::source::Span;
use crate::symbolic::{Matches, Meeting, Reachability, Witness};
use crate::world::{Gap, NamespacedName, Origin, VirtualService, World};

/// The rules of all routes by place, with the matches of each. A rule is derived for each listener and host.
type Rules<'a> = BTreeMap<Span, DerivedRule<'a>>;

/// A rule of a Gateway API route, or a path of an Ingress.
struct DerivedRule<'a> {
    resource: &'a Resource,
    matches: BTreeMap<Span, Way>,
}

/// A match, over all listeners and hosts.
#[derive(Default)]
struct Way {
    is_reached: bool,
    shadows: Vec<Shadow>,
}

/// A match that takes precedence over another one.
#[derive(Clone, Copy)]
struct Shadow {
    span: Span,
    rule: Span,
    /// Whether it has a path prefix of `/` and nothing else.
    is_default: bool,
    /// Whether the shadowed match, but not this one, has a regular expression for the path.
    outranks_regex: bool,
}

/// A match whose order with another one depends on the age of their resources.
struct Tie<'a> {
    resource: &'a Resource,
    span: Span,
    effect: Effect,
    witness: Option<Witness>,
}

/// The loss of the newer of two resources to the older.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Each match takes all requests of the other.
    Equal,
    /// The other match takes all requests of this one, but not the reverse.
    All,
    /// Both take some requests.
    Some,
}

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut rules = Rules::new();
    let mut reported = BTreeSet::new();
    let mut ties = Vec::new();
    // A match is derived for each listener and host: how many of them it has.
    let mut times: BTreeMap<Span, usize> = BTreeMap::new();
    for virtual_service in &world.derived.virtual_services {
        let alternatives = alternative::alternatives(world, virtual_service);
        let compared =
            Compared { matches: Matches::new(&alternatives, &virtual_service.bound_to), alternatives: &alternatives };
        let mut reached = vec![false; alternatives.len()];
        for (number, alternative) in alternatives.iter().enumerate() {
            *times.entry(alternative.span).or_default() += 1;
            let is_certain =
                |earlier: &usize| !virtual_service.depends_on_age(alternatives[*earlier].route, alternative.route);
            let (certain, tied): (Vec<usize>, Vec<usize>) = (0..number).partition(is_certain);
            let reach = compared.matches.reach(number, &certain);
            add(virtual_service, &alternatives, number, &reach, &mut rules);
            match reach {
                Reachability::Reached => {}
                Reachability::Undecided => {
                    report_undecided(world, virtual_service, alternative, diagnostics);
                    continue;
                }
                Reachability::Impossible | Reachability::TakenBy(_) => continue,
            }
            let tied = tied.into_iter().filter(|earlier| reached[*earlier]);
            let own = virtual_service.sources.get(alternative.route).map(|source| source.resource);
            let may_meet = |tie: &Tie<'_>| own.is_some_and(|own| !world.may_be_elsewhere(tie.resource, own));
            let found: Result<Vec<Option<Tie<'_>>>, Undecided> =
                tied.map(|earlier| compared.tie(virtual_service, (earlier, number), &certain)).collect();
            let Ok(found) = found else {
                report_undecided(world, virtual_service, alternative, diagnostics);
                continue;
            };
            let tied = found.into_iter().flatten().filter(may_meet);
            if let Some(tie) = tied.min_by_key(|tie| tie.effect)
                && reported.insert(alternative.span)
            {
                ties.push((virtual_service, alternative.route, alternative.span, tie));
            }
            reached[number] = true;
        }
    }
    for (virtual_service, route, span, tie) in ties {
        let is_partial = times.get(&span) != times.get(&tie.span);
        report_tie(world, virtual_service, (route, span), &tie, is_partial, diagnostics);
    }
    for (span, rule) in &rules {
        check_rule(*span, rule, diagnostics);
    }
}

/// Counts a match that takes too long to compare.
fn report_undecided(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    alternative: &Alternative<'_>,
    diagnostics: &mut Diagnostics,
) {
    if let Some(source) = virtual_service.source(alternative.route) {
        let name = NamespacedName::new(world.settings.namespace_of(source.resource), source.resource.name());
        diagnostics.unchecked(Gap::TooManyMatches(source.resource.kind, name.to_string()));
    }
}

fn add<'a>(
    virtual_service: &VirtualService<'a>,
    alternatives: &[Alternative<'_>],
    number: usize,
    reach: &Reachability,
    rules: &mut Rules<'a>,
) {
    let alternative = &alternatives[number];
    let Some(source) = virtual_service.sources.get(alternative.route) else { return };
    let rule = rules
        .entry(alternative.route_span)
        .or_insert_with(|| DerivedRule { resource: source.resource, matches: BTreeMap::new() });
    let way = rule.matches.entry(alternative.span).or_default();
    match reach {
        Reachability::Reached | Reachability::Undecided => way.is_reached = true,
        Reachability::TakenBy(numbers) if way.shadows.is_empty() => {
            let shadow = |earlier: &usize| shadow(&alternatives[*earlier], alternative);
            way.shadows = numbers.iter().map(shadow).collect();
        }
        Reachability::TakenBy(_) | Reachability::Impossible => {}
    }
}

fn shadow(earlier: &Alternative<'_>, later: &Alternative<'_>) -> Shadow {
    Shadow {
        span: earlier.span,
        rule: earlier.route_span,
        is_default: earlier.takes_everything(),
        outranks_regex: later.has_path_regex() && !earlier.has_path_regex(),
    }
}

fn check_rule(span: Span, rule: &DerivedRule<'_>, diagnostics: &mut Diagnostics) {
    let noun = if rule.resource.kind == Kind::Ingress { "path" } else { "rule" };
    let dead = || rule.matches.iter().filter(|(_, way)| !way.is_reached && !way.shadows.is_empty());
    if rule.matches.values().all(|way| !way.is_reached)
        && let Some((_, first)) = dead().find(|(_, way)| way.shadows.iter().any(|shadow| shadow.rule != span))
    {
        let diagnostic = diagnostics.report(&ROUTE, span, format!("this {noun} never gets a request"));
        let shadows: Vec<Shadow> = dead().flat_map(|(_, way)| way.shadows.clone()).collect();
        relate(diagnostic, &shadows);
        diagnostic.help(help(first, noun));
        return;
    }
    for (at, way) in dead() {
        let is_repetition = way.shadows.iter().all(|shadow| shadow.rule == span);
        let finding = if is_repetition { &REPEATED_MATCH } else { &MATCH };
        let diagnostic = diagnostics.report(finding, *at, "this match never gets a request");
        relate(diagnostic, &way.shadows);
        diagnostic.help(match is_repetition {
            true => Advice::new("remove this match: the rule has another match for the same requests")
                .fix([Edit::remove(*at)]),
            false => Advice::new(help(way, "match")),
        });
    }
}

/// The advice for a match that never gets a request. The order in the file is not that of istiod.
fn help(way: &Way, noun: &str) -> String {
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
fn relate(diagnostic: &mut Diagnostic, shadows: &[Shadow]) {
    let mut seen: Vec<Span> = Vec::new();
    for shadow in shadows {
        if seen.contains(&shadow.span) {
            continue;
        }
        seen.push(shadow.span);
        let what = if shadow.is_default { "covers every request" } else { "takes all of these requests" };
        let why = match shadow.outranks_regex {
            true => ", because istiod tries regular expressions after all other paths",
            false => "",
        };
        diagnostic.related(shadow.span, format!("this match {what}{why}"));
    }
}

/// Two matches take too long to compare.
struct Undecided;

/// The matches of a derived VirtualService.
struct Compared<'r> {
    matches: Matches<'r>,
    alternatives: &'r [Alternative<'r>],
}

impl Compared<'_> {
    /// The effect of age on two matches of the same precedence, if `certain` come before both. `None` if no request
    /// matches both, or if both do the same.
    fn tie<'a>(
        &self,
        virtual_service: &VirtualService<'a>,
        (earlier, later): (usize, usize),
        certain: &[usize],
    ) -> Result<Option<Tie<'a>>, Undecided> {
        let [one, other] = [earlier, later].map(|number| &self.alternatives[number]);
        let Some(source) = virtual_service.sources.get(one.route) else { return Ok(None) };
        let resource = source.resource;
        let routes = &virtual_service.spec.http;
        if do_the_same(&routes[other.route], &routes[one.route]) {
            return Ok(None);
        }
        let method = if resource.kind == Kind::GrpcRoute { "POST" } else { "GET" };
        let witness = match self.matches.meet(&[earlier, later], certain, method) {
            Meeting::Some(witness) => witness,
            Meeting::Apart => return Ok(None),
            Meeting::Undecided => return Err(Undecided),
        };
        let takes_all = |wide, narrow| self.matches.takes_all_of(wide, narrow);
        let effect = match (takes_all(earlier, later), takes_all(later, earlier)) {
            (true, true) => Effect::Equal,
            (true, false) => Effect::All,
            _ if witness.is_some() => Effect::Some,
            _ => return Ok(None),
        };
        Ok(Some(Tie { resource, span: one.span, effect, witness }))
    }
}

/// Whether two routes only send requests to the same destinations.
fn do_the_same(one: &HttpRoute, other: &HttpRoute) -> bool {
    let is_plain = |route: &HttpRoute| {
        route.redirect.is_none()
            && route.rewrite.is_none()
            && route.headers.is_none()
            && route.direct_response.is_none()
            && route.mirrors.is_empty()
            && route.cors_policy.is_none()
            && route.route.iter().all(|it| it.headers.is_none())
    };
    let of = |destination: &Destination| {
        let host = destination.host.as_ref().map(|host| host.value.clone());
        let port = destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
        (host, port)
    };
    let targets = |route: &HttpRoute| {
        let shares =
            route.route.iter().map(|it| (it.destination.as_ref().map(of), it.weight.map(|weight| weight.value)));
        shares.collect::<Vec<_>>()
    };
    is_plain(one) && is_plain(other) && targets(one) == targets(other)
}

fn report_tie(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    (route, span): (usize, Span),
    tie: &Tie<'_>,
    is_partial: bool,
    diagnostics: &mut Diagnostics,
) {
    let Some(own) = virtual_service.sources.get(route).map(|source| source.resource) else { return };
    let name = NamespacedName::new(world.settings.namespace_of(tie.resource), tie.resource.name());
    let other = format!("{} `{name}`", tie.resource.kind.name());
    let host = match virtual_service.hosts.first().map(|host| host.as_str()) {
        None | Some("*") => String::new(),
        Some(host) => format!(" for host `{host}`"),
    };
    // The others may have only one of the two matches.
    let listener = virtual_service.bound_to.first().and_then(|bound| bound.gateway.as_ref()?.name.rsplit_once('~'));
    let listener = listener.map_or(String::new(), |(_, name)| format!(" on listener `{name}`"));
    let such = tie.witness.as_ref().map_or(String::new(), |witness| format!(" such as {witness}"));
    let (finding, message, related) = match tie.effect {
        Effect::Equal if is_partial => (
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
    let help = match (own.kind == tie.resource.kind, virtual_service.origin) {
        (true, Origin::Ingress) => "combine the paths in one Ingress, where the first one takes precedence".to_owned(),
        (true, _) => {
            format!("combine the rules in one {}, where the first one takes precedence", own.kind.name())
        }
        (false, _) => "change one of the matches".to_owned(),
    };
    let help = match tie.effect {
        Effect::Equal if is_partial => {
            "change one of the two matches, or attach each route to its own listener with `sectionName`".to_owned()
        }
        Effect::Equal => "change one of the two matches".to_owned(),
        Effect::All | Effect::Some => help,
    };
    diagnostics.report(finding, span, message).related(tie.span, related).help(help);
}
