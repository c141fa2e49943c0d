//! The `tcp` and `tls` routes of VirtualServices.

use super::shadow::{Routes, Shadow};
use crate::model::Kind;
use crate::routing::{L4Match, tcp_matches, tls_matches};
use crate::symbolic::{Matches, Reachability};
use crate::world::{Gap, VirtualService, World};

/// The routes, each compared with the earlier ones of its VirtualService.
pub fn connections(world: &World<'_>, undecided: &mut Vec<Gap>) -> Routes {
    let mut routes = Routes::new();
    for virtual_service in &world.virtual_services {
        for l4_matches in [tcp_matches(virtual_service), tls_matches(virtual_service)] {
            for matches in Matches::of_connections(&l4_matches, &virtual_service.bound_to) {
                add(virtual_service, &l4_matches, &matches, &mut routes, undecided);
            }
        }
    }
    routes
}

/// Adds whether matches get connections from some proxies.
fn add(
    virtual_service: &VirtualService<'_>,
    l4_matches: &[L4Match<'_>],
    matches: &Matches<'_>,
    routes: &mut Routes,
    undecided: &mut Vec<Gap>,
) {
    let numbers: Vec<usize> = (0..l4_matches.len()).collect();
    for (number, l4_match) in l4_matches.iter().enumerate() {
        let own = shadow(l4_match);
        let way = routes.entry(own.route_span).or_default().entry(own.span).or_default();
        match matches.reach(number, &numbers[..number]) {
            Reachability::Reached => way.is_reached = true,
            Reachability::Impossible => {}
            Reachability::Undecided => {
                way.is_reached = true;
                undecided.push(Gap::TooManyMatches(Kind::VirtualService, virtual_service.name.to_string()));
            }
            Reachability::TakenBy(covers) if way.shadows.is_empty() => {
                way.shadows = covers.into_iter().map(|cover| shadow(&l4_matches[cover])).collect();
            }
            Reachability::TakenBy(_) => {}
        }
    }
}

fn shadow(l4_match: &L4Match<'_>) -> Shadow {
    Shadow {
        span: l4_match.route.route_match.map_or(l4_match.route.span, |(_, span)| span),
        route_span: l4_match.route.span,
        matches_everything: l4_match.route.route_match.is_none(),
        other: None,
        is_merged: false,
        example: None,
    }
}
