//! The `http` routes of VirtualServices.

use super::merged::{Gateways, Reach};
use super::shadow::{Routes, shadows};
use crate::model::Kind;
use crate::routing::alternative::{self, Alternative};
use crate::symbolic::{Matches, Reachability};
use crate::world::{Gap, VirtualService, World};

/// The routes, each compared with the earlier ones of its VirtualService, and with those of the VirtualServices that
/// istiod merges it with on Gateways.
pub fn requests<'a>(world: &'a World<'a>, undecided: &mut Vec<Gap>) -> Routes {
    let delegates = world.delegates();
    // Routes of a delegate are checked in the VirtualServices that delegate to it.
    let is_checked = |it: &VirtualService<'_>| !it.is_delegate() || !delegates.contains(&it.name);
    let of =
        |it: &'a VirtualService<'a>| if is_checked(it) { alternative::alternatives(world, it) } else { Vec::new() };
    let all: Vec<Vec<Alternative<'a>>> = world.virtual_services.iter().map(of).collect();
    let gateways = Gateways::new(world, &all);
    let mut routes = Routes::new();
    for (index, (virtual_service, alternatives)) in world.virtual_services.iter().zip(&all).enumerate() {
        let matches = Matches::new(alternatives, &virtual_service.bound_to);
        let earlier: Vec<usize> = (0..alternatives.len()).collect();
        for (number, alternative) in alternatives.iter().enumerate() {
            let way = routes.entry(alternative.route_span).or_default().entry(alternative.span).or_default();
            let earlier = &earlier[..number];
            let reach = match matches.reach(number, earlier) {
                Reachability::Reached if way.is_reached => Reach::Some,
                Reachability::Reached => gateways.reach(index, number),
                Reachability::Impossible => Reach::Impossible,
                Reachability::Undecided => Reach::Undecided,
                Reachability::TakenBy(covers) if way.shadows.is_empty() => Reach::Taken(shadows(
                    &matches,
                    |number| &alternatives[number],
                    (number, 0..number),
                    earlier,
                    &covers,
                )),
                Reachability::TakenBy(_) => Reach::Impossible,
            };
            match reach {
                Reach::Some => way.is_reached = true,
                Reach::Impossible => {}
                Reach::Taken(found) => way.shadows = found,
                Reach::Undecided => {
                    way.is_reached = true;
                    undecided.push(Gap::TooManyMatches(Kind::VirtualService, virtual_service.name.to_string()));
                }
            }
        }
    }
    routes
}
