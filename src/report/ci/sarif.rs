//! SARIF 2.1.0, as code scanning of GitHub reads it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::Findings;
use crate::advice::{Advice, Edit, Resolver};
use crate::lint::{Diagnostic, Related, Rule, Severity, Subject};
use crate::report::positions::Positions;
use crate::report::{json, links};
use crate::source::{FileId, Position};

/// The most results of a run that GitHub takes.
const MOST_RESULTS: usize = 25_000;

/// The most related places of a result that are worth a click.
const MOST_RELATED: usize = 20;

/// The root of the repository, which the reader knows.
const ROOT: &str = "%SRCROOT%";

/// Writes the output of `mesh lint --output sarif`: one run with the rules that found something, and all findings.
pub fn sarif(findings: &Findings<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let fingerprints = findings.report.fingerprints(findings.sources);
    let mut all: Vec<(&Diagnostic, String)> = findings.report.diagnostics.iter().zip(fingerprints).collect();
    let left_out = all.len().saturating_sub(MOST_RESULTS);
    if left_out > 0 {
        all.sort_by_key(|(diagnostic, _)| Reverse(diagnostic.severity));
        all.truncate(MOST_RESULTS);
    }
    let rules: BTreeMap<&str, &Rule> = all.iter().map(|(it, _)| (it.rule.name, it.rule)).collect();
    let numbers: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(number, name)| (*name, number)).collect();
    let mut results =
        Results { findings, positions: Positions::new(findings.sources), resolver: Resolver::new(findings.sources) };
    let results: Vec<Value> = all
        .iter()
        .map(|(diagnostic, fingerprint)| results.result(diagnostic, fingerprint, numbers[diagnostic.rule.name]))
        .collect();
    let mut invocation = json!({"executionSuccessful": true});
    if left_out > 0 {
        let text = format!("{left_out} findings are left out: code scanning takes {MOST_RESULTS}");
        invocation["toolExecutionNotifications"] = json!([{"level": "warning", "message": {"text": text}}]);
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "mesh",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.values().map(|rule| described(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation],
            "results": results,
        }],
    });
    json::write(&document, out)
}

fn described(rule: &Rule) -> Value {
    let page = rule.page.trim();
    json!({
        "id": rule.name,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": page, "markdown": page},
        "helpUri": links::page(rule),
        "defaultConfiguration": {"level": level(rule.severity())},
        "properties": {"tags": rule.aliases()},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

struct Results<'f, 'r> {
    findings: &'f Findings<'r>,
    positions: Positions<'r>,
    resolver: Resolver<'r>,
}

impl<'r> Results<'_, 'r> {
    fn result(&mut self, diagnostic: &'r Diagnostic, fingerprint: &str, rule: usize) -> Value {
        let place = self.positions.advance(diagnostic.span);
        let mut location = self.location(diagnostic.span.file, place);
        if let Some(subject) = &diagnostic.subject {
            location["logicalLocations"] = json!([logical(subject)]);
        }
        let mut result = json!({
            "ruleId": diagnostic.rule.name,
            "ruleIndex": rule,
            "level": level(diagnostic.severity),
            "message": {"text": Findings::text(diagnostic)},
            "locations": [location],
            "partialFingerprints": {
                "meshFinding/v1": fingerprint,
                // The one that GitHub reads.
                "primaryLocationLineHash": format!("{fingerprint}:1"),
            },
        });
        let related = diagnostic.related.iter().take(MOST_RELATED).enumerate();
        let related: Vec<Value> = related.map(|(number, related)| self.related(number, related)).collect();
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        let fixes: Vec<Value> = match &diagnostic.help {
            Some(advice) => advice.fixes().iter().filter_map(|edits| self.fix(advice, edits)).collect(),
            None => Vec::new(),
        };
        if !fixes.is_empty() {
            result["fixes"] = fixes.into();
        }
        result
    }

    fn related(&self, number: usize, related: &Related) -> Value {
        let mut location = self.location(related.span.file, self.positions.look(related.span));
        location["id"] = (number + 1).into();
        location["message"] = json!({"text": related.message});
        location
    }

    /// The replacements of a fix, by file; `None` if no exact ones are known.
    fn fix(&mut self, advice: &Advice, edits: &[Edit]) -> Option<Value> {
        let edits = self.resolver.text_edits(edits)?;
        let mut by_file: BTreeMap<FileId, Vec<Value>> = BTreeMap::new();
        for edit in edits {
            let region = region(self.positions.look(edit.span));
            let replacement = json!({"deletedRegion": region, "insertedContent": {"text": edit.text}});
            by_file.entry(edit.span.file).or_default().push(replacement);
        }
        let change = |(file, replacements): (FileId, Vec<Value>)| json!({"artifactLocation": self.artifact(file), "replacements": replacements});
        let changes: Vec<Value> = by_file.into_iter().map(change).collect();
        Some(json!({"description": {"text": advice.text()}, "artifactChanges": changes}))
    }

    fn location(&self, file: FileId, place: (Position, Position)) -> Value {
        json!({"physicalLocation": {"artifactLocation": self.artifact(file), "region": region(place)}})
    }

    fn artifact(&self, file: FileId) -> Value {
        let path = self.findings.path(file);
        match path.starts_with('/') {
            true => json!({"uri": format!("file://{}", links::encoded(&path))}),
            false => json!({"uri": links::encoded(&path), "uriBaseId": ROOT}),
        }
    }
}

fn region((start, end): (Position, Position)) -> Value {
    json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column})
}

fn logical(subject: &Subject) -> Value {
    let resource = &subject.resource;
    let namespace = resource.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let field = if subject.field.is_empty() { String::new() } else { format!(" {}", subject.field) };
    json!({
        "name": resource.name,
        "fullyQualifiedName": format!("{} {namespace}{}{field}", resource.kind, resource.name),
        "kind": "resource",
    })
}
