//! `invalid-tls`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-tls",
    aliases: ["IST0106", "IST0133"],
    severity: Error,
    summary: "TLS settings that do not go together, or not with the protocol of the port",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidTls);
}
