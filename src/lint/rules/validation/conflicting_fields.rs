//! `conflicting-fields`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "conflicting-fields",
    aliases: ["IST0106"],
    severity: Error,
    summary: "fields that exclude each other, or one that needs another",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::ConflictingFields);
}
