//! The summary below the findings.

use super::theme::Theme;
use super::words::{columns, count, cut, push_hanging};
use crate::lint::{Severity, Summary, Unchecked};

/// Reasons that are shown; the rest is a number.
const REASONS: usize = 10;

/// Writes what could not be decided: a line for each rule and reason, with the number of references.
pub(super) fn push_unchecked(out: &mut String, unchecked: &[Unchecked], theme: &Theme) {
    if unchecked.is_empty() {
        return;
    }
    let ellipsis = theme.style.ellipsis();
    out.push_str("Not checked (needs manifests or settings that were not given):\n");
    for entry in unchecked.iter().take(REASONS) {
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
    if let Some(rest) = unchecked.get(REASONS..).filter(|rest| !rest.is_empty()) {
        let references: usize = rest.iter().map(|entry| entry.count).sum();
        out.push_str(&format!("  {ellipsis} and {} ({references} in all)\n", count(rest.len(), "more reason")));
    }
    out.push('\n');
}

/// Writes the totals: `3 errors, 1 warning in 12 files (34 resources, 5 of other kinds skipped)`.
pub(super) fn push_summary(out: &mut String, summary: &Summary, theme: &Theme) {
    let found = [
        (summary.errors, "error", Severity::Error),
        (summary.warnings, "warning", Severity::Warning),
        (summary.infos, "info", Severity::Info),
    ];
    let found = found.iter().filter(|(number, ..)| *number > 0);
    let found: Vec<String> =
        found.map(|&(number, noun, severity)| theme.severity(severity, &count(number, noun))).collect();
    let mut details = vec![count(summary.resources, "resource")];
    if summary.skipped > 0 {
        details.push(format!("{} of other kinds skipped", summary.skipped));
    }
    if summary.suppressed > 0 {
        details.push(format!("{} suppressed", count(summary.suppressed, "finding")));
    }
    let found = if found.is_empty() { "no problems found".to_owned() } else { found.join(", ") };
    out.push_str(&format!(
        "{found} in {} {}\n",
        count(summary.files, "file"),
        theme.faint(&format!("({})", details.join(", ")))
    ));
}
