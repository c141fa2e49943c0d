//! `invalid-configuration`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};

pub static RULE: Rule = rule! {
    name: "invalid-configuration",
    summary: "a part of `.mesh.yaml` that has no effect: a misspelt key, a wrong value, or a pattern that matches nothing",
    findings: [&UNKNOWN_KEY, &INVALID_VALUE, &MISSING_KEY, &UNKNOWN_RULE, &UNMATCHED, &UNREAD],
    check: check,
};

pub static UNKNOWN_KEY: Finding = finding! {
    "unknown-key", Refused, Certain, [],
    "the configuration does not have a key of that name",
};
pub static INVALID_VALUE: Finding = finding! {
    "invalid-value", Refused, Certain, [],
    "the key does not accept the value",
};
pub static MISSING_KEY: Finding = finding! {
    "missing-key", Refused, Certain, [],
    "an entry does not have a key that it needs",
};
pub static UNKNOWN_RULE: Finding = finding! {
    "unknown-rule", Refused, Certain, [],
    "no rule, family, alias or finding has that name",
};
pub static UNMATCHED: Finding = finding! {
    "unmatched", Surprising, Certain, [],
    "no file matches the patterns of an override",
};
pub static UNREAD: Finding = finding! {
    "unread", Surprising, Certain, [],
    "a configuration file, or a part of it, is not read",
};

/// Reports nothing. The configuration belongs to no mesh: see `lint::reporting`.
fn check(_: &Context<'_>, _: &mut Diagnostics) {}
