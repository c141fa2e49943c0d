//! What a check may ask.

use rayon::prelude::*;

use super::Findings;
use crate::load::{self, Snapshot};
use crate::model::Resource;
use crate::source::Span;
use crate::validate::{Family, Violation, validate};
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
        let mut violations: Vec<Violation> =
            resources.flat_map_iter(|resource| validate(resource, &world.settings)).collect();
        let unread = unread_values(world.snapshot);
        violations.retain(|violation| !holds_any(violation.span, &unread));
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

/// The places of values that could not be read. What is missing where one of them stands is not missing.
fn unread_values(snapshot: &Snapshot) -> Vec<Span> {
    let of_problem = |problem: &load::Problem| match problem {
        load::Problem::Model(problem) => match problem.kind {
            model::ProblemKind::WrongType { .. } | model::ProblemKind::InvalidValue { .. } => Some(problem.span),
            _ => None,
        },
        load::Problem::Yaml(_) => None,
    };
    let mut places: Vec<Span> = snapshot.problems.iter().filter_map(of_problem).collect();
    places.sort_unstable();
    places
}

/// Whether a place holds any of others, which are sorted.
fn holds_any(place: Span, others: &[Span]) -> bool {
    let first = others.partition_point(|other| (other.file, other.range().start) < (place.file, place.range().start));
    others.get(first).is_some_and(|other| place.contains(*other))
}
