//! The rules of a report, with the number of their findings.

use std::io;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::theme::Theme;
use super::totals;
use super::view::View;
use crate::lint::{Report, Statistics};
use crate::report::Style;

/// Writes the output of `mesh lint --statistics`: a table with a row for each rule that found something, the worst first,
/// and the totals.
pub fn statistics(report: &Report, view: &View, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let lowest = view.lowest;
    let rules: Vec<Statistics> = Statistics::of(
        report.diagnostics.iter().filter(|diagnostic| lowest.is_none_or(|lowest| diagnostic.severity >= lowest)),
    );
    let mut text = String::new();
    if !rules.is_empty() {
        text.push_str(&format!("{}\n\n", table(&rules, style)));
    }
    totals::push_summary(&mut text, &report.summary, view.meshes, &theme);
    if let Some(worst) = rules.first().filter(|_| rules.len() > 1) {
        totals::push_hint(&mut text, worst, &theme);
    }
    out.write_all(text.as_bytes())
}

fn table(rules: &[Statistics], style: &Style) -> String {
    let mut table = Table::new();
    table
        .load_style(if style.unicode { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(style.columns()).unwrap_or(u16::MAX))
        .set_header(["RULE", "ERRORS", "WARNINGS", "INFOS", "FILES"]);
    // Zeros would hide the numbers that matter.
    let number = |number: usize| if number == 0 { String::new() } else { number.to_string() };
    for rule in rules {
        let numbers = [rule.errors, rule.warnings, rule.infos, rule.files].map(number);
        table.add_row([rule.rule.to_owned()].into_iter().chain(numbers));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}
