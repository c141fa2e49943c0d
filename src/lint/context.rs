//! What a check may ask.

use rayon::prelude::*;

use super::Findings;
use crate::load::{self, Snapshot};
use crate::model::Resource;
use crate::validate::{Family, Layer, Violation, validate};
use crate::world::World;
use crate::{model, yaml};

/// What a check may ask.
#[derive(Debug)]
pub struct Context<'a> {
    /// The manifests as they were read.
    pub snapshot: &'a Snapshot,
    /// The manifests resolved.
    pub world: &'a World<'a>,
    violations: Vec<Violation>,
}

impl<'a> Context<'a> {
    /// What there is to ask about some manifests.
    pub fn new(world: &'a World<'a>) -> Self {
        let resources = world.snapshot.resources.par_iter();
        let violations = resources.flat_map_iter(|resource| validate(resource, &world.settings)).collect();
        Self { snapshot: world.snapshot, world, violations }
    }

    /// Whether there is just one definition of a resource, so that what refers to it can be judged. If not, that is
    /// noted as unchecked.
    pub fn is_definite(&self, resource: &Resource, findings: &mut Findings) -> bool {
        let is_definite = !self.world.is_ambiguous(resource);
        if !is_definite {
            let namespace = self.world.settings.namespace_of(resource);
            let kind = resource.kind.name();
            findings.unchecked(format!("{kind} {namespace}/{} is defined in several ways", resource.name()));
        }
        is_definite
    }

    /// What the API refuses, of one sort. Of several definitions of a resource all are looked at.
    pub fn violations(&self, family: Family) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(move |violation| violation.family == family)
    }

    /// Whatever the admission webhook refuses.
    pub fn refused(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.layer == Layer::Webhook)
    }

    /// What is wrong with the documents as YAML, of one sort.
    pub fn yaml_problems(&self, kind: yaml::ProblemKind) -> impl Iterator<Item = &'a yaml::Problem> {
        self.snapshot.problems.iter().filter_map(move |problem| match problem {
            load::Problem::Yaml(problem) if problem.kind == kind => Some(problem),
            _ => None,
        })
    }

    /// What is wrong with the resources as the API describes them.
    pub fn model_problems(&self) -> impl Iterator<Item = &'a model::Problem> {
        self.snapshot.problems.iter().filter_map(|problem| match problem {
            load::Problem::Model(problem) => Some(problem),
            load::Problem::Yaml(_) => None,
        })
    }
}
