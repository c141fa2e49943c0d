//! The difference of two versions of manifests, for people.

use std::io;

use super::answer::cluster;
use super::files::push_files;
use super::rows::{decided_by, push_example, push_row, push_undecided};
use super::theme::Theme;
use super::words::{clean, count, plural, push_hanging};
use crate::lint::{PlacedFinding, Severity};
use crate::proof::diff::{Change, ChangeKind, Compared, Diff, Meshes};
use crate::report::{Comparison, Style, effect};

/// The most classes of requests, and reasons, that are shown.
const MOST: usize = 50;

/// Writes the output of `mesh diff` for people: each class of requests that is treated differently, with an example and
/// both outcomes; what else differs; and how far the comparison is a proof.
pub fn diff(comparison: &Comparison<'_>, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let Comparison { diff, findings, texts, with_curl } = comparison;
    let theme = Theme::new(*style);
    let mut text = String::new();
    if let Some((old, new)) = texts {
        push_files(&mut text, old, new, &theme);
        text.push_str(if text.is_empty() { "" } else { "\n" });
    }
    for change in diff.changes.iter().take(MOST) {
        push_change(&mut text, change, (&diff.prefixes, *with_curl), &theme);
    }
    if diff.changes.len() > MOST {
        let more = diff.changes.len() - MOST;
        text.push_str(&format!("{more} more: `--format json` lists all of them\n\n"));
    }
    push_meshes(&mut text, &diff.meshes, &theme);
    push_appearances(&mut text, diff, &theme);
    push_settings(&mut text, diff, &theme);
    push_findings(&mut text, "new finding:", &findings.introduced, &diff.prefixes[1], &theme);
    push_findings(&mut text, "fixed:", &findings.fixed, &diff.prefixes[0], &theme);
    push_undecided(&mut text, &diff.incomplete, MOST, &theme);
    push_summary(&mut text, diff, &theme);
    out.write_all(text.as_bytes())
}

fn push_change(text: &mut String, change: &Change, (prefixes, with_curl): (&[String; 2], bool), theme: &Theme) {
    let severity = match change.kind {
        ChangeKind::NowUnreachable => Severity::Error,
        ChangeKind::DestinationChanged | ChangeKind::ActionChanged => Severity::Warning,
        ChangeKind::NowReachable => Severity::Info,
    };
    let lead = format!("{} ", theme.severity(severity, &format!("{}:", change.kind.words())));
    let what = format!("{}, {}", effect::hosts(&change.hosts), change.condition);
    push_hanging(text, &lead, 4, &clean(&what), theme.style.columns());
    let row = |text: &mut String, label: &str, value: &str| push_row(text, label, value, theme);
    if !change.meshes.is_empty() {
        row(text, "mesh", &effect::meshes(&change.meshes));
    }
    row(text, "from", &change.context);
    push_example(text, &change.witness, with_curl, theme);
    for (label, answer, prefix) in [("before", &change.before, &prefixes[0]), ("after", &change.after, &prefixes[1])] {
        row(text, label, &effect::words(answer, &change.aspects));
        row(text, "", &decided_by(answer, prefix));
    }
    let unseen = effect::unseen(&change.before, &change.after, &change.aspects);
    if !unseen.is_empty() {
        row(text, "differs", &unseen.join(", "));
    }
    text.push('\n');
}

fn push_meshes(text: &mut String, meshes: &Meshes, theme: &Theme) {
    for (label, names) in [("new mesh:", &meshes.appeared), ("mesh removed:", &meshes.vanished)] {
        for name in names {
            push_hanging(text, &format!("{} ", theme.accent(label)), 4, &clean(name), theme.style.columns());
        }
    }
}

fn push_appearances(text: &mut String, diff: &Diff, theme: &Theme) {
    for it in &diff.appearances {
        let verb = if it.appears { "appears:" } else { "vanishes:" };
        let (file, line) = &it.place;
        let prefix = &diff.prefixes[usize::from(it.appears)];
        let what = format!("{} {} ({prefix}{file}:{line})", it.kind, it.name);
        push_hanging(text, &format!("{} ", theme.accent(verb)), 4, &clean(&what), theme.style.columns());
    }
}

fn push_settings(text: &mut String, diff: &Diff, theme: &Theme) {
    for (name, fields) in &diff.settings {
        let fields: Vec<&str> = fields.iter().copied().collect();
        let what = format!("{} of {}", fields.join(", "), cluster(name));
        push_hanging(text, &format!("{} ", theme.accent("settings differ:")), 4, &clean(&what), theme.style.columns());
    }
}

fn push_findings(text: &mut String, lead: &str, findings: &[PlacedFinding], prefix: &str, theme: &Theme) {
    for PlacedFinding { rule, severity, message, file, line, meshes } in findings.iter().take(MOST) {
        let lead = format!("{} ", theme.accent(lead));
        let meshes = if meshes.is_empty() { String::new() } else { format!(", in {}", meshes.join(", ")) };
        let what = format!("{}[{rule}] {message} ({prefix}{file}:{line}{meshes})", severity.as_str());
        push_hanging(text, &lead, 4, &clean(&what), theme.style.columns());
    }
    if findings.len() > MOST {
        text.push_str(&format!("{} {} more\n", theme.accent(lead), findings.len() - MOST));
    }
}

fn push_summary(text: &mut String, diff: &Diff, theme: &Theme) {
    let Compared { vantages, tables, rules } = diff.compared;
    let extent = format!("{}, {} and {}", count(vantages, "proxy"), count(tables, "route table"), count(rules, "rule"));
    let extent = extent.replace("proxys", "proxies");
    let is_complete = diff.incomplete.is_empty();
    let summary = match (diff.changes.len(), is_complete) {
        (0, true) if diff.meshes.is_identical() => "no difference: the resources are the same".to_owned(),
        (0, true) => format!("no request is treated differently: proven for {extent}"),
        (0, false) => format!("no difference was found, but the comparison is not complete ({extent})"),
        (number, true) => {
            let classes = plural(number, "class of requests is", "classes of requests are");
            format!("{classes} treated differently, and no other request: proven for {extent}")
        }
        (number, false) => {
            let classes = plural(number, "class of requests is", "classes of requests are");
            format!("{classes} treated differently, and there may be more ({extent})")
        }
    };
    push_hanging(text, "", 0, &theme.accent(&summary), theme.style.columns());
}
