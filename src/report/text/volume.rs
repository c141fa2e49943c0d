//! The parts of a long report: findings with excerpts, findings on a line each, and findings that are only counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::finding;
use super::theme::Theme;
use super::words::{clean, columns, count, cut, push_hanging};
use crate::lint::{Diagnostic, Severity};
use crate::report::Style;
use crate::report::positions::Positions;
use crate::source::{FileId, Sources};

/// The most findings that all have excerpts. Of more findings, only examples have.
pub(super) const FEW: usize = 10;

/// The most examples of a rule.
const EXAMPLES: usize = 3;

/// The lines that examples fill, most of a screen. The last one can exceed it.
const EXAMPLE_LINES: usize = 40;

/// The most findings on a line each, most of a screen.
const LINES: usize = 30;

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
type Groups<'a> = BTreeMap<(Reverse<Severity>, &'static str), Group<'a>>;

impl<'a> Group<'a> {
    /// The findings that are not examples.
    fn others(&self) -> &[&'a Diagnostic] {
        &self.findings[self.examples..]
    }
}

/// Writes the findings.
///
/// All have excerpts if there are few of them. Otherwise a rule has mostly found one mistake that was copied many times:
/// a few examples of each rule have excerpts, errors first. The others follow below a heading for the rule, as lines that
/// editors and terminals make clickable, up to a limit for each rule and for all, the most frequent rules first. The
/// rest is only counted. So the text does not grow with the number of findings, and a noisy rule does not hide a quiet
/// one.
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

fn key(diagnostic: &Diagnostic) -> (Reverse<Severity>, &'static str) {
    (Reverse(diagnostic.severity), diagnostic.rule.name)
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

/// Writes the findings that are not examples: by severity, and the rules with the most findings first.
fn push_lines(out: &mut String, groups: &Groups<'_>, sources: &Sources, theme: &Theme) {
    let mut groups: Vec<_> = groups.iter().filter(|(_, group)| group.examples < group.findings.len()).collect();
    groups.sort_by_key(|((severity, rule), group)| (*severity, Reverse(group.others().len()), *rule));
    let mut room = LINES;
    let mut counted: BTreeMap<Reverse<Severity>, Vec<(&str, usize)>> = BTreeMap::new();
    for ((severity, rule), group) in &groups {
        let others = group.others();
        if room == 0 {
            counted.entry(*severity).or_default().push((rule, others.len()));
            continue;
        }
        let most = if severity.0 == Severity::Error { ERRORS_OF_RULE } else { OTHERS_OF_RULE };
        let (shown, rest) = others.split_at(others.len().min(most).min(room));
        room -= shown.len();
        let more = if group.examples > 0 { "more " } else { "" };
        let heading = count(others.len(), &format!("{more}{}", severity.0.as_str()));
        out.push_str(&format!("{}:\n", theme.severity(severity.0, &format!("{heading} of {rule}"))));
        let mut positions = Positions::new(sources);
        for diagnostic in shown {
            push_line(out, diagnostic, sources, &mut positions, theme);
        }
        if !rest.is_empty() {
            let (ellipsis, files) = (theme.style.ellipsis(), count(files(rest).len(), "file"));
            out.push_str(&format!("  {ellipsis} and {} more in {files}; `--quiet` lists all\n", rest.len()));
        }
    }
    for (severity, rules) in counted {
        push_counted(out, severity.0, &rules, theme);
    }
    if !groups.is_empty() {
        out.push('\n');
    }
}

/// Writes the numbers of findings of rules: `12 more errors: unknown-host (9), unknown-port (3)`.
fn push_counted(out: &mut String, severity: Severity, rules: &[(&str, usize)], theme: &Theme) {
    let all: usize = rules.iter().map(|(_, number)| number).sum();
    let heading = format!("{}:", count(all, &format!("more {}", severity.as_str())));
    out.push_str(&format!("{}\n", theme.severity(severity, &heading)));
    let rules: Vec<String> = rules.iter().map(|(rule, number)| format!("{rule} ({number})")).collect();
    // A number stays on the line of its rule.
    let text = rules.join(", ").replace(" (", "\u{a0}(");
    let mut wrapped = String::new();
    push_hanging(&mut wrapped, "  ", 2, &text, theme.style.columns());
    out.push_str(&wrapped.replace('\u{a0}', " "));
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
