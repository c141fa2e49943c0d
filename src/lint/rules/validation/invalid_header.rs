//! `invalid-header`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-header",
    aliases: ["IST0106"],
    severity: Error,
    summary: "the name or the value of a header that Istio does not take",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidHeader);
}
