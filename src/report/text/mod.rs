//! Output for people.
//!
//! It has three parts, from the particular to the general: findings, the worst first, with excerpts as long as there are
//! few; then the unchecked references; then the totals and where to begin. The totals come last, so that they are on the
//! screen when everything else has scrolled away.

mod answer;
mod check;
mod diff;
mod difference;
mod excerpt;
mod files;
mod finding;
mod lines;
mod meshes;
mod page;
mod policy;
mod reach;
mod reading;
mod rows;
mod rules;
mod source_code;
mod statistics;
mod table;
mod test;
mod theme;
mod totals;
mod view;
mod volume;
mod words;

#[cfg(test)]
mod tests;

pub(super) use answer::{Brevity, Target, cluster, short, targets};
pub use answer::{answers, every_rule};
pub use check::check;
pub use diff::diff;
pub use difference::differences;
pub use files::patch;
pub(super) use files::push_files;
pub use files::{Text, Texts};
pub use lines::{concise, lines};
pub use meshes::meshes;
pub use page::page;
pub use reach::reach;
pub use reading::reading;
pub use rules::{rules, rules_of_code};
pub use statistics::statistics;
pub use test::test;
pub use view::View;

use std::io;

use super::Style;
use crate::lint::{Report, Statistics};
use crate::source::Sources;
pub(super) use theme::Theme;

/// A message with a prefix, wrapped to a width. Ends with a newline.
pub fn message(first: &str, message: &str, width: usize) -> String {
    let mut text = String::new();
    words::push_hanging(&mut text, first, 4, &words::clean(message), width);
    text
}

/// A message for a file or a pipe: on one line.
pub fn plain_message(first: &str, message: &str) -> String {
    format!("{first}{}\n", words::clean(message))
}

/// Writes the output of `mesh lint` for people.
pub fn lint(report: &Report, sources: &Sources, view: &View, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let selection = view.select(report);
    let mut text = String::new();
    volume::push(&mut text, &selection.shown, sources, &theme);
    totals::push_unchecked(&mut text, &report.unchecked, &theme);
    totals::push_hidden(&mut text, selection.hidden_infos);
    totals::push_summary(&mut text, &report.summary, view.meshes, &theme);
    if selection.shown.len() > volume::FEW
        && let Some(worst) = Statistics::of(selection.shown).first()
    {
        totals::push_hint(&mut text, worst, &theme);
    }
    out.write_all(text.as_bytes())
}
