//! The verdicts on invariants, for people.

use std::collections::BTreeSet;
use std::io;

use super::answer::push_trace;
use super::rows::{decided_by, push_example, push_row};
use super::theme::Theme;
use super::words::{clean, push_hanging};
use crate::lint::Severity;
use crate::proof::check::{Checked, Verdict, Violation};
use crate::report::{Style, effect};

/// The most reasons that are shown for an invariant.
const MOST: usize = 5;

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
    push_row(text, "from", &violation.context, theme);
    push_example(text, &violation.witness, with_curl, theme);
    push_row(text, "to", &effect::words(&violation.answer, &BTreeSet::new()), theme);
    push_row(text, "by", &decided_by(&violation.answer, ""), theme);
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
