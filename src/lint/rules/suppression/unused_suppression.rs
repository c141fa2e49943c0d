//! `unused-suppression`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};

pub static RULE: Rule = rule! {
    name: "unused-suppression",
    aliases: [],
    severity: Warning,
    summary: "a comment that asks to ignore a finding which is not there, or a rule that does not exist",
    check: check,
};

/// What ignored nothing is known only when all other rules have found what they find: see `lint::suppression`.
fn check(_: &Context<'_>, _: &mut Diagnostics) {}
