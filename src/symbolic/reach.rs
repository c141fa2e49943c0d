//! Whether a shape gets requests if others come before it.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::atoms::Precision;
use super::dimension::{ProxyCondition, ProxyProperty};
use super::escape::{Escape, MOST_COMPARISONS};
use super::region::Region;
use super::space::{Shape, Space};
use super::witness::Witness;
use crate::routing::alternative::Alternative;
use crate::world::{Bound, NamespacedName};

/// The comparisons of all searches in one space.
pub(super) const MOST_COMPARISONS_TOGETHER: u64 = 200_000_000;

/// The most boxes of a proof for which a smaller proof is searched.
pub(super) const MOST_PRUNED: usize = 64;

/// Whether a shape gets requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachability {
    /// Some request reaches it.
    Reached,
    /// No request meets its conditions.
    Impossible,
    /// Earlier shapes, by number, take all of its requests.
    TakenBy(Vec<usize>),
    /// The search would take too long.
    Undecided,
}

/// Whether some request meets all of some shapes, and no earlier one.
#[derive(Debug, Clone, PartialEq)]
pub enum Meeting {
    /// No request does.
    Apart,
    /// Some requests do. Here is one of them, if one is easily found.
    Some(Option<Witness>),
    /// The search would take too long.
    Undecided,
}

/// Matches of routes, which can be compared.
#[derive(Debug)]
pub struct Matches<'r> {
    shapes: Vec<Shape<'r>>,
    space: Space,
    /// The comparisons that are left for all searches.
    left: Cell<u64>,
}

impl<'r> Matches<'r> {
    /// Matches of VirtualServices that are bound to some places. Conditions on the client apply to the proxy.
    pub fn new(alternatives: impl IntoIterator<Item = &'r Alternative<'r>>, places: &[Bound]) -> Self {
        let shapes = alternatives.into_iter().map(shape).collect();
        let places = places.iter().map(|bound| place(bound.gateway.as_ref())).collect();
        Self::of_shapes(shapes, &[ProxyCondition { property: ProxyProperty::Gateway, one_of: places }])
    }

    /// Matches at one place: at a Gateway, on the port of a server of it if that is known, or in the mesh.
    pub fn at(
        alternatives: impl IntoIterator<Item = &'r Alternative<'r>>,
        gateway: Option<&NamespacedName<'_>>,
        port: Option<u32>,
    ) -> Self {
        let shapes = alternatives.into_iter().map(shape).collect();
        let mut closed = vec![ProxyCondition::is(ProxyProperty::Gateway, place(gateway))];
        closed.extend(port.map(|port| ProxyCondition::is(ProxyProperty::Port, port.to_string())));
        Self::of_shapes(shapes, &closed)
    }

    /// Shapes that can be compared. `closed` has the properties of proxies of which all possible values are known.
    pub fn of_shapes(shapes: Vec<Shape<'r>>, closed: &[ProxyCondition]) -> Self {
        let space = Space::new(&shapes, closed, Precision::Best);
        Self { shapes, space, left: Cell::new(MOST_COMPARISONS_TOGETHER) }
    }

    /// Says whether a shape gets requests if some others come before it.
    pub fn reach(&self, number: usize, earlier: &[usize]) -> Reachability {
        let Some(region) = self.space.region(number) else { return Reachability::Impossible };
        match self.escape(region.clone(), earlier) {
            Escape::Found(_) => Reachability::Reached,
            Escape::Undecided => Reachability::Undecided,
            Escape::Covered(covers) => Reachability::TakenBy(self.fewest(number, covers)),
        }
    }

    /// Whether a shape takes all requests of another one, which has some.
    pub fn takes_all_of(&self, wide: usize, narrow: usize) -> bool {
        self.space.region(narrow).is_some_and(|region| self.space.request_box(wide).covers(region))
    }

