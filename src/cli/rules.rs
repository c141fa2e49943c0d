//! `mesh rules`

use super::args::{Common, Format, Rules};
use super::{exit, terminal};
use crate::lint::rules;
use crate::report;

/// Prints the list of all rules.
pub fn run(common: &Common, args: &Rules) -> Result<u8, String> {
    terminal::write(|out| match args.format {
        Format::Text => report::text::rules(rules::FAMILIES, &terminal::style(common), out),
        Format::Json => report::json::rules(rules::FAMILIES, out),
    })?;
    Ok(exit::DONE)
}
