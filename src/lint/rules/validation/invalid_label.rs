//! `invalid-label`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-label",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a label or a selector that Kubernetes and Istio do not take",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidLabel);
}
