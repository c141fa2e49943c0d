//! `no-effect`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "no-effect",
    aliases: ["IST0106", "IST0133"],
    severity: Warning,
    summary: "something that changes nothing, or an older form",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    diagnostics.report_violations(context, Family::NoEffect);
}
