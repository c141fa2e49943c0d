//! Misconfigurations that users reported. Each must have a finding at the resource and field that the index names.

use serde_json::Value;

use super::different;
use crate::mesh::mesh_in;
use crate::shared;

#[test]
fn reported_misconfigurations_are_found_at_their_place() {
    let Some(bad) = shared::data("bad") else { return };
    let index: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(bad.join("INDEX.json")).unwrap()).unwrap();
    let wrong = index.iter().filter(|case| case["verdict"] != "ok");
    let results = wrong.map(|case| {
        let id = case["id"].as_str().unwrap();
        let report = mesh_in(&bad.join(id), &["lint", ".", "--format", "json"], "", &[]).json();
        (format!("bad {id}"), check(case, &report))
    });
    different::check("reported misconfigurations", results.collect(), LEAST);
}

/// The least number of misconfigurations that must be found.
const LEAST: usize = 58;

fn check(case: &Value, report: &Value) -> Result<(), String> {
    let place = case["where"].as_str().unwrap();
    let findings = report["diagnostics"].as_array().unwrap();
    let is_at_place = |finding: &&Value| match case["parses"] == true {
        true => is_at(finding, place),
        // A file that is not valid YAML has no resources.
        false => finding["resource"].is_null(),
    };
    if findings.iter().any(|finding| is_at_place(&finding)) {
        return Ok(());
    }
    let found: Vec<String> =
        findings.iter().map(|it| format!("{} at {} {}", it["rule"], it["resource"]["name"], it["field"])).collect();
    Err(format!("no finding at {place}, but {found:?}"))
}

/// Whether a finding is at a place such as `VirtualService shop/cart spec.hosts[0]`, inside it, or at a field around it.
fn is_at(finding: &Value, place: &str) -> bool {
    let mut words = place.split(' ');
    let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let wanted = words.next().unwrap_or_default();
    let resource = &finding["resource"];
    let text = |field: &str| resource[field].as_str().unwrap_or_default();
    let field = finding["field"].as_str().unwrap_or_default();
    let is_part = |whole: &str, part: &str| {
        part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    text("kind") == kind
        && format!("{}/{}", text("namespace"), text("name")) == name
        && (is_part(wanted, field)
            || wanted.is_empty()
            || (field != "spec" && !field.is_empty() && is_part(field, wanted)))
}
