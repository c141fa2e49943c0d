//! What the tests of `istioctl analyze` expect: each message must have a finding on the same resource that has its code
//! among the aliases.

use std::path::Path;

use serde_json::Value;

use super::different;
use crate::mesh::mesh_in;
use crate::shared;

/// Where the inputs lie.
const INPUTS: &str = "corpus/istio__istio/pkg/config/analysis/analyzers";

#[test]
fn messages_of_istioctl_analyze_are_found() {
    let (Some(cases), Some(inputs)) = (shared::data("conformance/analyzer/cases.json"), shared::data(INPUTS)) else {
        return;
    };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(cases).unwrap()).unwrap();
    let results = table["cases"].as_array().unwrap().iter().flat_map(|case| check(case, &inputs)).collect();
    different::check("messages of istioctl analyze", results, LEAST);
}

/// How many messages are found at least.
const LEAST: usize = 46;

/// The messages that a case expects, each with whether it is found.
fn check(case: &Value, inputs: &Path) -> Vec<(String, Result<(), String>)> {
    let files = case["inputFiles"].as_array().into_iter().flatten();
    let files = files.chain([&case["meshConfigFile"], &case["meshNetworksFile"]]).filter_map(Value::as_str);
    let arguments: Vec<&str> = ["lint", "--format", "json"].into_iter().chain(files).collect();
    let report = mesh_in(inputs, &arguments, "", &[]).json();
    let findings = report["diagnostics"].as_array().unwrap();
    let expected = case["expected"].as_array().unwrap().iter();
    let outcome = |message: &Value| {
        let name = format!("{} {} {}", case["id"].as_str().unwrap(), text(message, "code"), text(message, "resource"));
        let is_found = findings.iter().any(|finding| says(finding, message));
        (name, if is_found { Ok(()) } else { Err("nothing is found".to_owned()) })
    };
    expected.map(outcome).collect()
}

/// Whether a finding says what a message says, of the same resource.
fn says(finding: &Value, message: &Value) -> bool {
    let resource = &finding["resource"];
    let namespace = message["namespace"].as_str();
    finding["aliases"].as_array().is_some_and(|aliases| aliases.contains(&message["code"]))
        && resource["kind"] == message["kind"]
        && resource["name"] == message["name"]
        && namespace.is_none_or(|namespace| resource["namespace"].as_str().unwrap_or("default") == namespace)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