    /// Those of some shapes that take requests which meet all of others.
    pub fn overlapping(&self, all: &[usize], others: &[usize]) -> Vec<usize> {
        let common =
            all.iter().try_fold(self.space.all(), |region, shape| self.space.request_box(*shape).within(&region));
        let Some(common) = common else { return Vec::new() };
        let meets = |other: &usize| self.space.request_box(*other).within(&common).is_some();
        others.iter().copied().filter(meets).collect()
    }

    /// Whether some request meets two shapes.
    pub fn overlap(&self, one: usize, other: usize) -> bool {
        let common = self.space.region(one).and_then(|region| self.space.request_box(other).within(region));
        common.is_some()
    }

    /// Whether the shapes together take all requests.
    pub fn take_all(&self) -> bool {
        let all: Vec<usize> = (0..self.space.shape_count()).collect();
        matches!(self.escape(self.space.all(), &all), Escape::Covered(_))
    }

    /// Searches for a request that meets all of some shapes, and no earlier one. `method` is the usual method of
    /// requests.
    pub fn meet(&self, all: &[usize], earlier: &[usize], method: &str) -> Meeting {
        let common =
            all.iter().try_fold(self.space.all(), |region, shape| self.space.request_box(*shape).within(&region));
        let Some(common) = common else { return Meeting::Apart };
        match self.escape(common, earlier) {
            Escape::Covered(_) => Meeting::Apart,
            Escape::Undecided => Meeting::Undecided,
            Escape::Found(region) => {
                let witness = self.space.witness(&region, method);
                let takes = |witness: &Witness, number: usize| witness.meets(&self.shapes[number].conditions);
                Meeting::Some(witness.filter(|it| all.iter().all(|number| takes(it, *number))))
            }
        }
    }

    fn escape(&self, region: Region, earlier: &[usize]) -> Escape {
        let budget = self.left.get().min(MOST_COMPARISONS);
        let mut left = budget;
        let escape = self.space.escape(region, earlier, &mut left);
        self.left.set(self.left.get() - (budget - left));
        escape
    }

    /// Leaves out what a proof does not need, the last ones first.
    fn fewest(&self, number: usize, covers: BTreeSet<usize>) -> Vec<usize> {
        let mut kept: Vec<usize> = covers.into_iter().collect();
        if let Some(alone) = kept.iter().find(|wide| self.takes_all_of(**wide, number)) {
            return vec![*alone];
        }
        for at in (0..kept.len()).rev().take(MOST_PRUNED) {
            let mut fewer = kept.clone();
            fewer.remove(at);
            let Some(region) = self.space.region(number) else { break };
            if let Escape::Covered(_) = self.escape(region.clone(), &fewer) {
                kept = fewer;
            }
        }
        kept
    }
}

/// The text of a Gateway, or of the mesh.
pub(super) fn place(gateway: Option<&NamespacedName<'_>>) -> String {
    gateway.map_or_else(|| "mesh".to_owned(), ToString::to_string)
}

/// The conditions of a match. A list of gateways replaces the conditions on the client (istiod: `sourceMatchHTTP`).
fn shape<'r>(alternative: &'r Alternative<'r>) -> Shape<'r> {
    let mut proxy = Vec::new();
    if let Some(route_match) = &alternative.route_match {
        let port = route_match.port.map(|port| port.value.to_string());
        proxy.extend(port.map(|port| ProxyCondition::is(ProxyProperty::Port, port)));
        if route_match.gateways.is_empty() {
            let labels = &route_match.source_labels;
            proxy.extend(
                labels.iter().map(|(key, value)| ProxyCondition::is(ProxyProperty::Label((*key).to_owned()), *value)),
            );
            proxy.extend(route_match.source_namespace.map(|it| ProxyCondition::is(ProxyProperty::Namespace, it)));
        } else {
            let one_of = route_match.gateways.iter().map(|gateway| place(gateway.as_ref())).collect();
            proxy.push(ProxyCondition { property: ProxyProperty::Gateway, one_of });
        }
    }
    Shape { conditions: alternative.conditions.iter().collect(), proxy }
}
