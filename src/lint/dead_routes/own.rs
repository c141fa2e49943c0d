//! The `http` routes of VirtualServices.

use std::collections::BTreeSet;

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

/// The routes with their ways. A route of a delegate counts only where the delegating route gets requests: where it does
/// not, that is the one that is dead.
fn routes(found: &[(&Alternative<'_>, Reach)]) -> Routes {
    let mut delegating = Routes::new();
    for (alternative, reach) in found {
        if let Some(it) = &alternative.delegation {
            way(&mut delegating, it.route_span, it.span).add(reach, it.owner);
        }
    }
    let mut routes = Routes::new();
    for (alternative, reach) in found {
        let ways = alternative.delegation.as_ref().and_then(|it| delegating.get(&it.route_span));
        if !ways.is_some_and(is_dead) {
            way(&mut routes, alternative.route_span, alternative.own_span()).add(reach, alternative.owner);
        }
    }
    routes.extend(delegating);
    routes
}

fn way(routes: &mut Routes, route: Span, at: Span) -> &mut Way {
    routes.entry(route).or_default().entry(at).or_default()
}
