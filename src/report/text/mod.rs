//! Output for people.
//!
//! It has three parts, from the particular to the general: findings with their excerpts, in the order of the files;
//! then, for each rule, the findings beyond a limit; then the unchecked references and the totals. The totals come
//! last, so that they are on the screen when everything else has scrolled away.

mod answer;
mod excerpt;
mod finding;
mod meshes;
mod policy;
mod rules;
mod source_code;
mod theme;
mod totals;
mod words;

#[cfg(test)]
mod tests;

pub use answer::answers;
pub use meshes::meshes;
pub use rules::{rules, rules_of_code};

use std::collections::BTreeSet;
use std::io;

use super::Style;
use super::positions::Positions;
use crate::lint::{Diagnostic, Report};
use crate::source::Sources;
use theme::Theme;
use words::{clean, columns, count, cut};

/// The most findings of a rule that are shown with an excerpt.
const IN_FULL: usize = 20;

/// The most further findings of a rule that are shown on a line each.
const IN_LINES: usize = 30;

/// Writes the output of `mesh lint` for people.
///
/// A rule that fires hundreds of times has mostly found one mistake that was copied hundreds of times. Its first 20
/// findings are shown with their excerpts, among those of other rules. The next 30 follow below a heading for the rule,
/// as lines that editors and terminals make clickable. The rest is only counted. The limits are per rule, so that a
/// noisy rule does not hide a quiet one. The totals count everything.
pub fn lint(report: &Report, sources: &Sources, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut positions = Positions::new(sources);
    let mut rules: Vec<RuleFindings<'_>> = Vec::new();
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        let rule = RuleFindings::of(&mut rules, diagnostic);
        rule.seen += 1;
        if rule.seen <= IN_FULL {
            let docs = style.docs && rule.seen == 1;
            finding::push(&mut text, diagnostic, sources, &mut positions, &theme, docs);
            text.push('\n');
            out.write_all(text.as_bytes())?;
            text.clear();
        } else if rule.lines.len() < IN_LINES {
            rule.lines.push(diagnostic);
        } else {
            rule.rest += 1;
            rule.rest_files.insert(diagnostic.span.file);
        }
    }
    rules.sort_by_key(|rule| rule.name);
    for rule in rules.iter().filter(|rule| !rule.lines.is_empty()) {
        rule.push(&mut text, sources, &theme);
    }
    totals::push_unchecked(&mut text, &report.unchecked, &theme);
    totals::push_summary(&mut text, &report.summary, &theme);
    out.write_all(text.as_bytes())
}

/// The findings of one rule.
struct RuleFindings<'a> {
    name: &'static str,
    seen: usize,
    lines: Vec<&'a Diagnostic>,
    rest: usize,
    rest_files: BTreeSet<crate::source::FileId>,
}

impl<'a> RuleFindings<'a> {
    fn of<'r>(rules: &'r mut Vec<Self>, diagnostic: &Diagnostic) -> &'r mut Self {
        let name = diagnostic.rule.name;
        let at = rules.iter().position(|rule| rule.name == name).unwrap_or_else(|| {
            rules.push(Self { name, seen: 0, lines: Vec::new(), rest: 0, rest_files: BTreeSet::new() });
            rules.len() - 1
        });
        &mut rules[at]
    }

    /// Writes the findings without an excerpt.
    fn push(&self, out: &mut String, sources: &Sources, theme: &Theme) {
        let ellipsis = theme.style.ellipsis();
        out.push_str(&format!("{} of {}:\n", count(self.seen - IN_FULL, "more finding"), self.name));
        let mut positions = Positions::new(sources);
        for diagnostic in &self.lines {
            let (start, _) = positions.advance(diagnostic.span);
            let path = clean(sources.file(diagnostic.span.file).path());
            let place = format!("{path}:{}:{}:", start.line, start.column);
            let room = theme.style.columns().saturating_sub(columns(&place) + 3).max(Style::MIN_WIDTH);
            let place = theme.severity(diagnostic.severity, &place);
            out.push_str(&format!("  {place} {}\n", cut(&diagnostic.message, room, ellipsis)));
        }
        if self.rest > 0 {
            let files = count(self.rest_files.len(), "file");
            out.push_str(&format!("  {ellipsis} and {} more in {files}; `--format json` lists all\n", self.rest));
        }
        out.push('\n');
    }
}
