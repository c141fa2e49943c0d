//! The data that the checks of rules work on.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::Diagnostics;
use super::dead_routes::DeadRoutes;
use super::locate::ResourcesByPlace;
use crate::load::{self, Snapshot};
use crate::model::Resource;
use crate::simulate::Simulator;
use crate::source::Span;
use crate::validate::{Layer, Mistake, Violation, validate};
use crate::world::{Gap, World};
use crate::{kustomize, model, yaml};

/// The data that a check works on.
#[derive(Debug)]
pub struct Context<'a> {
    /// The manifests, as read.
    pub snapshot: &'a Snapshot,
    /// The manifests, resolved.
    pub world: &'a World<'a>,
    violations: Vec<Violation>,
    refused: BTreeSet<Span>,
    rejected: BTreeSet<Span>,
    simulator: OnceLock<Simulator<'a>>,
    dead_routes: OnceLock<DeadRoutes<'a>>,
}

impl<'a> Context<'a> {
    /// Validates all resources.
    pub fn new(world: &'a World<'a>) -> Self {
        let misread = Misread::new(world.snapshot);
        let resources = world.snapshot.resources.par_iter().filter(|resource| !misread.breaks(resource.span));
        let all = resources.flat_map_iter(|resource| {
            let violations = validate(resource, &world.settings);
            violations.into_iter().map(|violation| (resource.span, violation))
        });
        let is_unknown = |place| misread.is_within(place) || world.snapshot.placeholders.touch(place);
        let all: Vec<(Span, Violation)> = all.filter(|(_, violation)| !is_unknown(violation.span)).collect();
        let of_webhook = all.iter().filter(|(_, violation)| violation.layer == Layer::Webhook);
        let rejected = of_webhook.map(|(resource, _)| *resource).chain(rejected_by_schema(world.snapshot)).collect();
        let violations: Vec<Violation> = all.into_iter().map(|(_, violation)| violation).collect();
        let refused = violations.iter().filter(|violation| violation.layer == Layer::Webhook).map(|it| it.span);
        let refused = refused.collect();
        Self {
            snapshot: world.snapshot,
            world,
            refused,
            rejected,
            violations,
            simulator: OnceLock::new(),
            dead_routes: OnceLock::new(),
        }
    }

    /// The simulator of the mesh. Rules share what it has compiled.
    pub fn simulator(&self) -> &Simulator<'a> {
        self.simulator.get_or_init(|| Simulator::new(self.world))
    }

    /// The routes that get no requests. Rules share the proofs.
    pub fn dead_routes(&self) -> &DeadRoutes<'a> {
        self.dead_routes.get_or_init(|| DeadRoutes::new(self.world))
    }

    /// Whether a resource has one definition only, without placeholders, so that references to it can be checked. If not,
    /// this is reported as unchecked.
    pub fn is_definite(&self, resource: &Resource, diagnostics: &mut Diagnostics) -> bool {
        let name = || format!("{}/{}", self.world.settings.namespace_of(resource), resource.name());
        if self.world.is_ambiguous(resource) {
            diagnostics.unchecked(Gap::SeveralDefinitions(resource.kind, name()));
            return false;
        }
        let is_known = !self.world.inventory.unknowns.hide_target(resource);
        if !is_known {
            diagnostics.unchecked(Gap::PlaceholdersIn(resource.kind, name()));
        }
        is_known
    }

    /// Returns the place of some bytes of the text at a place. If the file contains the text with escapes, or on several
    /// lines, returns the place of the whole text.
    pub fn part_of(&self, span: Span, part: Range<usize>) -> Span {
        let source = self.snapshot.sources.text(span);
        let quoted = |quote: char| source.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        let (start, text) = match (quoted('\''), quoted('"')) {
            (Some(text), _) if !text.contains('\'') => (1, text),
            (_, Some(text)) if !text.contains('\\') => (1, text),
            (None, None) if !source.starts_with(['|', '>']) => (0, source),
            _ => return span,
        };
        if text.contains('\n') || part.end > text.len() {
            return span;
        }
        let at = |offset: usize| span.start as usize + start + offset;
        Span::new(span.file, at(part.start), at(part.end))
    }

    /// The violations of one kind, in all definitions of all resources.
    pub fn violations(&self, mistake: Mistake) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(move |violation| violation.mistake == mistake)
    }

    /// Whether a value has no meaning: the admission webhook rejects it, or it is not known yet.
    pub fn is_refused(&self, place: Span) -> bool {
        self.refused.contains(&place) || self.snapshot.placeholders.touch(place)
    }

    /// Whether the API server or the webhook rejects the resource at a place.
    pub fn rejects(&self, resource: Span) -> bool {
        self.rejected.contains(&resource)
    }

    /// Whether the API server or the webhook rejects any resource.
    pub fn rejects_any(&self) -> bool {
        !self.rejected.is_empty()
    }

    /// All violations for which the admission webhook rejects a resource.
    pub fn refused(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.layer == Layer::Webhook)
    }

    /// The YAML problems of one kind.
    pub fn yaml_problems(&self, kind: yaml::YamlProblemKind) -> impl Iterator<Item = &'a yaml::YamlProblem> {
        self.snapshot.problems.iter().filter_map(move |problem| match problem {
            load::ManifestProblem::Yaml(problem) if problem.kind == kind => Some(problem),
            _ => None,
        })
    }

    /// The problems that were found while resources were decoded.
    pub fn model_problems(&self) -> impl Iterator<Item = &'a model::DecodeProblem> {
        self.snapshot.problems.iter().filter_map(|problem| match problem {
            load::ManifestProblem::Model(problem) => Some(problem),
            load::ManifestProblem::Yaml(_) | load::ManifestProblem::Build(_) => None,
        })
    }

    /// The mistakes in kustomizations.
    pub fn build_problems(&self) -> impl Iterator<Item = &'a kustomize::BuildProblem> {
        self.snapshot.problems.iter().filter_map(|problem| match problem {
            load::ManifestProblem::Build(problem) => Some(problem),
            load::ManifestProblem::Yaml(_) | load::ManifestProblem::Model(_) => None,
        })
    }
}

