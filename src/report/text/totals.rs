//! The summary below the findings.

use std::cmp::Reverse;

use super::theme::Theme;
use super::words::{columns, count, cut, plural, push_hanging};
use crate::lint::{Severity, Statistics, Summary, Unchecked};

/// Reasons that are shown; the rest is a number.
const REASONS: usize = 5;

/// Writes what could not be decided: a line for each rule and reason, with the number of references. If there are too
/// many, those with the most references are shown.
pub(super) fn push_unchecked(out: &mut String, unchecked: &[Unchecked], theme: &Theme) {
    if unchecked.is_empty() {
        return;
    }
    let ellipsis = theme.style.ellipsis();
    out.push_str("Not checked (needs manifests or settings that were not given):\n");
    let mut entries: Vec<&Unchecked> = unchecked.iter().collect();
    if entries.len() > REASONS {
        entries.sort_by_key(|entry| Reverse(entry.count));
    }
    let (shown, rest) = entries.split_at(entries.len().min(REASONS));
    for entry in shown {
        let head = format!("{} ({}):", entry.rule, entry.count);
        let reason = cut(&entry.reason, 300, ellipsis);
        let width = theme.style.columns();
        // A reason that does not fit beside the name of the rule gets separate lines.
        if columns(&head) + columns(&reason) + 3 <= width {
            out.push_str(&format!("  {} {reason}\n", theme.accent(&head)));
        } else {
            out.push_str(&format!("  {}\n", theme.accent(&head)));
            push_hanging(out, "    ", 4, &reason, width);
        }
    }
    if !rest.is_empty() {
        let references: usize = rest.iter().map(|entry| entry.count).sum();
        let more = count(rest.len(), "more reason");
        let references = count(references, "reference");
        out.push_str(&format!("  {ellipsis} and {more} for {references}; `--format json` lists all\n"));
    }
    out.push('\n');
}

/// Writes that infos are hidden, and how to see them.
pub(super) fn push_hidden(out: &mut String, infos: usize) {
    if infos > 0 {
        let them = if infos == 1 { "it" } else { "them" };
        out.push_str(&format!("{} hidden; show {them} with `--show info`\n", count(infos, "info")));
    }
}

/// Writes the totals: what was found, and what was checked.
/// `3 errors, 1 warning (2 meshes, 34 resources in 12 files, 5 of other kinds skipped)`.
pub(super) fn push_summary(out: &mut String, summary: &Summary, meshes: Option<usize>, theme: &Theme) {
    let found = [
        (summary.errors, "error", Severity::Error),
        (summary.warnings, "warning", Severity::Warning),
        (summary.infos, "info", Severity::Info),
    ];
    let found = found.iter().filter(|(number, ..)| *number > 0);
    let found: Vec<String> =
        found.map(|&(number, noun, severity)| theme.severity(severity, &count(number, noun))).collect();
    let checked = format!("{} in {}", count(summary.resources, "resource"), count(summary.files, "file"));
    let mut details: Vec<String> = meshes.map(|meshes| plural(meshes, "mesh", "meshes")).into_iter().collect();
    details.push(checked);
    if summary.skipped > 0 {
        details.push(format!("{} of other kinds skipped", summary.skipped));
    }
    if summary.suppressed > 0 {
        details.push(format!("{} suppressed", count(summary.suppressed, "finding")));
    }
    if summary.known > 0 {
        details.push(format!("{} in the baseline", count(summary.known, "finding")));
    }
    if summary.unchanged > 0 {
        details.push(format!("{} in unchanged files", count(summary.unchanged, "finding")));
    }
    let found = match found.is_empty() {
        false => found.join(", "),
        // Success without a resource would be misleading.
        true if summary.resources == 0 => "nothing to check".to_owned(),
        true if summary.unchanged > 0 => "no problems found in changed files".to_owned(),
        true if summary.known > 0 => "no new problems found".to_owned(),
        true => "no problems found".to_owned(),
    };
    out.push_str(&format!("{found} {}\n", theme.faint(&format!("({})", details.join(", ")))));
}

/// Writes which rule to begin with: `start with ...`. An info does not need anything to be done.
pub(super) fn push_hint(out: &mut String, worst: &Statistics, theme: &Theme) {
    let number = match worst {
        Statistics { errors: 1.., .. } => count(worst.errors, "error"),
        Statistics { warnings: 1.., .. } => count(worst.warnings, "warning"),
        _ => return,
    };
    let files = count(worst.worst_files, "file");
    let lead = theme.accent("start with");
    out.push_str(&format!("{lead} `{0}` ({number} in {files}): `mesh explain {0}`\n", worst.rule));
}
