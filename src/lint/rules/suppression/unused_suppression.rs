//! `unused-suppression`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};

pub static RULE: Rule = rule! {
    name: "unused-suppression",
    summary: "a comment or an entry of the configuration suppresses no finding, or names a rule that does not exist",
    findings: [&UNKNOWN_RULE, &NO_RULE, &UNUSED, &EXPIRED],
    check: check,
};

pub static UNKNOWN_RULE: Finding = finding! {
    "unknown-rule", Surprising, Certain, [],
    "no rule, alias or finding has that name",
};
pub static NO_RULE: Finding = finding! {
    "no-rule", Surprising, Certain, [],
    "the comment names no rule",
};
pub static UNUSED: Finding = finding! {
    "unused", Surprising, Certain, [],
    "the rule reports nothing where the comment or the entry applies",
};
pub static EXPIRED: Finding = finding! {
    "expired", Surprising, Certain, [],
    "the last day of the entry has passed",
};

/// Reports nothing. Whether a comment is unused is known only after all other rules have run: see `lint::suppression`.
fn check(_: &Context<'_>, _: &mut Diagnostics) {}
