//! What a check may ask.

use std::collections::BTreeSet;
use std::ops::Range;

use rayon::prelude::*;

use super::Diagnostics;
use crate::load::{self, Snapshot};
use crate::model::Resource;
use crate::source::Span;
use crate::validate::{Family, Layer, Violation, validate};
use crate::world::{Gap, World};
use crate::{model, yaml};

/// What a check may ask.
#[derive(Debug)]
pub struct Context<'a> {
    /// The manifests as they were read.
    pub snapshot: &'a Snapshot,
    /// The manifests resolved.
    pub world: &'a World<'a>,
    violations: Vec<Violation>,
    refused: BTreeSet<Span>,
}

impl<'a> Context<'a> {
    /// What there is to ask about some manifests.
    pub fn new(world: &'a World<'a>) -> Self {
        let misread = Misread::new(world.snapshot);
        let resources = world.snapshot.resources.par_iter().filter(|resource| !misread.breaks(resource.span));
        let all = resources.flat_map_iter(|resource| validate(resource, &world.settings));
        let violations: Vec<Violation> = all.filter(|violation| !misread.is_within(violation.span)).collect();
        let refused = violations.iter().filter(|violation| violation.layer == Layer::Webhook).map(|it| it.span);
        Self { snapshot: world.snapshot, world, refused: refused.collect(), violations }
    }

    /// Whether there is just one definition of a resource, so that what refers to it can be judged. If not, that is
    /// noted as unchecked.
    pub fn is_definite(&self, resource: &Resource, diagnostics: &mut Diagnostics) -> bool {
        let is_definite = !self.world.is_ambiguous(resource);
        if !is_definite {
            let namespace = self.world.settings.namespace_of(resource);
            let name = format!("{namespace}/{}", resource.name());
            diagnostics.unchecked(Gap::SeveralDefinitions(resource.kind, name));
        }
        is_definite
    }

    /// The place of some bytes of a text at a place. Where the file does not have the text as it is, but with escapes or
    /// in several lines, it is the place of the whole.
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

    /// What the API refuses, of one sort. Of several definitions of a resource all are looked at.
    pub fn violations(&self, family: Family) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(move |violation| violation.family == family)
    }

    /// Whether the admission webhook refuses what stands at a place. Then there is no need to say what it would mean.
    pub fn is_refused(&self, place: Span) -> bool {
        self.refused.contains(&place)
    }

    /// Whatever the admission webhook refuses.
    pub fn refused(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| violation.layer == Layer::Webhook)
    }

    /// What is wrong with the documents as YAML, of one sort.
    pub fn yaml_problems(&self, kind: yaml::YamlProblemKind) -> impl Iterator<Item = &'a yaml::YamlProblem> {
        self.snapshot.problems.iter().filter_map(move |problem| match problem {
            load::ManifestProblem::Yaml(problem) if problem.kind == kind => Some(problem),
            _ => None,
        })
    }

    /// What is wrong with the resources as the API describes them.
    pub fn model_problems(&self) -> impl Iterator<Item = &'a model::DecodeProblem> {
        self.snapshot.problems.iter().filter_map(|problem| match problem {
            load::ManifestProblem::Model(problem) => Some(problem),
            load::ManifestProblem::Yaml(_) => None,
        })
    }
}

/// Where the reader has something to say already. What was read there is not what was meant, so nothing follows from it.
struct Misread {
    /// What is not YAML.
    broken: Vec<Span>,
    /// All problems, by file and start.
    problems: Vec<Span>,
}

impl Misread {
    fn new(snapshot: &Snapshot) -> Self {
        // What only the schema refuses was read as it was meant.
        let span = |problem: &load::ManifestProblem| match problem {
            load::ManifestProblem::Yaml(problem) => Some(problem.span),
            load::ManifestProblem::Model(problem) => {
                (!matches!(problem.kind, model::DecodeProblemKind::SchemaViolation { .. })).then_some(problem.span)
            }
        };
        let mut problems: Vec<Span> = snapshot.problems.iter().filter_map(span).collect();
        problems.sort_by_key(|span| (span.file, span.start));
        let broken = snapshot.problems.iter().filter_map(|problem| match problem {
            load::ManifestProblem::Yaml(problem) if problem.kind == yaml::YamlProblemKind::Syntax => Some(problem.span),
            _ => None,
        });
        Self { broken: broken.collect(), problems }
    }

    /// Whether a resource is in a document that is not YAML throughout.
    fn breaks(&self, resource: Span) -> bool {
        self.broken
            .iter()
            .any(|span| span.file == resource.file && (resource.start..=resource.end).contains(&span.start))
    }

    /// Whether a problem begins within a span.
    fn is_within(&self, span: Span) -> bool {
        let first = self.problems.partition_point(|other| (other.file, other.start) < (span.file, span.start));
        self.problems.get(first).is_some_and(|other| other.file == span.file && other.start <= span.end)
    }
}
