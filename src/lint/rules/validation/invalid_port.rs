//! `invalid-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-port",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a port that the API does not take: its number, name or protocol",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidPort);
}
