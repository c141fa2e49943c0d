//! The `http` routes of VirtualServices.

use std::collections::{BTreeMap, BTreeSet};

use super::merged::Gateways;
use super::shadow::{Reach, Routes, Way, is_dead, shadows};
use crate::model::Kind;
use crate::routing::alternative::{self, Alternative};
use crate::source::Span;
use crate::symbolic::{Matches, Reachability};
use crate::world::{Gap, VirtualService, World};

/// The dead alternatives: the place of the VirtualService, and the number.
pub type DeadAlternatives = BTreeSet<(Span, usize)>;

/// The routes, each compared with the earlier ones of its VirtualService, and with those of the VirtualServices that
/// istiod merges it with on Gateways.
pub fn requests(world: &World<'_>, undecided: &mut Vec<Gap>) -> (Routes, DeadAlternatives) {
    let delegates = world.delegates();
    // Routes of a delegate are checked in the VirtualServices that delegate to it.
    let is_checked = |it: &VirtualService<'_>| !it.is_delegate() || !delegates.contains(&it.name);
    let of = |it| if is_checked(it) { alternative::alternatives(world, it) } else { Vec::new() };
    let all: Vec<Vec<Alternative<'_>>> = world.virtual_services.iter().map(of).collect();
    let gateways = Gateways::new(world, &all);
    let mut dead = DeadAlternatives::new();
    let mut found: Vec<(&Alternative<'_>, Reach)> = Vec::new();
    for (index, (virtual_service, alternatives)) in world.virtual_services.iter().zip(&all).enumerate() {
        let matches = Matches::new(alternatives, &virtual_service.bound_to);
        let earlier: Vec<usize> = (0..alternatives.len()).collect();
        for (number, alternative) in alternatives.iter().enumerate() {
            let reach = match matches.reach(number, &earlier[..number]) {
                Reachability::Reached => gateways.reach(index, number),
                Reachability::Impossible => Reach::Impossible,
                Reachability::Undecided => Reach::Undecided,
                Reachability::TakenBy(covers) => {
                    let of = |number: usize| &alternatives[number];
                    Reach::Taken(shadows(&matches, of, (number, 0..number), &earlier[..number], &covers))
                }
            };
            match &reach {
                Reach::Some | Reach::Impossible => {}
                Reach::Taken(_) => drop(dead.insert((virtual_service.resource.span, number))),
                Reach::Undecided => {
                    undecided.push(Gap::TooManyMatches(Kind::VirtualService, virtual_service.name.to_string()));
                }
            }
            found.push((alternative, reach));
        }
    }
    (routes(&found), dead)
}

/// The routes with their ways. A route that delegates is one of them if it is dead although a route of the delegate gets
/// requests, from another VirtualService, or if some of its matches get requests.
fn routes(found: &[(&Alternative<'_>, Reach)]) -> Routes {
    let mut delegating = Routes::new();
    let mut delegates: BTreeMap<Span, BTreeSet<Span>> = BTreeMap::new();
    for (alternative, reach) in found {
        if let Some(it) = &alternative.delegation {
            way(&mut delegating, it.route_span, it.span).add(reach, it.owner);
            delegates.entry(it.route_span).or_default().insert(alternative.route_span);
        }
    }
    let is_delegation_dead =
        |it: &Alternative<'_>| it.delegation.as_ref().is_some_and(|it| is_dead(&delegating[&it.route_span]));
    let mut routes = Routes::new();
    // The first shadows are shown: rather those of delegating routes that get requests.
    for is_late in [false, true] {
        for (alternative, reach) in found.iter().filter(|(it, _)| is_delegation_dead(it) == is_late) {
            way(&mut routes, alternative.route_span, alternative.own_span()).add(reach, alternative.owner);
        }
    }
    delegating.retain(|span, _| !delegates[span].iter().all(|route| is_dead(&routes[route])));
    routes.extend(delegating);
    routes
}

fn way(routes: &mut Routes, route: Span, at: Span) -> &mut Way {
    routes.entry(route).or_default().entry(at).or_default()
}
