//! The JSON of `mesh lint`: schemas `mesh.lint/v1` and `mesh.statistics/v1`.
//!
//! Keys that do not apply are left out, except `witness`, which is `null` if a rule has no request to show.

use std::io;
use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::meshes::MeshObject;
use super::write;
use crate::advice::{Advice, Edit, Resolver};
use crate::layout::Mesh;
use crate::lint::{self, ResourceName, Subject, Summary, Unchecked};
use crate::report::positions::Positions;
use crate::source::{Position, Sources, Span};

/// Writes the output of `mesh lint --format json`: one object, indented, with a newline at its end.
pub fn lint(report: &lint::Report, meshes: &[&Mesh], sources: &Sources, out: &mut dyn io::Write) -> io::Result<()> {
    let diagnostics = DiagnosticList { list: &report.diagnostics, sources };
    let object = Object {
        schema: "mesh.lint/v1",
        meshes: meshes.iter().map(|mesh| MeshObject::of(mesh, sources)).collect(),
        diagnostics,
        unchecked: &report.unchecked,
        summary: Totals::of(&report.summary),
    };
    write(&object, out)
}

/// Writes the output of `mesh lint --statistics --format json`: one object, indented, with a newline at its end.
pub fn statistics(report: &lint::Report, out: &mut dyn io::Write) -> io::Result<()> {
    let rules = lint::Statistics::of(&report.diagnostics);
    let object = StatisticsObject { schema: "mesh.statistics/v1", rules, summary: Totals::of(&report.summary) };
    write(&object, out)
}

#[derive(Serialize)]
struct Object<'a> {
    schema: &'static str,
    meshes: Vec<MeshObject<'a>>,
    diagnostics: DiagnosticList<'a>,
    unchecked: &'a [Unchecked],
    summary: Totals,
}

/// The numbers of findings of each rule.
#[derive(Serialize)]
struct StatisticsObject {
    schema: &'static str,
    rules: Vec<lint::Statistics>,
    summary: Totals,
}

/// Findings that are written one at a time, so that a long list needs no memory.
struct DiagnosticList<'a> {
    list: &'a [lint::Diagnostic],
    sources: &'a Sources,
}

#[derive(Serialize)]
struct DiagnosticObject<'a> {
    rule: &'a str,
    finding: &'a str,
    aliases: &'a [&'a str],
    severity: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: PlaceObject<'a>,
    related: Vec<RelatedObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    witness: Option<()>,
    fixable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixObject<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    meshes: &'a [Arc<str>],
}

#[derive(Serialize)]
struct RelatedObject<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: PlaceObject<'a>,
}

#[derive(Serialize)]
struct PlaceObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a ResourceName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    file: &'a str,
    /// The template that the document was rendered from. The positions are those in `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct FixObject<'a> {
    edits: Vec<EditObject<'a>>,
}

#[derive(Serialize)]
struct EditObject<'a> {
    file: &'a str,
    start: Position,
    end: Position,
    text: String,
}

impl<'a> FixObject<'a> {
    /// The changes of the texts; `None` if no exact ones are known.
    fn of(
        edits: &[Edit],
        sources: &'a Sources,
        positions: &Positions<'_>,
        resolver: &mut Resolver<'_>,
    ) -> Option<Self> {
        let edits = resolver.text_edits(edits)?.into_iter().map(|edit| {
            let (start, end) = positions.look(edit.span);
            EditObject { file: sources.file(edit.span.file).path(), start, end, text: edit.text }
        });
        Some(Self { edits: edits.collect() })
    }
}

#[derive(Serialize)]
struct Totals {
    files: usize,
    resources: usize,
    skipped: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    suppressed: usize,
    known: usize,
    unchanged: usize,
}

impl Serialize for DiagnosticList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut positions = Positions::new(self.sources);
        let mut resolver = Resolver::new(self.sources);
        let mut list = serializer.serialize_seq(Some(self.list.len()))?;
        for diagnostic in self.list {
            list.serialize_element(&DiagnosticObject::of(diagnostic, self.sources, &mut positions, &mut resolver))?;
        }
        list.end()
    }
}

impl<'a> DiagnosticObject<'a> {
    fn of(
        diagnostic: &'a lint::Diagnostic,
        sources: &'a Sources,
        positions: &mut Positions<'_>,
        resolver: &mut Resolver<'_>,
    ) -> Self {
        let position = positions.advance(diagnostic.span);
        let place = PlaceObject::new(diagnostic.subject.as_ref(), sources, diagnostic.span, position);
        let related = diagnostic.related.iter().map(|related| {
            let position = positions.look(related.span);
            let place = PlaceObject::new(related.subject.as_ref(), sources, related.span, position);
            RelatedObject { message: &related.message, place }
        });
        let advice = diagnostic.help.as_ref();
        let fixes = advice.into_iter().flat_map(Advice::fixes);
        let fixes: Vec<_> = fixes.filter_map(|edits| FixObject::of(edits, sources, positions, resolver)).collect();
        Self {
            rule: diagnostic.rule.name,
            finding: diagnostic.finding.name,
            aliases: diagnostic.finding.aliases,
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            place,
            related: related.collect(),
            help: advice.map(Advice::text),
            witness: None,
            fixable: !fixes.is_empty() && advice.is_some_and(|advice| advice.only_fix().is_some()),
            fixes,
            meshes: &diagnostic.meshes,
        }
    }
}

