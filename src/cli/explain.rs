//! `mesh explain`

use super::args::{Common, Explain};
use super::{exit, terminal};
use crate::lint::rules;
use crate::report;

/// Prints the page of a rule, or the list of the rules with an alias.
pub fn run(common: &Common, args: &Explain) -> Result<u8, String> {
    let found = rules::find(&args.rule);
    terminal::write(|out| match found.as_slice() {
        [] => Ok(()),
        [rule] => out.write_all(rule.page.as_bytes()),
        several => {
            report::text::rules_of_code(several, &terminal::style(common), out)?;
            writeln!(out, "These rules have the alias `{}`. Run `mesh explain RULE` for one of them.", args.rule)
        }
    })?;
    if found.is_empty() { Err(rules::unknown(&args.rule)) } else { Ok(exit::DONE) }
}
