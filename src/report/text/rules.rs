//! Which rules there are.

use std::io;

use comfy_table::{ContentArrangement, Table, presets};

use crate::lint;
use crate::report::Style;

/// Writes what `mesh rules` prints for people: a table with a row for each rule.
pub fn rules(rules: &[&lint::Rule], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(if style.unicode { presets::UTF8_FULL } else { presets::ASCII_FULL })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(style.columns()).unwrap_or(u16::MAX))
        .set_header(["RULE", "LEVEL", "CODES", "WHAT IT FINDS"]);
    for rule in rules {
        table.add_row([rule.name, rule.severity.as_str(), &rule.aliases.join("\n"), rule.summary]);
    }
    writeln!(out, "{}", table.trim_fmt())
}
