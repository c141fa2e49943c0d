//! `invalid-uri`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-uri",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a URI, a path or a path template that the API does not take",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidUri);
}
