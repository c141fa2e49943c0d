//! `missing-name`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;

pub static RULE: Rule = rule! {
    name: "missing-name",
    summary: "the API server rejects a resource without `metadata.name`",
    findings: [&MISSING],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Refused, Certain, [],
    "the resource has no name",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems().filter(|problem| problem.kind == DecodeProblemKind::MissingName) {
        diagnostics.report(&MISSING, problem.span, "the resource has no name").help("add `metadata.name`");
    }
}
