//! `invalid-regex`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-regex",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a regular expression that is none of RE2",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidRegex);
}
