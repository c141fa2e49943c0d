//! The difference of two versions of manifests, as a comment on a pull request.

use std::io;

use super::{MOST_CHARACTERS, code, plain};
use crate::lint::{FindingChanges, PlacedFinding};
use crate::proof::diff::{Change, ChangeKind, Compared, Diff};
use crate::report::text::{Texts, Theme, cluster, push_files};
use crate::report::{Comparison, Style, asked, effect};
use crate::simulate::Answer;

/// The changes that are shown without a click.
const OPEN: usize = 5;

/// Writes the output of `mesh diff --format markdown`.
pub fn diff(comparison: &Comparison<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Comparison { diff, findings, texts, with_curl } = comparison;
    let mut text = format!("### {}\n\n", title(diff));
    let end = ending(diff, findings);
    let room = MOST_CHARACTERS.saturating_sub(text.len() + end.len());
    text.push_str(&changes(diff, *with_curl, room));
    text.push_str(&end);
    if let Some((old, new)) = texts {
        let room = MOST_CHARACTERS.saturating_sub(text.len());
        text.push_str(&files(old, new, room));
    }
    out.write_all(text.as_bytes())
}

/// The differences of the texts, if there is room for them.
fn files(old: &Texts<'_>, new: &Texts<'_>, room: usize) -> String {
    let mut text = String::new();
    push_files(&mut text, old, new, &Theme::new(Style::default()));
    // A fence must be longer than those in the text.
    let fence = "`".repeat(3.max(longest_run(&text, '`') + 1));
    match text.len() {
        0 => String::new(),
        length if length > room => "\nThe differences of the texts do not fit here.\n".to_owned(),
        _ => format!(
            "\n<details><summary>Differences of the texts</summary>\n\n{fence}diff\n{text}{fence}\n</details>\n"
        ),
    }
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|letter| letter != wanted).map(str::len).max().unwrap_or(0)
}

fn title(diff: &Diff) -> String {
    match (diff.changes.len(), diff.incomplete.is_empty()) {
        (0, true) => "No request is treated differently".to_owned(),
        (0, false) => "No request was found that is treated differently".to_owned(),
        (1, _) => "One class of requests is treated differently".to_owned(),
        (number, _) => format!("{number} classes of requests are treated differently"),
    }
}

/// A table of all classes of requests, and the details of each.
fn changes(diff: &Diff, with_curl: bool, room: usize) -> String {
    if diff.changes.is_empty() {
        return String::new();
    }
    let has_meshes = diff.changes.iter().any(|change| !change.meshes.is_empty());
    let mut rows: Vec<String> = Vec::new();
    let mut details: Vec<String> = Vec::new();
    let mut used = 0;
    for (index, change) in diff.changes.iter().enumerate() {
        let (row, detail) =
            (row(index + 1, change, has_meshes), detail(index + 1, change, (&diff.prefixes, with_curl)));
        used += row.len() + detail.len();
        if used > room {
            break;
        }
        rows.push(row);
        details.push(detail);
    }
    let mesh = if has_meshes { (" mesh |", " --- |") } else { ("", "") };
    let mut text = format!("| |{} requests | before | after |\n| ---: |{} --- | --- | --- |\n", mesh.0, mesh.1);
    let (open, folded) = rows.split_at(rows.len().min(OPEN));
    open.iter().for_each(|row| text.push_str(row));
    text.push('\n');
    if !folded.is_empty() {
        let header = format!("| |{} requests | before | after |\n| ---: |{} --- | --- | --- |\n", mesh.0, mesh.1);
        let all = folded.concat();
        text.push_str(&format!("<details><summary>{} more</summary>\n\n{header}{all}\n</details>\n\n", folded.len()));
    }
    let left_out = diff.changes.len() - rows.len();
    if left_out > 0 {
        text.push_str(&format!("{left_out} more do not fit here: `mesh diff` lists them.\n\n"));
    }
    text.push_str(&format!(
        "<details><summary>Example requests, and the rules that decide</summary>\n\n{}</details>\n\n",
        details.concat()
    ));
    text
}

