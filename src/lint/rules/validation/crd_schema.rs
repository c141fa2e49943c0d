//! `crd-schema`

use std::collections::HashSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::ProblemKind;
use crate::source::Span;
use crate::validate::Family;

pub static RULE: Rule = rule! {
    name: "crd-schema",
    aliases: [],
    severity: Error,
    summary: "what the API server refuses by the schema of the CRD, whatever istiod says",
    check: check,
};

/// What another rule says of the same place is not said again.
fn check(context: &Context<'_>, findings: &mut Findings) {
    findings.report_violations(context, Family::CrdSchema);
    let mut told: HashSet<Span> = context.refused().map(|violation| violation.span).collect();
    for problem in context.model_problems() {
        if let ProblemKind::NotOfSchema { message, help } = &problem.kind
            && told.insert(problem.span)
        {
            let diagnostic = findings.report(problem.span, message);
            diagnostic.help.clone_from(help);
            diagnostic.label("the API server refuses it");
        }
    }
}
