//! Text for people.

mod excerpt;
mod finding;
mod summary;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Style;
use crate::lint::{self, Diagnostic};
use crate::source::Sources;

/// Findings of one rule that are shown with an excerpt. More of them teach nothing new.
const SHOWN_IN_FULL: usize = 20;

/// Findings of one rule that are shown at all, those beyond the first ones on one line each.
const SHOWN_AT_ALL: usize = 100;

/// Writes what `mesh lint` found: every finding with its excerpt, in the order of files; of a rule that found more
/// than 20 things the others on one line each, beyond 100 only their number; then what could not be
/// checked, and the totals.
pub fn lint(report: &lint::Report, sources: &Sources, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut by_rule: BTreeMap<&str, Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in &report.diagnostics {
        let of_rule = by_rule.entry(diagnostic.rule.name).or_default();
        of_rule.push(diagnostic);
        if of_rule.len() <= SHOWN_IN_FULL {
            finding::write(diagnostic, sources, style, out)?;
        }
    }
    for (rule, diagnostics) in by_rule.iter().filter(|(_, diagnostics)| diagnostics.len() > SHOWN_IN_FULL) {
        summary::rest_of_rule(rule, &diagnostics[SHOWN_IN_FULL..], SHOWN_AT_ALL - SHOWN_IN_FULL, sources, style, out)?;
    }
    summary::unchecked(&report.unchecked, style, out)?;
    summary::totals(&report.summary, style, out)
}
