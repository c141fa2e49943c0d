//! The rules of Gateway API routes and the paths of Ingresses, which istiod sorts.

use std::collections::{BTreeMap, BTreeSet};

use super::shadow::example;
use crate::model::networking::{Destination, HttpRoute};
use crate::model::{Kind, Resource};
use crate::routing::alternative::{self, Alternative};
use crate::source::Span;
use crate::symbolic::{Matches, Meeting, Reachability, Witness};
use crate::world::{Gap, NamespacedName, VirtualService, World};

/// The rules of all routes by place. A rule is derived for each listener and host.
pub type Rules<'a> = BTreeMap<Span, DerivedRule<'a>>;

/// A rule of a Gateway API route, or a path of an Ingress.
#[derive(Debug)]
pub struct DerivedRule<'a> {
    /// The route or Ingress.
    pub resource: &'a Resource,
    /// Its matches by place.
    pub matches: BTreeMap<Span, RuleWay>,
}

/// A match, over all listeners and hosts.
#[derive(Debug, Default)]
pub struct RuleWay {
    is_reached: bool,
    /// The matches that take all of its requests, at one of them.
    pub shadows: Vec<RuleShadow>,
}

/// A match that takes precedence over another one.
#[derive(Debug, Clone)]
pub struct RuleShadow {
    /// The place of the match.
    pub span: Span,
    /// The place of its rule.
    pub rule: Span,
    /// Whether it has a path prefix of `/` and nothing else.
    pub is_default: bool,
    /// Whether the shadowed match, but not this one, has a regular expression for the path.
    pub outranks_regex: bool,
    /// A request of the shadowed match that it takes.
    pub example: Option<Witness>,
}

/// A match whose order with another one depends on the age of their resources.
#[derive(Debug)]
pub struct Tie<'a> {
    /// The VirtualService that istiod derives from both.
    pub virtual_service: &'a VirtualService<'a>,
    /// The number of the route with the match.
    pub route: usize,
    /// The place of the match.
    pub span: Span,
    /// The other match.
    pub other: Rival<'a>,
    /// Whether the two also have listeners or hosts without each other.
    pub is_partial: bool,
}

/// A match that may take the requests of another one.
#[derive(Debug)]
pub struct Rival<'a> {
    /// Its resource.
    pub resource: &'a Resource,
    /// Its place.
    pub span: Span,
    /// The effect of its age.
    pub effect: Effect,
    /// A request of both.
    pub witness: Option<Witness>,
}

/// The loss of the newer of two resources to the older.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Each match takes all requests of the other.
    Equal,
    /// The other match takes all requests of this one, but not the reverse.
    All,
    /// Both take some requests.
    Some,
}

impl RuleWay {
    /// Whether other matches take all requests. Conditions that no request meets are not a reason.
    pub fn is_dead(&self) -> bool {
        !self.is_reached && !self.shadows.is_empty()
    }
}

impl DerivedRule<'_> {
    /// The first dead match that other rules shadow, if no request reaches any match.
    pub fn cause_of_death(&self, span: Span) -> Option<&RuleWay> {
        let is_of_others = |way: &&RuleWay| way.is_dead() && way.shadows.iter().any(|shadow| shadow.rule != span);
        self.matches.values().find(is_of_others).filter(|_| self.matches.values().all(|way| !way.is_reached))
    }
}

