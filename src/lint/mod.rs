//! Rules that check the manifests and report [`Diagnostic`]s.
//!
//! A rule is one file under `rules/` and one page under `docs/rules/`. It reads the [`World`] and reports to its
//! [`Diagnostics`]. [`run`] sorts the findings of all rules, and adds the resource and field of each place.

mod causes;
mod context;
mod diagnostic;
mod diagnostics;
mod finding;
mod levels;
mod locate;
mod rule;
pub mod rules;
mod selector;
mod severity;
pub mod style;
mod suppression;

pub use context::Context;
pub use diagnostic::{Diagnostic, Related, ResourceName, Subject};
pub use diagnostics::{Diagnostics, Unchecked};
pub use finding::Finding;
pub use levels::Levels;
pub use rule::{Family, Rule};
pub use severity::{Certainty, Harm, Severity};

use rayon::prelude::*;

use crate::load::Snapshot;
use crate::world::World;

/// The result of linting.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, sorted by file, start and rule.
    pub diagnostics: Vec<Diagnostic>,
    /// The references that these manifests do not decide, sorted by rule and reason.
    pub unchecked: Vec<Unchecked>,
    /// Totals.
    pub summary: Summary,
}

/// Totals of a [`Report`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// The number of files that were read.
    pub files: usize,
    /// The number of resources of kinds that are checked.
    pub resources: usize,
    /// The number of resources of other kinds, which are skipped.
    pub skipped: usize,
    /// The number of errors.
    pub errors: usize,
    /// The number of warnings.
    pub warnings: usize,
    /// The number of infos.
    pub infos: usize,
    /// The number of findings that a comment, an annotation or the configuration suppresses.
    pub suppressed: usize,
}

/// Runs all rules at their default levels.
pub fn run(world: &World<'_>) -> Report {
    run_at(world, &Levels::default())
}

/// Runs all rules at the levels that the user sets.
pub fn run_at(world: &World<'_>, levels: &Levels) -> Report {
    run_rules(world, &rules::ALL, levels)
}

/// Runs some rules.
pub fn run_rules(world: &World<'_>, rules: &[&'static Rule], levels: &Levels) -> Report {
    let snapshot = world.snapshot;
    let context = Context::new(world);
    let by_rule: Vec<Diagnostics> = rules
        .par_iter()
        .map(|rule| {
            let mut diagnostics = Diagnostics::new(rule);
            (rule.check)(&context, &mut diagnostics);
            diagnostics
        })
        .collect();
    let mut report = Report::default();
    for of_rule in by_rule {
        let (diagnostics, unchecked) = of_rule.into_parts();
        report.diagnostics.extend(diagnostics);
        report.unchecked.extend(unchecked);
    }
    causes::drop_effects_of_rejected(&mut report.diagnostics, &context);
    report.unchecked.sort();
    let suppressed = suppression::apply(&mut report, world, rules) + levels.apply(&mut report.diagnostics);
    report.diagnostics.sort_by(|a, b| {
        let key = |it: &Diagnostic| (it.span.file, it.span.start, it.rule.name, it.span.end);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    causes::merge(&mut report.diagnostics);
    if cfg!(debug_assertions) {
        report.diagnostics.iter().for_each(style::check);
    }
    locate::name_subjects(&mut report.diagnostics, world);
    report.summary = summarise(snapshot, &report.diagnostics, suppressed);
    report
}

fn summarise(snapshot: &Snapshot, diagnostics: &[Diagnostic], suppressed: usize) -> Summary {
    let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    Summary {
        files: snapshot.sources.len(),
        resources: snapshot.resources.len(),
        skipped: snapshot.skipped,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        infos: count(Severity::Info),
        suppressed,
    }
}
