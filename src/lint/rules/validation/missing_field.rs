//! `missing-field`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "missing-field",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a field that has to be there is missing or empty",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    findings.report_violations(context, Family::MissingField);
}
