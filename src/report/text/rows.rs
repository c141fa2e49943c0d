//! The rows below a heading, which the reports on many requests share: a label, and a text beside it.

use std::collections::BTreeSet;

use super::theme::Theme;
use super::words::{clean, push_hanging};
use crate::lint::Severity;
use crate::report::{asked, effect};
use crate::simulate::{Answer, Request};

/// The columns of the labels.
const LABEL: usize = 10;

/// Appends a row.
pub(super) fn push_row(text: &mut String, label: &str, value: &str, theme: &Theme) {
    let lead = format!("  {}{}", theme.accent(label), " ".repeat(LABEL - 2 - label.len()));
    push_hanging(text, &lead, LABEL, &clean(value), theme.style.columns());
}

/// Appends an example, and a command that sends it.
pub(super) fn push_example(text: &mut String, witness: &Request, with_curl: bool, theme: &Theme) {
    push_row(text, "e.g.", &asked::line(witness), theme);
    if let Some(command) = asked::curl(witness).filter(|_| with_curl) {
        // A command that is wrapped cannot be pasted.
        text.push_str(&format!("{}{command}\n", " ".repeat(LABEL)));
    }
}

/// Appends the reasons why there may be more, at most some of them.
pub(super) fn push_undecided(text: &mut String, reasons: &BTreeSet<String>, most: usize, theme: &Theme) {
    for reason in reasons.iter().take(most) {
        let lead = format!("{} ", theme.severity(Severity::Warning, "not decided:"));
        push_hanging(text, &lead, 4, &clean(reason), theme.style.columns());
    }
    if reasons.len() > most {
        text.push_str(&format!("{} more reasons: `--format json` lists all of them\n", reasons.len() - most));
    }
}

/// The route or policy that decides, and its place after a prefix.
pub(super) fn decided_by(answer: &Answer, prefix: &str) -> String {
    match effect::decided_by(answer, prefix) {
        (who, Some(place)) => format!("{who} ({place})"),
        (who, None) => who,
    }
}
