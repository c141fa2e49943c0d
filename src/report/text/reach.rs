//! The requests that arrive at a destination, for people.

use std::collections::BTreeSet;
use std::io;

use super::rows::{decided_by, push_example, push_row, push_undecided};
use super::theme::Theme;
use super::words::{clean, count, push_hanging};
use crate::proof::reach::{Reach, Way};
use crate::report::{Style, effect};

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
    let lead = format!("{} ", theme.accent(&format!("{}:", clean(&effect::hosts(&way.hosts)))));
    push_hanging(text, &lead, 4, &clean(&way.condition), theme.style.columns());
    let row = |text: &mut String, label: &str, value: &str| push_row(text, label, value, theme);
    if !way.meshes.is_empty() {
        row(text, if way.meshes.len() == 1 { "mesh" } else { "meshes" }, &way.meshes.join(", "));
    }
    row(text, "from", &way.context);
    row(text, "by", &decided_by(&way.answer, ""));
    push_example(text, &way.witness, with_curl, theme);
    row(text, "to", &effect::words(&way.answer, &BTreeSet::new()));
    text.push('\n');
}

fn summary(reach: &Reach) -> String {
    let Reach { destination, ways, incomplete, vantages, tables } = reach;
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
