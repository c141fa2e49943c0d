//! `invalid-reference`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "invalid-reference",
    aliases: ["IST0106"],
    severity: Error,
    summary: "a name that can refer to nothing: of a namespace, a Gateway, a subset or a condition",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::InvalidReference);
}
