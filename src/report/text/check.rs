//! The verdicts on invariants, for people.

use std::collections::BTreeSet;
use std::io;

use super::answer::push_trace;
use super::theme::Theme;
use super::words::{clean, push_hanging};
use crate::lint::Severity;
use crate::proof::check::{Checked, Verdict, Violation};
use crate::report::{Style, asked, effect};

/// The most reasons that are shown for an invariant.
const MOST: usize = 5;

/// The columns of the labels.
const LABEL: usize = 10;

/// Writes the output of `mesh check` for people: each verdict, with a request and its trace for an invariant that is
/// violated.
pub fn check(checked: &[Checked<'_>], with_curl: bool, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    for it in checked {
        push_verdict(&mut text, it, &theme);
        match &it.verdict {
            Verdict::Holds => {}
            Verdict::Violated(violation) => push_violation(&mut text, violation, with_curl, &theme),
            Verdict::Undecided(reasons) => {
                for reason in reasons.iter().take(MOST) {
                    push_hanging(&mut text, "  ", 4, &clean(reason), theme.style.columns());
                }
                if reasons.len() > MOST {
                    text.push_str(&format!(
                        "  {} more reasons: `--format json` has all of them\n",
                        reasons.len() - MOST
                    ));
                }
                text.push('\n');
            }
        }
    }
    push_hanging(&mut text, "", 0, &theme.accent(&summary(checked)), theme.style.columns());
    out.write_all(text.as_bytes())
}

fn push_verdict(text: &mut String, checked: &Checked<'_>, theme: &Theme) {
    let Checked { invariant, mesh, verdict } = checked;
    let severity = match verdict {
        Verdict::Holds => Severity::Info,
        Verdict::Violated(_) => Severity::Error,
        Verdict::Undecided(_) => Severity::Warning,
    };
    let lead = format!("{} ", theme.severity(severity, &format!("{}:", verdict.as_str())));
    let mesh = mesh.as_ref().map(|mesh| format!(", mesh {mesh}")).unwrap_or_default();
    let what = format!("{} ({}:{}){mesh}", invariant.name, invariant.file, invariant.line);
    push_hanging(text, &lead, 4, &clean(&what), theme.style.columns());
}

fn push_violation(text: &mut String, violation: &Violation, with_curl: bool, theme: &Theme) {
    let row = |text: &mut String, label: &str, value: &str| {
        let lead = format!("  {}{}", theme.accent(label), " ".repeat(LABEL - 2 - label.len()));
        push_hanging(text, &lead, LABEL, &clean(value), theme.style.columns());
    };
    row(text, "from", &violation.context);
    row(text, "e.g.", &asked::line(&violation.witness));
    if let Some(command) = asked::curl(&violation.witness).filter(|_| with_curl) {
        // A command that is wrapped cannot be pasted.
        text.push_str(&format!("{}{command}\n", " ".repeat(LABEL)));
    }
    row(text, "to", &effect::words(&violation.answer, &BTreeSet::new()));
    let (who, place) = effect::decided_by(&violation.answer, "");
    row(text, "by", &place.map_or_else(|| who.clone(), |place| format!("{who} ({place})")));
    push_trace(text, &violation.answer, theme);
    text.push('\n');
}

fn summary(checked: &[Checked<'_>]) -> String {
    let number = |wanted: &str| checked.iter().filter(|it| it.verdict.as_str() == wanted).count();
    let (holds, violated, undecided) = (number("holds"), number("violated"), number("undecided"));
    let mut parts = vec![format!("{holds} {}", if holds == 1 { "holds" } else { "hold" })];
    parts.push(format!("{violated} violated"));
    if undecided > 0 {
        parts.push(format!("{undecided} undecided"));
    }
    parts.join(", ")
}