/// The places of the resources that the API server rejects because of their types or the schema of their CRD.
fn rejected_by_schema(snapshot: &Snapshot) -> Vec<Span> {
    let resources = ResourcesByPlace::new(snapshot);
    let span = |problem: &load::ManifestProblem| match problem {
        load::ManifestProblem::Model(problem) => {
            let is_certain = !matches!(
                problem.kind,
                model::DecodeProblemKind::SpeltTwice { .. } | model::DecodeProblemKind::ChannelViolation { .. }
            );
            is_certain.then_some(problem.span)
        }
        load::ManifestProblem::Yaml(_) | load::ManifestProblem::Build(_) => None,
    };
    let places = snapshot.problems.iter().filter_map(span);
    places.filter_map(|place| resources.around(place)).map(|resource| resource.span).collect()
}

/// The places with reading problems. The decoded values there are not what the user wrote, so they are not validated.
struct Misread {
    /// The YAML syntax errors.
    broken: Vec<Span>,
    /// All problems, sorted by file and start.
    problems: Vec<Span>,
}

impl Misread {
    fn new(snapshot: &Snapshot) -> Self {
        // Values that only violate the schema were decoded as the user wrote them.
        let span = |problem: &load::ManifestProblem| match problem {
            load::ManifestProblem::Yaml(problem) => Some(problem.span),
            load::ManifestProblem::Model(problem) => (!problem.kind.is_of_schema()).then_some(problem.span),
            load::ManifestProblem::Build(_) => None,
        };
        let mut problems: Vec<Span> = snapshot.problems.iter().filter_map(span).collect();
        problems.sort_by_key(|span| (span.file, span.start));
        let broken = snapshot.problems.iter().filter_map(|problem| match problem {
            load::ManifestProblem::Yaml(problem) if problem.kind == yaml::YamlProblemKind::Syntax => Some(problem.span),
            _ => None,
        });
        Self { broken: broken.collect(), problems }
    }

    /// Whether a resource is in a document with a syntax error.
    fn breaks(&self, resource: Span) -> bool {
        self.broken
            .iter()
            .any(|span| span.file == resource.file && (resource.start..=resource.end).contains(&span.start))
    }

    /// Whether a problem starts within a span.
    fn is_within(&self, span: Span) -> bool {
        let first = self.problems.partition_point(|other| (other.file, other.start) < (span.file, span.start));
        self.problems.get(first).is_some_and(|other| other.file == span.file && other.start <= span.end)
    }
}
