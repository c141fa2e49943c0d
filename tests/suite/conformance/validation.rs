//! The verdicts of the admission webhook on whole resources: istiod's own test tables, compared by the numbers of its
//! checks.

use std::collections::BTreeSet;

use mesh::config::Config;
use mesh::load::{ManifestProblem, Snapshot};
use mesh::model::DecodeProblemKind;
use mesh::validate::{Layer, validate};
use mesh::world::Settings;
use serde_json::Value;

use super::different;
use crate::shared;

pub(super) fn rows(file: &str) -> Option<Vec<Value>> {
    let path = shared::data(&format!("conformance/validation/{file}"))?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn numbers(row: &Value, field: &str) -> BTreeSet<String> {
    row[field].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// The numbers of the checks for which the webhook rejects a manifest, and of those that it warns about.
pub(super) fn found(manifest: &Value) -> [BTreeSet<String>; 2] {
    let snapshot = Snapshot::of_texts([("manifest.json", manifest.to_string())]);
    if snapshot.problems.iter().any(is_undecodable) {
        return [BTreeSet::from(["DEC".to_owned()]), BTreeSet::new()];
    }
    let settings = Settings::new(&Config::default(), &snapshot);
    let all: Vec<_> = snapshot.resources().flat_map(|resource| validate(resource, &settings)).collect();
    let of = |layer: Layer| all.iter().filter(|it| it.layer == layer).map(|it| it.id.to_owned()).collect();
    [of(Layer::Webhook), of(Layer::WebhookWarning)]
}

/// Whether `istioctl validate` stops at a problem, before it runs any check.
fn is_undecodable(problem: &ManifestProblem) -> bool {
    let ManifestProblem::Model(problem) = problem else { return false };
    use DecodeProblemKind::{InvalidValue, UnknownField, WrongType};
    matches!(problem.kind, UnknownField { .. } | WrongType { .. } | InvalidValue { .. })
}

fn check(file: &str, name_of: impl Fn(&Value) -> String, least: usize) {
    let Some(rows) = rows(file) else { return };
    let mut results = Vec::new();
    for row in &rows {
        let [errors, warnings] = found(&row["manifest"]);
        let (wanted_errors, wanted_warnings) = (numbers(row, "errors"), numbers(row, "warnings"));
        let result = if errors != wanted_errors {
            Err(format!("errors {errors:?}, expected {wanted_errors:?}"))
        } else if warnings != wanted_warnings {
            Err(format!("warnings {warnings:?}, expected {wanted_warnings:?}"))
        } else {
            Ok(())
        };
        results.push((name_of(row), result));
    }
    different::check(&format!("validation {file}"), results, least);
}

pub(super) fn id(row: &Value) -> String {
    let name = format!("{} {}", row["id"].as_str().unwrap_or_default(), row["name"].as_str().unwrap_or_default());
    name.trim_end().to_owned()
}

#[test]
fn the_webhook_agrees_with_its_own_tests() {
    check("cases.jsonl", id, 753);
}

#[test]
fn the_webhook_agrees_beyond_its_own_tests() {
    check("extra.jsonl", id, 192);
}

#[test]
fn the_webhook_agrees_on_the_documents_of_the_schema_tests() {
    check("crd-docs.jsonl", id, 111);
}

/// The verdicts of `istioctl validate` on whole files.
#[test]
fn files_are_valid_as_for_istioctl() {
    let Some(rows) = rows("istioctl.jsonl") else { return };
    let results = rows.iter().map(|row| {
        let snapshot = Snapshot::of_texts([("file.yaml", row["yaml"].as_str().unwrap())]);
        let settings = Settings::new(&Config::default(), &snapshot);
        let all: Vec<_> = snapshot.resources().flat_map(|resource| validate(resource, &settings)).collect();
        let is_broken =
            |problem: &ManifestProblem| is_undecodable(problem) || matches!(problem, ManifestProblem::Yaml(_));
        let is_valid =
            !snapshot.problems.iter().any(is_broken) && all.iter().all(|it| it.layer == Layer::WebhookWarning);
        let expected = row["expect"]["valid"].as_bool().unwrap();
        let result = if is_valid == expected { Ok(()) } else { Err(format!("valid: {is_valid}")) };
        (format!("istioctl {}", row["name"].as_str().unwrap()), result)
    });
    different::check("istioctl validate", results.collect(), 17);
}
