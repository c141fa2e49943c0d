//! The parts of a long report: findings with excerpts, findings on a line each, and findings that are only counted.

use std::collections::{BTreeMap, BTreeSet};

use super::finding;
use super::theme::Theme;
use super::words::{clean, columns, count, cut};
use crate::lint::{Diagnostic, Severity};
use crate::report::Style;
use crate::report::positions::Positions;
use crate::source::{FileId, Sources};

/// The most findings that all have excerpts. Of more findings, only examples have.
pub(super) const FEW: usize = 10;

/// The most examples of a rule.
const EXAMPLES: usize = 3;

/// The lines that examples fill, about one screen. The last one can exceed it.
const EXAMPLE_LINES: usize = 50;

/// The lines for findings without an excerpt, about one screen.
const LINES: usize = 40;

/// The most findings of a rule on a line each: errors, and others.
const ERRORS_OF_RULE: usize = 10;
const OTHERS_OF_RULE: usize = 3;

/// The findings of one rule with one severity.
#[derive(Default)]
struct Group<'a> {
    findings: Vec<&'a Diagnostic>,
    /// The number of examples among them, which are the first ones.
    examples: usize,
}

/// The findings, worst first, and within a severity by rule.
type Groups<'a> = BTreeMap<(std::cmp::Reverse<Severity>, &'static str), Group<'a>>;

/// Writes the findings.
///
/// All have excerpts if there are few of them. Otherwise a rule has mostly found one mistake that was copied many times:
/// a few examples of each rule have excerpts, errors first. The others follow below a heading for the rule, as lines that
/// editors and terminals make clickable, up to a limit for each rule and for all. The rest is only counted. So the text
/// does not grow with the number of findings, and a noisy rule does not hide a quiet one.
pub(super) fn push(out: &mut String, shown: &[&Diagnostic], sources: &Sources, theme: &Theme) {
    let mut groups = Groups::new();
    for diagnostic in shown {
        groups.entry(key(diagnostic)).or_default().findings.push(diagnostic);
    }
    push_examples(out, shown, &mut groups, sources, theme);
    if shown.len() > FEW {
        push_lines(out, &groups, sources, theme);
    }
}

fn key(diagnostic: &Diagnostic) -> (std::cmp::Reverse<Severity>, &'static str) {
    (std::cmp::Reverse(diagnostic.severity), diagnostic.rule.name)
}

/// Writes findings with excerpts, in order. Each rule gets its first example before another rule gets its second one.
fn push_examples<'a>(
    out: &mut String,
    shown: &[&'a Diagnostic],
    groups: &mut Groups<'a>,
    sources: &Sources,
    theme: &Theme,
) {
    let (rounds, lines) = if shown.len() > FEW { (EXAMPLES, EXAMPLE_LINES) } else { (FEW, usize::MAX) };
    let mut positions = Positions::new(sources);
    let mut written: BTreeMap<usize, String> = BTreeMap::new();
    let mut explained: BTreeSet<&str> = BTreeSet::new();
    let mut used = 0;
    for round in 0..rounds {
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        for (at, diagnostic) in shown.iter().enumerate() {
            let number = seen.entry(key(diagnostic)).or_default();
            *number += 1;
            if *number != round + 1 || used >= lines {
                continue;
            }
            let docs = theme.style.docs && explained.insert(diagnostic.rule.name);
            let mut text = String::new();
            finding::push(&mut text, diagnostic, sources, &mut positions, theme, docs);
            text.push('\n');
            used += text.lines().count();
            written.insert(at, text);
            groups.get_mut(&key(diagnostic)).expect("each finding is in a group").examples += 1;
        }
    }
    out.extend(written.into_values());
}

/// Writes the findings that are not examples.
fn push_lines(out: &mut String, groups: &Groups<'_>, sources: &Sources, theme: &Theme) {
    let mut room = LINES;
    let mut any = false;
    for ((severity, rule), group) in groups {
        let others = &group.findings[group.examples..];
        if others.is_empty() {
            continue;
        }
        any = true;
        let most = if severity.0 == Severity::Error { ERRORS_OF_RULE } else { OTHERS_OF_RULE };
        let shown = others.len().min(most).min(room);
        room -= shown;
        let noun =
            if group.examples > 0 { format!("more {}", severity.0.as_str()) } else { severity.0.as_str().into() };
        let heading = theme.severity(severity.0, &format!("{} of {rule}", count(others.len(), &noun)));
        if shown == 0 {
            out.push_str(&format!("{heading} in {}\n", count(files(others).len(), "file")));
            continue;
        }
        out.push_str(&format!("{heading}:\n"));
        let mut positions = Positions::new(sources);
        for diagnostic in &others[..shown] {
            push_line(out, diagnostic, sources, &mut positions, theme);
        }
        let rest = &others[shown..];
        if !rest.is_empty() {
            let (ellipsis, files) = (theme.style.ellipsis(), count(files(rest).len(), "file"));
            out.push_str(&format!("  {ellipsis} and {} more in {files}; `--quiet` lists all\n", rest.len()));
        }
    }
    if any {
        out.push('\n');
    }
}

fn push_line(
    out: &mut String,
    diagnostic: &Diagnostic,
    sources: &Sources,
    positions: &mut Positions<'_>,
    theme: &Theme,
) {
    let place = format!("{}:", place(diagnostic, sources, positions));
    let room = theme.style.columns().saturating_sub(columns(&place) + 3).max(Style::MIN_WIDTH);
    let place = theme.severity(diagnostic.severity, &place);
    out.push_str(&format!("  {place} {}\n", cut(&diagnostic.message, room, theme.style.ellipsis())));
}

/// `manifests/a.yaml:7:3`.
pub(super) fn place(diagnostic: &Diagnostic, sources: &Sources, positions: &mut Positions<'_>) -> String {
    let (start, _) = positions.advance(diagnostic.span);
    format!("{}:{}:{}", clean(sources.file(diagnostic.span.file).path()), start.line, start.column)
}

pub(super) fn files(findings: &[&Diagnostic]) -> BTreeSet<FileId> {
    findings.iter().map(|diagnostic| diagnostic.span.file).collect()
}
