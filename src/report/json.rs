//! JSON for programs, in the form that the interface promises.

use std::io::{self, Write};

use serde::Serialize;

use crate::lint::{self, Diagnostic, Related, ResourceName, Subject, Summary, Unchecked};
use crate::source::{Position, Sources, Span};

/// Writes what `mesh lint` found.
pub fn lint(report: &lint::Report, sources: &Sources, out: &mut dyn Write) -> io::Result<()> {
    let object = LintReport {
        schema: "mesh.lint/v1",
        diagnostics: report.diagnostics.iter().map(|it| Finding::new(it, sources)).collect(),
        unchecked: &report.unchecked,
        summary: &report.summary,
    };
    serde_json::to_writer_pretty(&mut *out, &object)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct LintReport<'a> {
    schema: &'static str,
    diagnostics: Vec<Finding<'a>>,
    unchecked: &'a [Unchecked],
    summary: &'a Summary,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    aliases: &'static [&'static str],
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    related: Vec<RelatedPlace<'a>>,
    help: Option<&'a str>,
    witness: Option<()>,
    fixable: bool,
}

#[derive(Serialize)]
struct RelatedPlace<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a ResourceName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    file: &'a str,
    start: Position,
    end: Position,
}

impl<'a> Finding<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        Self {
            rule: diagnostic.rule.name,
            aliases: diagnostic.rule.aliases,
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            place: Place::new(diagnostic.span, diagnostic.subject.as_ref(), sources),
            related: diagnostic.related.iter().map(|it| RelatedPlace::new(it, sources)).collect(),
            help: diagnostic.help.as_deref(),
            witness: None,
            fixable: false,
        }
    }
}

impl<'a> RelatedPlace<'a> {
    fn new(related: &'a Related, sources: &'a Sources) -> Self {
        Self { message: &related.message, place: Place::new(related.span, related.subject.as_ref(), sources) }
    }
}

impl<'a> Place<'a> {
    fn new(span: Span, subject: Option<&'a Subject>, sources: &'a Sources) -> Self {
        Self {
            resource: subject.map(|subject| &subject.resource),
            field: subject.map(|subject| subject.field.as_str()),
            file: sources.file(span.file).path(),
            start: sources.start(span),
            end: sources.end(span),
        }
    }
}
