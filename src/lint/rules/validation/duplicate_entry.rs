//! `duplicate-entry`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "duplicate-entry",
    aliases: ["IST0106"],
    severity: Error,
    summary: "the same entry twice where each may stand once",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::DuplicateEntry);
}
