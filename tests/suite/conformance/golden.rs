//! Requests that a real istiod and a real Envoy have answered. Every one must be answered the same.
//!
//! Each directory has a whole mesh and, in `cases.jsonl`, requests with their answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::different;
use crate::mesh::mesh_in;
use crate::shared;

#[test]
fn requests_are_answered_as_istiod_and_envoy_do() {
    let Some(golden) = shared::data("conformance/golden") else { return };
    let mut results = Vec::new();
    for directory in directories(&golden) {
        let text = std::fs::read_to_string(directory.join("cases.jsonl")).unwrap();
        let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let requests: Vec<String> = cases.iter().map(|case| case["request"].to_string()).collect();
        let arguments = ["simulate", "--no-config", "-f", "mesh.yaml", "--requests", "-"];
        let run = mesh_in(&directory, &arguments, &(requests.join("\n") + "\n"), &[]);
        let answers: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), cases.len(), "{}: {}", directory.display(), run.stderr);
        let name = directory.file_name().unwrap().to_string_lossy();
        for (index, (case, answer)) in cases.iter().zip(&answers).enumerate() {
            let result = compare(answer, &case["answer"], &case["request"]);
            results.push((format!("{name} {index}"), result.map_err(|it| format!("{it}: {}", case["request"]))));
        }
    }
    let all = results.len();
    different::check("requests that Envoy answered", results, all);
}

