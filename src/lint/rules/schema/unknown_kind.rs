//! `unknown-kind`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::DecodeProblemKind;

pub static RULE: Rule = rule! {
    name: "unknown-kind",
    aliases: [],
    severity: Error,
    summary: "a kind or version that Istio's API does not serve",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems() {
        if let DecodeProblemKind::UnknownKind { message, help } = &problem.kind {
            diagnostics.report_default(problem.span, message).help(help);
        }
    }
}
