//! `invalid-host`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-host",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a host that is no DNS name",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    findings.report_violations(context, Family::InvalidHost);
}