/// All rules, and the ties between them.
pub fn rules<'a>(world: &'a World<'a>, undecided: &mut Vec<Gap>) -> (Rules<'a>, Vec<Tie<'a>>) {
    let mut rules = Rules::new();
    let mut tied_spans = BTreeSet::new();
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
            compared.add(virtual_service, number, &certain, &reach, &mut rules);
            match reach {
                Reachability::Reached => {}
                Reachability::Undecided => {
                    undecided.extend(gap(world, virtual_service, alternative));
                    continue;
                }
                Reachability::Impossible | Reachability::TakenBy(_) => continue,
            }
            let tied = tied.into_iter().filter(|earlier| reached[*earlier]);
            let own = virtual_service.sources.get(alternative.route).map(|source| source.resource);
            let may_meet = |rival: &Rival<'_>| own.is_some_and(|own| !world.may_be_elsewhere(rival.resource, own));
            let found: Result<Vec<Option<Rival<'_>>>, Undecided> =
                tied.map(|earlier| compared.rival(virtual_service, (earlier, number), &certain)).collect();
            let Ok(found) = found else {
                undecided.extend(gap(world, virtual_service, alternative));
                continue;
            };
            let rivals = found.into_iter().flatten().filter(may_meet);
            if let Some(other) = rivals.min_by_key(|rival| rival.effect)
                && tied_spans.insert(alternative.span)
            {
                let (route, span) = (alternative.route, alternative.span);
                ties.push(Tie { virtual_service, route, span, other, is_partial: false });
            }
            reached[number] = true;
        }
    }
    for tie in &mut ties {
        tie.is_partial = times.get(&tie.span) != times.get(&tie.other.span);
    }
    (rules, ties)
}

/// The count of a match that takes too long to compare.
fn gap(world: &World<'_>, virtual_service: &VirtualService<'_>, alternative: &Alternative<'_>) -> Option<Gap> {
    let source = virtual_service.source(alternative.route)?;
    let name = NamespacedName::new(world.settings.namespace_of(source.resource), source.resource.name());
    Some(Gap::TooManyMatches(source.resource.kind, name.to_string()))
}

fn usual_method(resource: &Resource) -> &'static str {
    if resource.kind == Kind::GrpcRoute { "POST" } else { "GET" }
}

/// Two matches take too long to compare.
struct Undecided;

/// The matches of a derived VirtualService.
struct Compared<'r> {
    matches: Matches<'r>,
    alternatives: &'r [Alternative<'r>],
}

impl Compared<'_> {
    fn add<'a>(
        &self,
        virtual_service: &VirtualService<'a>,
        number: usize,
        certain: &[usize],
        reach: &Reachability,
        rules: &mut Rules<'a>,
    ) {
        let alternative = &self.alternatives[number];
        let Some(source) = virtual_service.sources.get(alternative.route) else { return };
        let rule = rules
            .entry(alternative.route_span)
            .or_insert_with(|| DerivedRule { resource: source.resource, matches: BTreeMap::new() });
        let way = rule.matches.entry(alternative.span).or_default();
        match reach {
            Reachability::Reached | Reachability::Undecided => way.is_reached = true,
            Reachability::TakenBy(covers) if way.shadows.is_empty() => {
                let method = usual_method(source.resource);
                way.shadows = covers.iter().map(|cover| self.shadow((number, *cover), certain, method)).collect();
            }
            Reachability::TakenBy(_) | Reachability::Impossible => {}
        }
    }

    fn shadow(&self, (number, cover): (usize, usize), certain: &[usize], method: &str) -> RuleShadow {
        let [later, earlier] = [number, cover].map(|number| &self.alternatives[number]);
        RuleShadow {
            span: earlier.span,
            rule: earlier.route_span,
            is_default: earlier.takes_everything(),
            outranks_regex: later.has_path_regex() && !earlier.has_path_regex(),
            example: example(&self.matches, (number, cover), certain, method).filter(|_| !later.conditions.is_empty()),
        }
    }

    /// The effect of age on two matches of the same precedence, if `certain` come before both. `None` if no request
    /// matches both, or if both do the same.
    fn rival<'a>(
        &self,
        virtual_service: &VirtualService<'a>,
        (earlier, later): (usize, usize),
        certain: &[usize],
    ) -> Result<Option<Rival<'a>>, Undecided> {
        let [one, other] = [earlier, later].map(|number| &self.alternatives[number]);
        let Some(source) = virtual_service.sources.get(one.route) else { return Ok(None) };
        let resource = source.resource;
        let routes = &virtual_service.spec.http;
        if do_the_same(&routes[other.route], &routes[one.route]) {
            return Ok(None);
        }
        let witness = match self.matches.meet(&[earlier, later], certain, usual_method(resource)) {
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
        Ok(Some(Rival { resource, span: one.span, effect, witness }))
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
