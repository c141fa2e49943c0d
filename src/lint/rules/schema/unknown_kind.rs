//! `unknown-kind`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::ProblemKind;

pub static RULE: Rule = rule! {
    name: "unknown-kind",
    aliases: [],
    severity: Error,
    summary: "a kind or version that Istio's API does not serve",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for problem in context.model_problems() {
        if let ProblemKind::UnknownKind { message, help } = &problem.kind {
            findings.report(problem.span, message).help(help);
        }
    }
}
