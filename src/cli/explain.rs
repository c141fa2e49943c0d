//! `mesh explain`

use std::io::Write;

use super::args::{Common, Explain, PageFormat};
use super::{exit, terminal};
use crate::lint::{Rule, rules};
use crate::report;

/// Prints the page of a rule, or the list of the rules that an alias selects.
pub fn run(common: &Common, args: &Explain) -> Result<u8, String> {
    let found = match rules::find_finding(&args.rule) {
        Some((rule, _)) => vec![rule],
        None => rules::find(&args.rule),
    };
    let named = found.first().filter(|rule| rule.name.eq_ignore_ascii_case(&args.rule));
    let is_text = args.format.map_or_else(terminal::is_terminal, |format| format == PageFormat::Text);
    let style = terminal::style(common);
    let page = |rule: &Rule, out: &mut dyn Write| match is_text {
        true => report::text::page(rule, &style, out),
        false => out.write_all(rule.page.as_bytes()),
    };
    terminal::write(|out| match (named, found.as_slice()) {
        (_, []) => Ok(()),
        // The name of a rule is also an alias of those that were split off it.
        (Some(rule), [_, split_off @ ..]) => {
            page(rule, out)?;
            if split_off.is_empty() {
                return Ok(());
            }
            writeln!(out, "\nThese rules also react to the name `{}`:\n", rule.name)?;
            report::text::rules_of_code(split_off, &terminal::style(common), out)
        }
        (None, [rule]) => page(rule, out),
        (None, several) => {
            report::text::rules_of_code(several, &terminal::style(common), out)?;
            writeln!(out, "These rules have the alias `{}`. Run `mesh explain RULE` for one of them.", args.rule)
        }
    })?;
    if found.is_empty() { Err(rules::unknown(&args.rule)) } else { Ok(exit::DONE) }
}
