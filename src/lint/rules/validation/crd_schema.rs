//! `crd-schema`

use std::collections::{HashMap, HashSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::DecodeProblemKind;
use crate::source::{FileId, Span};

pub static RULE: Rule = rule! {
    name: "crd-schema",
    aliases: [],
    severity: Error,
    summary: "what the API server refuses by the schema of the CRD, whatever istiod says",
    check: check,
};

/// What another rule says of the same place, or of a value within it, is not said again. Of a resource as a whole, one
/// without a spec, no other rule says anything.
fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let resources: HashSet<Span> = context.snapshot.resources.iter().map(|resource| resource.span).collect();
    let mut by_file: HashMap<FileId, Vec<Span>> = HashMap::new();
    for span in context.refused().map(|violation| violation.span).filter(|span| !resources.contains(span)) {
        by_file.entry(span.file).or_default().push(span);
    }
    let mut told: HashSet<Span> = HashSet::new();
    for problem in context.model_problems() {
        if let DecodeProblemKind::SchemaViolation { message, help } = &problem.kind
            && told.insert(problem.span)
            && !by_file.get(&problem.span.file).is_some_and(|spans| spans.iter().any(|it| overlaps(*it, problem.span)))
        {
            let diagnostic = diagnostics.report_default(problem.span, message);
            diagnostic.help.clone_from(help);
            diagnostic.label("the API server refuses it");
        }
    }
}

/// Whether one of two places lies in the other.
fn overlaps(a: Span, b: Span) -> bool {
    a.contains(b) || b.contains(a)
}
