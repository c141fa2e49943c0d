//! Ways into a route, and what takes their requests.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::routing::alternative::Alternative;
use crate::source::Span;
use crate::symbolic::{Matches, Meeting, Witness};
use crate::world::VirtualService;

/// Routes by place, with the ways into each by the place of their match.
pub type Routes = BTreeMap<Span, BTreeMap<Span, Way>>;

/// A match, or a route without any. The routes of a delegate are in several VirtualServices, istiod joins some of its
/// matches with several others, and a VirtualService applies at several Gateways.
#[derive(Debug, Default)]
pub struct Way {
    /// Whether some request reaches it, somewhere.
    pub is_reached: bool,
    /// The earlier matches that take all of its requests, in one of the places.
    pub shadows: Vec<Shadow>,
}

/// Whether requests reach a match.
#[derive(Debug)]
pub enum Reach {
    /// Some request does.
    Some,
    /// No request meets its conditions.
    Impossible,
    /// Earlier matches take all of its requests.
    Taken(Vec<Shadow>),
    /// The search would take too long.
    Undecided,
}

/// An earlier match that takes requests of a later one.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// The place of the match.
    pub span: Span,
    /// The place of its route.
    pub route_span: Span,
    /// Whether it takes every request or connection.
    pub matches_everything: bool,
    /// The VirtualService that has it, if that is not the one of the later match: a delegate, the one that delegates, or
    /// one for the same host.
    pub other: Option<String>,
    /// Whether istiod compares the two because their VirtualServices are for one host of a Gateway.
    pub is_merged: bool,
    /// A request of the later match that it takes.
    pub example: Option<Witness>,
}

impl Way {
    /// Adds what holds for one place, and for one of the routes that a match of a VirtualService leads to.
    pub fn add(&mut self, reach: &Reach, owner: &VirtualService<'_>) {
        match reach {
            Reach::Some | Reach::Undecided => self.is_reached = true,
            Reach::Taken(shadows) if self.shadows.is_empty() => {
                self.shadows.clone_from(shadows);
                let own = owner.name.to_string();
                self.shadows.iter_mut().for_each(|shadow| drop(shadow.other.take_if(|other| *other == own)));
            }
            Reach::Taken(_) | Reach::Impossible => {}
        }
    }

    /// Whether earlier matches take all requests. Conditions that no request meets are not a reason.
    pub fn is_dead(&self) -> bool {
        !self.is_reached && !self.shadows.is_empty()
    }
}

/// Whether a route is dead: no request reaches any of its matches, and earlier routes are a reason.
pub fn is_dead(ways: &BTreeMap<Span, Way>) -> bool {
    ways.values().all(|way| !way.is_reached) && ways.values().any(Way::is_dead)
}

/// The shadows of a proof. `covers` has the matches of the proof, which are among the `earlier` ones, and `own` the
/// numbers of those of the same VirtualService.
pub fn shadows<'r>(
    matches: &Matches<'_>,
    alternative_of: impl Fn(usize) -> &'r Alternative<'r>,
    (number, own): (usize, Range<usize>),
    earlier: &[usize],
    covers: &[usize],
) -> Vec<Shadow> {
    let later = alternative_of(number);
    let shadow = |cover: &usize| {
        let alternative = alternative_of(*cover);
        Shadow {
            span: alternative.span,
            route_span: alternative.route_span,
            matches_everything: alternative.takes_everything(),
            other: Some(alternative.owner.name.to_string()),
            is_merged: !own.contains(cover),
            // Without conditions, any request would do.
            example: example(matches, (number, *cover), earlier, "GET").filter(|_| !later.conditions.is_empty()),
        }
    };
    covers.iter().map(shadow).collect()
}

/// A request of a match that `cover` takes, as the first of `earlier` to do so. `method` is the usual one.
pub fn example(
    matches: &Matches<'_>,
    (number, cover): (usize, usize),
    earlier: &[usize],
    method: &str,
) -> Option<Witness> {
    let before = earlier.iter().position(|it| *it == cover).unwrap_or_default();
    match matches.meet(&[number, cover], &earlier[..before], method) {
        Meeting::Some(witness) => witness,
        Meeting::Apart | Meeting::Undecided => None,
    }
}
