//! `invalid-host`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-host",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a host that is no DNS name",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut reported = BTreeSet::new();
    for violation in context.violations(Family::InvalidHost) {
        // What is no host at all need not be full, nor a wildcard.
        if reported.insert(violation.span) {
            diagnostics.report_violation(violation);
        }
    }
}