/// The directories with cases, at any depth.
fn directories(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        if directory.join("cases.jsonl").exists() {
            found.push(directory);
            continue;
        }
        let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        open.extend(entries.filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

/// Compares an answer with that of Envoy.
fn compare(answer: &Value, envoy: &Value, request: &Value) -> Result<(), String> {
    let differ = |field: &str, own: &Value, other: &Value| Err(format!("{field} is {own}, Envoy's {other}"));
    if !answer["error"].is_null() {
        return Err(answer["error"].to_string());
    }
    let abort = &answer["fault"]["abort"];
    let flag = envoy["flag"].as_str();
    if flag == Some("FI") {
        let status = [&abort["httpStatus"], &abort["status"]].into_iter().find(|it| !it.is_null());
        return match status {
            _ if abort.is_null() => differ("fault", abort, &envoy["status"]),
            Some(status) if *status != envoy["status"] => differ("status of the fault", status, &envoy["status"]),
            _ => Ok(()),
        };
    }
    let problem = match flag {
        Some("NC") => Some("no-cluster"),
        Some("UH") => Some("no-endpoints"),
        _ => None,
    };
    let (outcome, other) = (answer["outcome"].as_str().unwrap(), envoy["outcome"].as_str().unwrap());
    // Envoy ends the connection before the policy sees a byte.
    if outcome == "denied" && problem.is_some() && envoy["tcp"] == true {
        return Ok(());
    }
    // gRPC clients get a redirect as a response with `grpc-status`.
    if request["protocol"] == "grpc" && (outcome, other) == ("redirect", "direct-response") {
        return Ok(());
    }
    if outcome != other {
        return differ("outcome", &answer["outcome"], &envoy["outcome"]);
    }
    if outcome == "forward" && !abort.is_null() && abort["percentage"].as_f64().unwrap_or(100.0) >= 100.0 {
        return differ("fault", abort, &envoy["flag"]);
    }
    match outcome {
        "forward" | "passthrough" => {
            compare_destinations(answer, envoy, problem)?;
            if problem.is_none() {
                compare_request(&answer["request"], &envoy["upstream"])?;
            }
            if outcome == "forward" { compare_policy(answer, &envoy["policy"]) } else { Ok(()) }
        }
        _ => {
            let is_open = outcome == "refused" && answer["status"].is_null();
            if answer["status"] != envoy["status"] && !is_open {
                return differ("status", &answer["status"], &envoy["status"]);
            }
            if answer["flag"].as_str().is_some_and(|own| flag.is_some_and(|flag| own != flag)) {
                return differ("flag", &answer["flag"], &envoy["flag"]);
            }
            if outcome == "redirect" && answer["location"] != envoy["location"] {
                return differ("location", &answer["location"], &envoy["location"]);
            }
            Ok(())
        }
    }
}

/// Each cluster that Envoy chose is a destination, and one of those has Envoy's problem.
fn compare_destinations(answer: &Value, envoy: &Value, problem: Option<&str>) -> Result<(), String> {
    let used: Vec<&Value> =
        list(&answer["destinations"]).iter().filter(|it| it["weight"].as_f64().unwrap_or(100.0) > 0.0).collect();
    let own: BTreeSet<&str> = used.iter().filter_map(|it| it["cluster"].as_str()).collect();
    let chosen: BTreeSet<&str> = list(&envoy["clusters"]).iter().filter_map(Value::as_str).collect();
    let is_forwarded = answer["outcome"] == "forward";
    if (is_forwarded || !used.is_empty()) && !chosen.is_subset(&own) {
        return Err(format!("clusters are {own:?}, Envoy's {chosen:?}"));
    }
    if !is_forwarded {
        return Ok(());
    }
    let hit: Vec<&&Value> =
        used.iter().filter(|it| it["cluster"].as_str().is_some_and(|it| chosen.contains(it))).collect();
    let counted: Vec<&Value> = if hit.is_empty() { used.clone() } else { hit.into_iter().copied().collect() };
    let problems: Vec<Option<&str>> = counted.iter().map(|it| it["problem"].as_str()).collect();
    if problems.contains(&problem) { Ok(()) } else { Err(format!("problems are {problems:?}, Envoy's {problem:?}")) }
}

/// The headers that Envoy, or the server that recorded the request, sets for reasons of their own.
const OF_TRANSPORT: [&str; 7] =
    ["host", "content-length", "content-type", "te", "x-request-id", "x-forwarded-proto", "x-forwarded-for"];

/// The request as the server gets it.
fn compare_request(sent: &Value, upstream: &Value) -> Result<(), String> {
    if upstream.is_null() {
        return Ok(());
    }
    for field in ["path", "authority"] {
        let (own, other) = (&sent[field], &upstream[field]);
        if !own.is_null() && !other.is_null() && own != other {
            return Err(format!("{field} is {own}, Envoy's {other}"));
        }
    }
    let there: BTreeMap<String, &Value> = upstream["headers"]
        .as_object()
        .map(|headers| headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
        .unwrap_or_default();
    for (name, value) in sent["headers"].as_object().into_iter().flatten() {
        let name = name.to_ascii_lowercase();
        let value = joined(value);
        if OF_TRANSPORT.contains(&name.as_str()) || value.contains('%') {
            continue;
        }
        let is_same = there.get(&name).is_some_and(|other| {
            joined(other) == value || list(other).iter().any(|it| it.as_str() == Some(value.as_str()))
        });
        if !is_same {
            return Err(format!("header {name} is {value:?}, Envoy's {:?}", there.get(&name)));
        }
    }
    let kept = list(&sent["removedHeaders"]).iter().filter_map(Value::as_str).find(|it| there.contains_key(*it));
    kept.map_or(Ok(()), |name| Err(format!("header {name} is removed, but not by Envoy")))
}

fn compare_policy(answer: &Value, policy: &Value) -> Result<(), String> {
    if policy.is_null() {
        return Ok(());
    }
    let (own, other) = (seconds(&answer["timeout"]), seconds(&policy["timeout"]));
    if own != other {
        return Err(format!("timeout is {own} s, Envoy's {other} s"));
    }
    let attempts = |value: &Value| value.as_u64().unwrap_or_default();
    let (own, other) = (attempts(&answer["retries"]["attempts"]), attempts(&policy["attempts"]));
    if own != other {
        return Err(format!("{own} retries, Envoy's {other}"));
    }
    let mut own: Vec<&str> = list(&answer["mirrors"]).iter().filter_map(|it| it["cluster"].as_str()).collect();
    let mut other: Vec<&str> = list(&policy["mirrors"]).iter().filter_map(Value::as_str).collect();
    own.sort_unstable();
    other.sort_unstable();
    if own == other { Ok(()) } else { Err(format!("mirrors are {own:?}, Envoy's {other:?}")) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The values of a header in one line.
fn joined(value: &Value) -> String {
    match value.as_array() {
        Some(values) => values.iter().map(|it| it.as_str().unwrap_or_default().trim()).collect::<Vec<_>>().join(","),
        None => value.as_str().unwrap_or_default().to_owned(),
    }
}

/// A duration such as `1h30m` or `0.5s` in seconds. None and 0 both mean no limit.
fn seconds(value: &Value) -> f64 {
    let mut rest = value.as_str().unwrap_or_default();
    let mut total = 0.0;
    while let Some(end) = rest.find(|it: char| it != '.' && !it.is_ascii_digit()) {
        let (number, unit) = rest.split_at(end);
        let length = unit.find(|it: char| it == '.' || it.is_ascii_digit()).unwrap_or(unit.len());
        let factor = match &unit[..length] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" => 0.000_001,
            unit => panic!("{unit} is not a unit"),
        };
        total += number.parse::<f64>().unwrap_or_default() * factor;
        rest = &unit[length..];
    }
    (total * 1_000_000.0).round() / 1_000_000.0
}
