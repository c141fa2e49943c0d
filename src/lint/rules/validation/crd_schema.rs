//! `crd-schema`

use std::collections::{HashMap, HashSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::DecodeProblemKind;
use crate::source::{FileId, Span};

pub static RULE: Rule = rule! {
    name: "crd-schema",
    summary: "the API server rejects the resource, because it violates the schema of its CRD",
    findings: [&REJECTED],
    check: check,
};

static REJECTED: Finding = finding! {
    "rejected", Refused, Certain, [],
    "the API server rejects the resource",
};

/// Skips a place if another rule reports that place, or a value within it. A violation of a whole resource, one without
/// `spec`, does not count: no other rule reports it.
fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let resources: HashSet<Span> = context.snapshot.resources().map(|resource| resource.span).collect();
    let mut by_file: HashMap<FileId, Vec<Span>> = HashMap::new();
    for span in context.refused().map(|violation| violation.span).filter(|span| !resources.contains(span)) {
        by_file.entry(span.file).or_default().push(span);
    }
    let mut reported: HashSet<Span> = HashSet::new();
    for problem in context.model_problems() {
        if let DecodeProblemKind::SchemaViolation { message, help } = &problem.kind
            && reported.insert(problem.span)
            && !by_file.get(&problem.span.file).is_some_and(|spans| spans.iter().any(|it| overlaps(*it, problem.span)))
        {
            let diagnostic = diagnostics.report(&REJECTED, problem.span, message);
            diagnostic.label("the API server rejects this");
            if let Some(help) = help {
                diagnostic.help(help);
            }
        }
    }
}

/// Whether one of two places is within the other.
fn overlaps(a: Span, b: Span) -> bool {
    a.contains(b) || b.contains(a)
}