impl<'a> PlaceObject<'a> {
    fn new(subject: Option<&'a Subject>, sources: &'a Sources, span: Span, (start, end): (Position, Position)) -> Self {
        let resource = subject.map(|subject| &subject.resource);
        // A finding about a resource as a whole has no field.
        let field = subject.map(|subject| subject.field.as_str()).filter(|field| !field.is_empty());
        let file = sources.file(span.file).path();
        Self { resource, field, file, source: sources.origin(span), start, end }
    }
}

impl Totals {
    fn of(summary: &Summary) -> Self {
        let &Summary { files, resources, skipped, errors, warnings, infos, suppressed, known, unchanged } = summary;
        Self { files, resources, skipped, errors, warnings, infos, suppressed, known, unchanged }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::lint::Report;
    use crate::report::sample::{DUPLICATE_HOST, finding, manifest, related, span, virtual_service};

    fn json(report: &Report, sources: &Sources) -> String {
        let mut out = Vec::new();
        lint(report, &[], sources, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_object_has_the_promised_shape() {
        let mut sources = Sources::default();
        let a = sources.add("a.yaml", manifest("é-a"));
        let b = sources.add("b.yaml", manifest("reviews-b"));
        let mut diagnostic = finding(&sources, &DUPLICATE_HOST, b, "- reviews", "defined twice");
        diagnostic.subject = virtual_service("reviews-b", "spec.hosts[0]");
        diagnostic.help = Some("merge them".into());
        diagnostic.related.push(related("first defined here", span(&sources, a, "- reviews"), None));
        let unchecked = vec![Unchecked { rule: "unknown-host", count: 3, reason: "no Service".to_owned() }];
        let summary =
            Summary { files: 2, resources: 3, skipped: 4, errors: 1, suppressed: 5, known: 6, ..Summary::default() };
        let report = Report { diagnostics: vec![diagnostic], unchecked, summary, ..Report::default() };

        let expected = json!({
            "schema": "mesh.lint/v1",
            "meshes": [],
            "diagnostics": [{
                "rule": "duplicate-host",
                "finding": "conflict",
                "aliases": ["IST0109", "KIA1106"],
                "severity": "error",
                "message": "defined twice",
                "resource": {
                    "apiVersion": "networking.istio.io/v1",
                    "kind": "VirtualService",
                    "namespace": "default",
                    "name": "reviews-b"
                },
                "field": "spec.hosts[0]",
                "file": "b.yaml",
                "start": {"line": 7, "column": 3, "offset": 101},
                "end": {"line": 7, "column": 12, "offset": 110},
                "related": [{
                    "message": "first defined here",
                    "file": "a.yaml",
                    "start": {"line": 7, "column": 3, "offset": 96},
                    "end": {"line": 7, "column": 12, "offset": 105}
                }],
                "help": "merge them",
                "witness": null,
                "fixable": false
            }],
            "unchecked": [{"rule": "unknown-host", "count": 3, "reason": "no Service"}],
            "summary":
                {"files": 2, "resources": 3, "skipped": 4, "errors": 1, "warnings": 0, "infos": 0, "suppressed": 5, "known": 6,
                 "unchanged": 0}
        });
        let text = json(&report, &sources);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        assert!(text.starts_with("{\n  \"schema\": \"mesh.lint/v1\",\n  \"meshes\": []") && text.ends_with("\n}\n"));
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        let mut sources = Sources::default();
        let file = sources.add("<stdin>", "a");
        let mut diagnostic = finding(&sources, &DUPLICATE_HOST, file, "a", "m");
        let keys = |diagnostic: &lint::Diagnostic| {
            let report = Report { diagnostics: vec![diagnostic.clone()], ..Report::default() };
            let value: Value = serde_json::from_str(&json(&report, &sources)).unwrap();
            let keys: Vec<String> = value["diagnostics"][0].as_object().unwrap().keys().cloned().collect();
            keys
        };
        let always = [
            "aliases", "end", "file", "finding", "fixable", "message", "related", "rule", "severity", "start",
            "witness",
        ];
        assert_eq!(keys(&diagnostic), always);
        diagnostic.subject = virtual_service("a", "");
        assert!(keys(&diagnostic).contains(&"resource".to_owned()));
        assert!(!keys(&diagnostic).contains(&"field".to_owned()), "the finding is about the whole resource");
    }

    #[test]
    fn a_rendered_document_names_its_template() {
        let mut sources = Sources::default();
        let file = sources.add("<stdin>", "---\n# Source: shop/templates/a.yaml\na: 1\n---\nb: 2\n");
        let diagnostics = ["a: 1", "b: 2"].map(|wanted| finding(&sources, &DUPLICATE_HOST, file, wanted, "m"));
        let report = Report { diagnostics: diagnostics.into(), ..Report::default() };
        let value: Value = serde_json::from_str(&json(&report, &sources)).unwrap();
        let [first, second] = [&value["diagnostics"][0], &value["diagnostics"][1]];
        assert_eq!((&first["file"], &first["source"]), (&json!("<stdin>"), &json!("shop/templates/a.yaml")));
        assert_eq!((&first["start"]["line"], second.get("source")), (&json!(3), None));
    }

    #[test]
    fn nothing_found_is_an_object_too() {
        let value: Value = serde_json::from_str(&json(&Report::default(), &Sources::default())).unwrap();
        assert_eq!((&value["diagnostics"], &value["unchecked"]), (&json!([]), &json!([])));
    }
}
