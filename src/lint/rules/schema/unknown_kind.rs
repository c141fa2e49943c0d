//! `unknown-kind`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;

pub static RULE: Rule = rule! {
    name: "unknown-kind",
    summary: "Istio or the Gateway API does not serve the kind or the version",
    findings: [&UNKNOWN],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Refused, Certain, [],
    "the API server does not know the kind or the version",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.model_problems() {
        if let DecodeProblemKind::UnknownKind { message, help } = &problem.kind {
            diagnostics.report(&UNKNOWN, problem.span, message).help(help);
        }
    }
}
