//! Rules that check the manifests and report [`Diagnostic`]s.
//!
//! A rule is one file under `rules/` and one page under `docs/rules/`. It reads the [`World`] and reports to its
//! [`Diagnostics`]. [`run`] sorts the findings of all rules, and adds the resource and field of each place.

mod baseline;
mod causes;
mod comparison;
mod context;
mod dead_routes;
mod diagnostic;
mod diagnostics;
mod exact;
mod finding;
mod fix;
mod identity;
mod incoming_ports;
mod locate;
mod meshes;
mod reporting;
mod rule;
pub mod rules;
mod samples;
mod selector;
mod severity;
mod statistics;
pub mod style;
mod suppression;
mod together;
mod unknown;

pub use baseline::{Baseline, KnownFinding};
pub use comparison::{FindingChanges, Linted, PlacedFinding};
pub use context::Context;
pub use diagnostic::{Diagnostic, Related, ResourceName, Subject};
pub use diagnostics::{Diagnostics, Unchecked};
pub use finding::Finding;
pub use fix::{Fix, Tally, changed_texts};
pub use meshes::run_meshes;
pub use reporting::{Choices, Circumstances, Reporting};
pub use rule::{Family, Rule};
pub use severity::{Certainty, Harm, Severity};
pub use statistics::Statistics;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::source::FileId;
use crate::world::World;
use diagnostic::DiagnosticKey;

/// The result of linting.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, sorted by file, start and rule.
    pub diagnostics: Vec<Diagnostic>,
    /// The references that these manifests do not decide, sorted by rule and reason.
    pub unchecked: Vec<Unchecked>,
    /// The findings that a comment, an annotation or the configuration suppresses.
    pub(crate) suppressed: Vec<DiagnosticKey>,
    /// The entries of the configuration that suppress some of them.
    pub(crate) used: BTreeSet<(usize, usize)>,
    /// Totals.
    pub summary: Summary,
}

/// Totals of a [`Report`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
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
    /// The number of findings that the baseline lists.
    pub known: usize,
    /// The number of findings that touch none of the changed files, if only those are reported that do.
    pub unchanged: usize,
}

/// Runs all rules at their default levels.
pub fn run(world: &World<'_>) -> Report {
    run_at(world, &Reporting::default())
}

/// Runs all rules, reports what the user chooses, and merges the findings of each cause.
pub fn run_at(world: &World<'_>, reporting: &Reporting) -> Report {
    run_rules(world, &rules::ALL, reporting)
}

/// Runs some rules, and merges the findings of each cause.
pub fn run_rules(world: &World<'_>, rules: &[&'static Rule], reporting: &Reporting) -> Report {
    let mut report = report_of(world, rules, reporting, 1);
    causes::merge(&mut report.diagnostics);
    report.count();
    report
}

/// The findings of some rules.
/// Threads take the rules in groups of at least `rules_at_once`.
fn report_of(world: &World<'_>, rules: &[&'static Rule], reporting: &Reporting, rules_at_once: usize) -> Report {
    let snapshot = world.snapshot;
    let context = Context::new(world);
    let by_rule: Vec<Diagnostics> = rules
        .par_iter()
        .with_min_len(rules_at_once)
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
    together::doubt(&mut report.diagnostics, snapshot);
    report.unchecked.sort();
    if reporting.suppresses {
        // Comments count as used even if the value is not known yet.
        suppression::apply(&mut report, world, rules);
    }
    report.diagnostics.retain(|diagnostic| !unknown::is_about_unknown(diagnostic, &snapshot.placeholders));
    reporting.levels.apply(&mut report);
    report.diagnostics.sort_by(compare);
    if cfg!(debug_assertions) {
        report.diagnostics.iter().for_each(|diagnostic| style::check(diagnostic, snapshot));
    }
    exact::keep(&mut report.diagnostics, world);
    locate::name_subjects(&mut report.diagnostics, world);
    reporting.apply(&mut report);
    report.summary = Summary {
        files: snapshot.files.len(),
        resources: snapshot.resources.len(),
        skipped: snapshot.skipped.len(),
        ..Summary::default()
    };
    report
}

/// Compares findings by file, start and rule.
fn compare(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    let key = |it: &Diagnostic| (it.span.file, it.span.start, it.rule.name, it.span.end);
    key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
}

impl Report {
    /// Leaves the findings with a place in some files: their own, or a related one.
    pub fn keep_touching(&mut self, is_touched: impl Fn(FileId) -> bool) {
        let before = self.diagnostics.len();
        self.diagnostics.retain(|diagnostic| {
            let related = diagnostic.related.iter().map(|related| related.span.file);
            std::iter::once(diagnostic.span.file).chain(related).any(&is_touched)
        });
        self.summary.unchanged = before - self.diagnostics.len();
        self.count();
    }

    /// Sets the numbers of findings.
    fn count(&mut self) {
        let count = |severity| self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        let (errors, warnings, infos) = (count(Severity::Error), count(Severity::Warning), count(Severity::Info));
        self.summary = Summary { errors, warnings, infos, suppressed: self.suppressed.len(), ..self.summary };
    }
}
