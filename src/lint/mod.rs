//! Judgement: rules turn what the lower layers know into [`Diagnostic`]s.
//!
//! A rule is one file under `rules/` and one page under `docs/rules/`. It asks the [`World`] and reports to its
//! [`Diagnostics`]; [`run`] sorts what all of them found and says which field of which resource each place is.

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
    /// What could not be decided from these manifests, sorted by rule and reason.
    pub unchecked: Vec<Unchecked>,
    /// Totals.
    pub summary: Summary,
}

/// Totals of a [`Report`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Resources of kinds that are checked.
    pub resources: usize,
    /// Resources of other kinds, which were passed over.
    pub skipped: usize,
    /// Diagnostics that are errors.
    pub errors: usize,
    /// Diagnostics that are warnings.
    pub warnings: usize,
    /// Diagnostics that are worth knowing.
    pub infos: usize,
    /// Diagnostics that a comment, an annotation or the configuration took away.
    pub suppressed: usize,
}

/// Runs all rules at their own levels.
pub fn run(world: &World<'_>) -> Report {
    run_at(world, &Levels::default())
}

/// Runs all rules at the levels that the user gave them.
pub fn run_at(world: &World<'_>, levels: &Levels) -> Report {
    run_rules(world, &rules::ALL, levels)
}

/// Runs some rules.
pub fn run_rules(world: &World<'_>, rules: &[&'static Rule], levels: &Levels) -> Report {
    let snapshot = world.snapshot;
    let context = Context::new(world);
    let found: Vec<Diagnostics> = rules
        .par_iter()
        .map(|rule| {
            let mut diagnostics = Diagnostics::new(rule);
            (rule.check)(&context, &mut diagnostics);
            diagnostics
        })
        .collect();
    let mut report = Report::default();
    for of_rule in found {
        let (diagnostics, unchecked) = of_rule.into_parts();
        report.diagnostics.extend(diagnostics);
        report.unchecked.extend(unchecked);
    }
    report.unchecked.sort();
    let suppressed = suppression::apply(&mut report, world, rules) + levels.apply(&mut report.diagnostics);
    report.diagnostics.sort_by(|a, b| {
        let key = |it: &Diagnostic| (it.span.file, it.span.start, it.rule.name, it.span.end);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
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
