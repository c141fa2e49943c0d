//! The findings of `mesh lint`, as a comment on a pull request or the summary of a job.

use std::cmp::Reverse;
use std::io;

use super::{MOST_CHARACTERS, code, plain};
use crate::lint::{Diagnostic, Report, Severity};
use crate::report::links;
use crate::source::Sources;

/// The findings that are shown without a click.
const OPEN: usize = 20;

/// Writes the output of `mesh lint --output markdown`: a table of the findings, the worst first. Infos, and what is beyond the
/// first findings, are folded.
pub fn lint(report: &Report, sources: &Sources, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = format!("### mesh lint: {}\n\n", title(report));
    let mut all: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    all.sort_by_key(|diagnostic| Reverse(diagnostic.severity));
    let notable = all.iter().take_while(|it| it.severity > Severity::Info).count();
    let open = if notable == 0 { all.len().min(OPEN) } else { notable.min(OPEN) };
    let end = ending(report);
    let room = MOST_CHARACTERS - end.len();
    let mut shown = push_table(&mut text, &all[..open], sources, room);
    if shown == open && open < all.len() {
        let noun = if all.len() - open == 1 { "finding" } else { "findings" };
        text.push_str(&format!("\n<details><summary>{} more {noun}</summary>\n\n", all.len() - open));
        shown += push_table(&mut text, &all[open..], sources, room);
        text.push_str("\n</details>\n");
    }
    if shown < all.len() {
        text.push_str(&format!("\n{} findings do not fit here.\n", all.len() - shown));
    }
    text.push_str(&end);
    out.write_all(text.as_bytes())
}

fn title(report: &Report) -> String {
    let summary = &report.summary;
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "info")];
    let words = |(number, noun): &(usize, &str)| format!("{number} {noun}{}", if *number == 1 { "" } else { "s" });
    let found: Vec<String> = counts.iter().filter(|(number, _)| *number > 0).map(words).collect();
    match found.as_slice() {
        [] if summary.known > 0 => "no new problems found".to_owned(),
        [] if summary.resources == 0 => "nothing to check".to_owned(),
        [] => "no problems found".to_owned(),
        found => found.join(", "),
    }
}

/// Appends a table of as many findings as there is room for, and returns their number.
fn push_table(text: &mut String, findings: &[&Diagnostic], sources: &Sources, room: usize) -> usize {
    if findings.is_empty() {
        return 0;
    }
    text.push_str("| | rule | place | finding |\n| --- | --- | --- | --- |\n");
    for (index, diagnostic) in findings.iter().enumerate() {
        let row = row(diagnostic, sources);
        if text.len() + row.len() > room {
            return index;
        }
        text.push_str(&row);
    }
    findings.len()
}

fn row(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let rule = diagnostic.rule;
    let place = code(&sources.place(diagnostic.span)).replace('|', "\\|");
    let help = diagnostic.help.as_ref().map(|help| format!("<br>help: {}", words(help.text()))).unwrap_or_default();
    let (severity, page) = (diagnostic.severity.as_str(), links::page(rule));
    format!("| {severity} | [{}]({page}) | {place} | {}{help} |\n", rule.name, words(&diagnostic.message))
}

/// A message, in which values are between backticks.
fn words(message: &str) -> String {
    let parts = message.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => plain(part),
        _ => code(part).replace('|', "\\|"),
    });
    parts.collect()
}

/// The extent of the check.
fn ending(report: &Report) -> String {
    let summary = &report.summary;
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let mut parts = vec![format!("{} in {}", count(summary.resources, "resource"), count(summary.files, "file"))];
    let unchecked: usize = report.unchecked.iter().map(|it| it.count).sum();
    if unchecked > 0 {
        parts.push(format!("{} not checked", count(unchecked, "reference")));
    }
    if summary.suppressed > 0 {
        parts.push(format!("{} suppressed", count(summary.suppressed, "finding")));
    }
    if summary.known > 0 {
        parts.push(format!("{} in the baseline", count(summary.known, "finding")));
    }
    format!("\n{}\n", parts.join(", "))
}
