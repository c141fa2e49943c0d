//! `out-of-range`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "out-of-range",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a number that is too small or too large for its field",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::OutOfRange);
}
