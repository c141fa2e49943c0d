//! `invalid-policy`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-policy",
    aliases: ["IST0106", "IST0133"],
    severity: Error,
    summary: "something that a policy, a filter or an extension may not say",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidPolicy);
}
