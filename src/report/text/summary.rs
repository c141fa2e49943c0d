//! What stands below the findings: what is not shown, what could not be checked, the totals.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::style::{BOLD, CYAN, DIM, GREEN, RED, Style, YELLOW};
use crate::lint::{Diagnostic, Severity, Summary, Unchecked};
use crate::source::Sources;

/// Reasons for `unchecked` that are listed; the others are counted.
const REASONS_SHOWN: usize = 8;

/// The findings of a rule beyond those that are shown in full: one line each, up to `most`.
pub(super) fn rest_of_rule(
    rule: &str,
    rest: &[&Diagnostic],
    most: usize,
    sources: &Sources,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", style.paint(BOLD, &format!("{} more of {rule}:", rest.len())))?;
    for diagnostic in rest.iter().take(most) {
        let position = sources.start(diagnostic.span);
        let path = sources.file(diagnostic.span.file).path();
        let severity = paint_severity(diagnostic.severity, style);
        let message = diagnostic.message.lines().next().unwrap_or_default();
        writeln!(out, "  {path}:{}:{}: {severity}: {message}", position.line, position.column)?;
    }
    if let Some(hidden) = rest.get(most..).filter(|hidden| !hidden.is_empty()) {
        let files: BTreeSet<_> = hidden.iter().map(|diagnostic| diagnostic.span.file).collect();
        writeln!(out, "  … and {} more in {}; --format json lists all", hidden.len(), count(files.len(), "file"))?;
    }
    writeln!(out)
}

/// What could not be decided from these manifests, the most frequent reasons first.
pub(super) fn unchecked(unchecked: &[Unchecked], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if unchecked.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(DIM, "not checked, because these manifests do not tell:"))?;
    let mut by_count: Vec<&Unchecked> = unchecked.iter().collect();
    by_count.sort_by_key(|it| std::cmp::Reverse(it.count));
    for it in by_count.iter().take(REASONS_SHOWN) {
        writeln!(out, "{}", style.paint(DIM, &format!("  {} × {}: {}", it.count, it.rule, it.reason)))?;
    }
    if by_count.len() > REASONS_SHOWN {
        let rest: usize = by_count[REASONS_SHOWN..].iter().map(|it| it.count).sum();
        writeln!(out, "{}", style.paint(DIM, &format!("  … and {rest} more; --format json lists all")))?;
    }
    writeln!(out)
}

/// The last line.
pub(super) fn totals(summary: &Summary, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut found = Vec::new();
    let mut add = |number: usize, word: &str, color: &str| {
        if number > 0 {
            found.push(style.paint(color, &count(number, word)));
        }
    };
    add(summary.errors, "error", RED);
    add(summary.warnings, "warning", YELLOW);
    // "info" has no plural of its own.
    if summary.infos > 0 {
        found.push(style.paint(CYAN, &format!("{} info", summary.infos)));
    }
    let found = if found.is_empty() { style.paint(GREEN, "no problems found") } else { found.join(", ") };
    let skipped = match summary.skipped {
        0 => String::new(),
        skipped => format!(", {skipped} of other kinds skipped"),
    };
    let resources = count(summary.resources, "resource");
    writeln!(out, "{found} in {} ({resources}{skipped})", count(summary.files, "file"))
}

fn paint_severity(severity: Severity, style: &Style) -> String {
    let color = match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Info => CYAN,
    };
    style.paint(color, severity.as_str())
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
