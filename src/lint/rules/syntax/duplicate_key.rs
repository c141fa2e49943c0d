//! `duplicate-key`

use super::report;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::yaml::YamlProblemKind;

pub static RULE: Rule = rule! {
    name: "duplicate-key",
    summary: "a mapping has a key twice, and one of the values is silently dropped",
    findings: [&REPEATED],
    check: check,
};

static REPEATED: Finding = finding! {
    "repeated", Lost, Certain, [],
    "the mapping has the key twice, and only the last value counts",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.yaml_problems(YamlProblemKind::DuplicateKey) {
        report(&REPEATED, problem, diagnostics);
    }
}
