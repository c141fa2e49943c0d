//! `invalid-address`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-address",
    aliases: ["IST0106"],
    severity: Error,
    summary: "an address or a network that is none",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidAddress);
}
