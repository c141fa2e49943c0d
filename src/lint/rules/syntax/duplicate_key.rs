//! `duplicate-key`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::yaml::YamlProblemKind;

pub static RULE: Rule = rule! {
    name: "duplicate-key",
    aliases: [],
    severity: Error,
    summary: "a key that a mapping has twice: one of the values is dropped without a word",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    context.yaml_problems(YamlProblemKind::DuplicateKey).for_each(|problem| diagnostics.report_yaml(problem));
}
