//! Routes and matches that get no requests, over all proxies: the proofs that several rules report.

mod connections;
mod derived;
mod merged;
mod own;
mod shadow;
mod virtual_host;

pub use derived::{DerivedRule, Effect, RuleShadow, RuleWay, Tie};
pub use shadow::{Routes, Shadow, Way, is_dead};

use crate::world::{Gap, VirtualService, World};

/// The routes of a mesh, and which of their matches get anything.
#[derive(Debug)]
pub struct DeadRoutes<'a> {
    /// The `http` routes of VirtualServices, those of delegates included.
    pub requests: Routes,
    dead: own::DeadAlternatives,
    /// The `tcp` and `tls` routes of VirtualServices.
    pub connections: Routes,
    /// The rules of Gateway API routes, and the paths of Ingresses.
    pub rules: derived::Rules<'a>,
    /// The pairs of such rules that only age decides between.
    pub ties: Vec<Tie<'a>>,
    /// The matches for which a proof takes too long.
    pub undecided: Vec<Gap>,
}

impl<'a> DeadRoutes<'a> {
    /// Searches the routes of a mesh.
    pub fn new(world: &'a World<'a>) -> Self {
        let mut undecided = Vec::new();
        let (requests, dead) = own::requests(world, &mut undecided);
        let connections = connections::connections(world, &mut undecided);
        let (rules, ties) = derived::rules(world, &mut undecided);
        Self { requests, dead, connections, rules, ties, undecided }
    }

    /// Whether earlier matches take all requests of a match of a VirtualService, by its number among the alternatives.
    pub fn has(&self, virtual_service: &VirtualService<'_>, number: usize) -> bool {
        self.dead.contains(&(virtual_service.resource.span, number))
    }
}
