//! `missing-name`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::DecodeProblemKind;

pub static RULE: Rule = rule! {
    name: "missing-name",
    aliases: [],
    severity: Error,
    summary: "a resource without metadata.name, which the API server refuses",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems().filter(|problem| problem.kind == DecodeProblemKind::MissingName) {
        diagnostics.report_default(problem.span, "the resource has no name").help("add metadata.name");
    }
}
