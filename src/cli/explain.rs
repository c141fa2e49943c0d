//! `mesh explain`

use super::args::{Common, Explain};
use super::{exit, terminal};
use crate::lint::rules;
use crate::model::nearest;

/// Prints the page of a rule.
pub fn run(_: &Common, args: &Explain) -> Result<u8, String> {
    let Some(rule) = rules::find(&args.rule) else {
        let names = rules::ALL.iter().map(|rule| rule.name);
        let hint = nearest(&args.rule, names).map_or_else(String::new, |name| format!("; did you mean {name}?"));
        return Err(format!("there is no rule {}{hint}", args.rule));
    };
    terminal::write(|out| out.write_all(rule.page.as_bytes()))?;
    Ok(exit::DONE)
}
