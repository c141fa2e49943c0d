//! The verdicts of the API server by the schemas of Istio's CRDs: istiod's own documents with a verdict, and those of a
//! schema checker on the other tables.

use mesh::load::{ManifestProblem, Snapshot};
use mesh::model::DecodeProblemKind;
use serde_json::Value;

use super::different;
use super::validation::{id, rows};

/// The parts of a manifest that the schema rejects.
fn rejected(manifest: &Value) -> Vec<String> {
    let snapshot = Snapshot::of_texts([("manifest.json", manifest.to_string())]);
    let of_schema = |problem: &ManifestProblem| match problem {
        ManifestProblem::Model(problem) => match &problem.kind {
            DecodeProblemKind::SchemaViolation { message, .. } => Some(message.clone()),
            DecodeProblemKind::UnknownField { key, .. } => Some(format!("unknown field {key}")),
            kind @ (DecodeProblemKind::WrongType { .. } | DecodeProblemKind::InvalidValue { .. }) => {
                Some(format!("{kind:?}"))
            }
            _ => None,
        },
        ManifestProblem::Yaml(_) | ManifestProblem::Build(_) => None,
    };
    snapshot.problems.iter().filter_map(of_schema).collect()
}

/// Whether the kind of a manifest is read. If not, the table has no verdict to compare.
fn is_read(manifest: &Value) -> bool {
    let snapshot = Snapshot::of_texts([("manifest.json", manifest.to_string())]);
    !snapshot.resources.is_empty() || !snapshot.problems.is_empty()
}

fn check(file: &str, least: usize) {
    let Some(rows) = rows(file) else { return };
    let is_read = |row: &&Value| is_read(&row["manifest"]);
    let results = rows.iter().filter(is_read).map(|row| {
        let (ours, theirs) = (rejected(&row["manifest"]), &row["crd_errors"]);
        let is_valid = theirs.as_array().is_some_and(Vec::is_empty);
        let result = if ours.is_empty() == is_valid { Ok(()) } else { Err(format!("{ours:?}, expected {theirs}")) };
        (format!("crd {}", id(row)), result)
    });
    different::check(&format!("CRD schemas: {file}"), results.collect(), least);
}

#[test]
fn the_api_server_agrees_with_upstream() {
    check("crd-docs.jsonl", 107);
}

#[test]
fn the_api_server_agrees_on_the_tables_of_the_webhook() {
    check("cases.jsonl", 743);
    check("extra.jsonl", 184);
}
