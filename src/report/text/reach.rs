//! The requests that arrive at a destination, for people.

use std::collections::BTreeSet;
use std::io;

use super::rows::{decided_by, push_example, push_row, push_undecided};
use super::theme::Theme;
use super::words::{clean, count, push_hanging};
use crate::policy::Ruling;
use crate::proof::reach::{Reach, Sought, Way};
use crate::report::{Style, effect};
use crate::simulate::Outcome;

/// The most ways, and reasons, that are shown.
const MOST: usize = 50;

/// Writes the output of `mesh reach` for people: each way to the destination, with an example, and how far the list is
/// complete.
pub fn reach(reach: &Reach, with_curl: bool, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    for way in reach.ways.iter().take(MOST) {
        push_way(&mut text, way, with_curl, &theme);
    }
    if reach.ways.len() > MOST {
        text.push_str(&format!("{} more: `--format json` lists all of them\n\n", reach.ways.len() - MOST));
    }
    push_undecided(&mut text, &reach.incomplete, MOST, &theme);
    push_hanging(&mut text, "", 0, &theme.accent(&clean(&summary(reach))), theme.style.columns());
    out.write_all(text.as_bytes())
}

fn push_way(text: &mut String, way: &Way, with_curl: bool, theme: &Theme) {
    let lead = match way.hosts.as_slice() {
        [] => String::new(),
        hosts => format!("{} ", theme.accent(&format!("{}:", clean(&effect::hosts(hosts))))),
    };
    push_hanging(text, &lead, 4, &clean(&way.condition), theme.style.columns());
    let row = |text: &mut String, label: &str, value: &str| push_row(text, label, value, theme);
    if !way.meshes.is_empty() {
        row(text, if way.meshes.len() == 1 { "mesh" } else { "meshes" }, &effect::meshes(&way.meshes));
    }
    if !way.hosts.is_empty() {
        row(text, "from", &way.context);
    }
    row(text, "by", &decided_by(&way.answer, ""));
    push_example(text, &way.witness, with_curl, theme);
    match way.answer.status {
        Some(status) if way.hosts.is_empty() => row(text, "status", &status.to_string()),
        // The summary says that the connection is denied.
        None if way.hosts.is_empty() && way.answer.outcome == Outcome::Denied => {}
        _ => row(text, "to", &effect::words(&way.answer, &BTreeSet::new())),
    }
    text.push('\n');
}

fn summary(reach: &Reach) -> String {
    if let Sought::Ruling(ruling) = reach.sought {
        return summary_of_rulings(reach, ruling);
    }
    let Reach { destination, ways, incomplete, vantages, tables, .. } = reach;
    let proxies = if *vantages == 1 { "1 proxy".to_owned() } else { format!("{vantages} proxies") };
    let extent = format!("{proxies} and {}", count(*tables, "route table"));
    match (ways.len(), incomplete.is_empty()) {
        (0, true) => format!("no request reaches {destination}: proven for {extent}"),
        (0, false) => {
            format!("no request was found that reaches {destination}, but the search is not complete ({extent})")
        }
        (1, true) => format!("1 way leads to {destination}, and no other: proven for {extent}"),
        (number, true) => format!("{number} ways lead to {destination}, and no other: proven for {extent}"),
        (1, false) => format!("1 way leads to {destination}, and there may be more ({extent})"),
        (number, false) => format!("{number} ways lead to {destination}, and there may be more ({extent})"),
    }
}

fn summary_of_rulings(reach: &Reach, ruling: Ruling) -> String {
    let workload = &reach.destination;
    let (one, several) = if ruling == Ruling::Denied { ("denies", "deny") } else { ("allows", "allow") };
    match (reach.ways.len(), reach.incomplete.is_empty()) {
        (0, true) => format!("the policies of {workload} {several} no request: proven"),
        (0, false) => format!("no rule was found that {one} requests at {workload}, but the search is not complete"),
        (1, true) => format!("1 rule {one} requests at {workload}, and no other: proven"),
        (number, true) => format!("{number} rules {several} requests at {workload}, and no other: proven"),
        (1, false) => format!("1 rule {one} requests at {workload}, and there may be more"),
        (number, false) => format!("{number} rules {several} requests at {workload}, and there may be more"),
    }
}