fn row(number: usize, change: &Change, has_meshes: bool) -> String {
    let kind = change.kind.words();
    let kind = if change.kind == ChangeKind::NowUnreachable { format!("**{kind}**") } else { kind.to_owned() };
    let mesh = match (has_meshes, change.meshes.as_slice()) {
        (false, _) => String::new(),
        (true, [first]) => format!(" {} |", plain(first)),
        (true, all) => format!(" {} meshes |", all.len()),
    };
    let cell = |answer: &Answer| plain(&effect::words(answer, &change.aspects));
    let unseen = effect::unseen(&change.before, &change.after, &change.aspects);
    let unseen = if unseen.is_empty() { String::new() } else { format!("<br>other {}", unseen.join(", ")) };
    format!(
        "| {number} |{mesh} {}<br>{}<br>{kind} | {} | {}{unseen} |\n",
        plain(&effect::hosts(&change.hosts)),
        plain(&change.condition),
        cell(&change.before),
        cell(&change.after)
    )
}

fn detail(number: usize, change: &Change, (prefixes, with_curl): (&[String; 2], bool)) -> String {
    let command = asked::curl(&change.witness).filter(|_| with_curl);
    let command = command.map(|it| format!("\n   {}", code(&it))).unwrap_or_default();
    let meshes = match change.meshes.as_slice() {
        [] => String::new(),
        meshes => format!(" in {}", plain(&effect::meshes(meshes))),
    };
    format!(
        "{number}. {} from {}{meshes}{command}\n   - before: {}\n   - after: {}\n",
        code(&asked::line(&change.witness)),
        plain(&change.context),
        decided_by(&change.before, &prefixes[0]),
        decided_by(&change.after, &prefixes[1])
    )
}

fn decided_by(answer: &Answer, prefix: &str) -> String {
    match effect::decided_by(answer, prefix) {
        (who, Some(place)) => format!("{} at {}", plain(&who), code(&place)),
        (who, None) => plain(&who),
    }
}

/// The other differences, and how far the comparison is a proof.
fn ending(diff: &Diff, findings: &FindingChanges) -> String {
    let mut text = String::new();
    let mut list = |title: &str, items: Vec<String>| {
        if items.is_empty() {
            return;
        }
        const MOST: usize = 20;
        let more = items.len().saturating_sub(MOST);
        let more = if more > 0 { format!("- {more} more\n") } else { String::new() };
        let items: Vec<String> = items.into_iter().take(MOST).map(|item| format!("- {item}\n")).collect();
        text.push_str(&format!("{title}\n\n{}{more}\n", items.concat()));
    };
    list("New meshes:", diff.meshes.appeared.iter().map(|it| code(it)).collect());
    list("Meshes removed:", diff.meshes.vanished.iter().map(|it| code(it)).collect());
    let named = |appears: bool| {
        let all = diff.appearances.iter().filter(move |it| it.appears == appears);
        let prefix = &diff.prefixes[usize::from(appears)];
        all.map(|it| {
            format!("{} {} at {}", it.kind, code(&it.name), code(&format!("{prefix}{}:{}", it.place.0, it.place.1)))
        })
        .collect()
    };
    list("New:", named(true));
    list("Removed:", named(false));
    let settings = diff.settings.iter().map(|(name, fields)| {
        let fields: Vec<&str> = fields.iter().copied().collect();
        format!("{} of {}", fields.join(", "), code(&cluster(name)))
    });
    list("Settings that differ:", settings.collect());
    let placed = |findings: &[PlacedFinding], prefix: &str| {
        let item = |it: &PlacedFinding| {
            let place = code(&format!("{prefix}{}:{}", it.file, it.line));
            format!("{} {}: {} at {place}", it.severity.as_str(), code(it.rule), plain(&it.message))
        };
        findings.iter().map(item).collect()
    };
    list("New findings:", placed(&findings.introduced, &diff.prefixes[1]));
    list("Findings fixed:", placed(&findings.fixed, &diff.prefixes[0]));
    list("Not decided:", diff.incomplete.iter().map(|it| plain(it)).collect());
    let Compared { vantages, tables, rules } = diff.compared;
    let proof = match (diff.incomplete.is_empty(), diff.meshes.is_identical()) {
        (true, true) => "The resources are the same.".to_owned(),
        (true, false) => format!(
            "Proven for all requests: no other request is treated differently ({vantages} proxies, {tables} route tables, \
             {rules} rules)."
        ),
        (false, _) => "The comparison is not complete: other requests may be treated differently.".to_owned(),
    };
    text.push_str(&format!("{proof}\n"));
    text
}
