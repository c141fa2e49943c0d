//! `invalid-duration`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-duration",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a length of time that proxies cannot count",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidDuration);
}
