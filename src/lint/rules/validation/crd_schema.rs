//! `crd-schema`

use std::collections::{HashMap, HashSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{DecodeProblemKind, Kind, Resource};
use crate::source::{FileId, Span};

pub static RULE: Rule = rule! {
    name: "crd-schema",
    summary: "the API server rejects the resource, because it violates the schema of its CRD",
    findings: [&REJECTED, &STANDARD_CHANNEL],
    check: check,
};

static REJECTED: Finding = finding! {
    "rejected", Refused, Certain, [],
    "the API server rejects the resource",
};

static STANDARD_CHANNEL: Finding = finding! {
    "standard-channel", Refused, Likely, [],
    "the API server rejects the resource if the standard channel of the Gateway API is installed",
};

/// The annotation with the Gateway API channel of a CustomResourceDefinition.
const CHANNEL: &str = "gateway.networking.k8s.io/channel";

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
        if let DecodeProblemKind::SchemaViolation { message, help, related } = &problem.kind
            && reported.insert(problem.span)
            && !by_file.get(&problem.span.file).is_some_and(|spans| spans.iter().any(|it| overlaps(*it, problem.span)))
        {
            let diagnostic = diagnostics.report(&REJECTED, problem.span, message);
            diagnostic.label("the API server rejects this");
            if let Some((span, label)) = related {
                diagnostic.related(*span, *label);
            }
            if let Some(help) = help {
                diagnostic.help(help);
            }
        }
    }
    let mut definitions = context.snapshot.resources().filter(|it| it.kind == Kind::CustomResourceDefinition);
    let is_experimental =
        |it: &Resource| it.metadata.annotations.get(CHANNEL).is_some_and(|channel| channel.as_str() == "experimental");
    if definitions.any(is_experimental) {
        return;
    }
    for problem in context.model_problems() {
        if let DecodeProblemKind::ChannelViolation { message, help } = &problem.kind {
            diagnostics.report(&STANDARD_CHANNEL, problem.span, message).help(help);
        }
    }
}

/// Whether one of two places is within the other.
fn overlaps(a: Span, b: Span) -> bool {
    a.contains(b) || b.contains(a)
}
