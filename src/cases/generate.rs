//! A case for each route that requests reach.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::coverage::{Coverage, Key, key};
use super::recorded::compared;
use super::{Meshes, json};
use crate::advice::in_flow;
use crate::proof::Routed;
use crate::simulate::{Answer, Request};

/// The fields of an expectation, in their order.
const EXPECTED: [&str; 12] = [
    "outcome",
    "status",
    "route",
    "policy",
    "destinations",
    "location",
    "request",
    "mirrors",
    "fault",
    "timeout",
    "retries",
    "arrivals",
];

/// Cases, and what is known about them.
#[derive(Debug)]
pub struct Generated {
    /// The text of their file.
    pub text: String,
    /// The number of cases.
    pub cases: usize,
    /// The reasons why requests may reach routes that have no case.
    pub undecided: BTreeSet<String>,
}

/// A request for a route.
struct Example {
    name: String,
    mesh: Option<String>,
    request: Request,
}

/// A file of cases: for each route of each mesh a request that it takes, and what happens to this request today. `write` writes
/// a request as the interface does.
pub fn generate(meshes: &Meshes<'_, '_>, write: &dyn Fn(&Request) -> Value) -> Generated {
    let mut text =
        "# Written by `mesh test --generate`: a request for each route, and what happens to it.\n".to_owned();
    let start = text.len();
    let (examples, mut undecided) = examples(meshes);
    let mut coverage = Coverage::new(meshes.worlds.iter().map(|(_, world)| world));
    let (mut known, mut cases): (BTreeSet<(Option<String>, Key)>, usize) = (BTreeSet::new(), 0);
    for example in examples {
        let Some(answer) = example.answer(meshes, example.request.clone()) else { continue };
        let route = answer.route.as_ref().map(|route| (example.mesh.clone(), key(route)));
        coverage.note_answer(&answer);
        if route.is_some_and(|route| known.insert(route)) {
            let request = example.short(meshes, &answer);
            push_case(&mut text, &example, &write(&request), (&answer, &(meshes.describe)(&answer)));
            cases += 1;
        }
    }
    if coverage.uncovered().is_empty() {
        undecided.clear();
    }
    text.insert_str(start, if cases == 0 { "testCases: []\n" } else { "testCases:\n" });
    Generated { text, cases, undecided }
}

impl Example {
    /// The answer for a request in the mesh.
    fn answer(&self, meshes: &Meshes<'_, '_>, request: Request) -> Option<Answer> {
        let asked = Request { mesh: self.mesh.clone(), ..request };
        meshes.simulators.simulate_in_one(&asked).ok()
    }

    /// The request without a client, if the usual one gets the same answer.
    fn short(&self, meshes: &Meshes<'_, '_>, answer: &Answer) -> Request {
        let short = Request { from: None, ..self.request.clone() };
        let is_same = self.answer(meshes, short.clone()).is_some_and(|other| other == *answer);
        if is_same { short } else { self.request.clone() }
    }
}

/// Requests for routes of each mesh, and the reasons why there may be more. Several can be for one route.
fn examples(meshes: &Meshes<'_, '_>) -> (Vec<Example>, BTreeSet<String>) {
    let has_several = meshes.worlds.len() > 1;
    let named: Vec<_> = meshes.simulators.by_mesh().collect();
    let routed: Vec<Routed> = named.par_iter().map(|(_, simulator)| Routed::of(simulator)).collect();
    let (mut examples, mut undecided) = (Vec::new(), BTreeSet::new());
    for ((mesh, _), Routed { shown, undecided: reasons }) in named.into_iter().zip(routed) {
        let mesh = has_several.then(|| mesh.to_owned());
        let of_mesh = |reason: String| mesh.as_ref().map_or(reason.clone(), |mesh| format!("mesh {mesh}: {reason}"));
        undecided.extend(reasons.into_iter().map(of_mesh));
        examples.extend(shown.into_iter().map(|it| Example {
            name: format!("{}: {}", it.host, it.condition),
            mesh: mesh.clone(),
            request: it.request,
        }));
    }
    // A route that the search leaves undecided can still have an example.
    let others = meshes.simulators.answer_every_rule(&Request::default()).into_iter();
    examples.extend(others.filter(|rule| rule.result.is_ok()).map(|rule| Example {
        name: format!("{}: {}", rule.host, rule.when),
        mesh: rule.result.ok().and_then(|answer| answer.mesh).map(|mesh| mesh.to_string()).filter(|_| has_several),
        request: rule.asked,
    }));
    (examples, undecided)
}

fn push_case(text: &mut String, example: &Example, request: &Value, (answer, result): (&Answer, &Value)) {
    text.push_str(&format!("- description: {}\n", in_flow(&example.name)));
    if let Some(mesh) = &example.mesh {
        text.push_str(&format!("  mesh: {}\n", in_flow(mesh)));
    }
    text.push_str(&format!("  request: {}\n  expect:\n", json::flow(request)));
    let mut expected = expected(result, request);
    // istiod's own retries are those of nearly all routes.
    if answer.retries.as_ref().is_some_and(|retries| retries.is_default) {
        expected.remove("retries");
    }
    for (name, value) in EXPECTED.iter().filter_map(|name| Some((name, expected.get(*name)?))) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let lines = items.iter().map(|item| format!("    - {}\n", json::flow(item)));
                text.push_str(&format!("    {name}:\n{}", lines.collect::<String>()));
            }
            value => text.push_str(&format!("    {name}: {}\n", json::flow(value))),
        }
    }
}

/// The fields of a result that a later one must have again, whatever the places of routes and policies are.
fn expected(result: &Value, request: &Value) -> Map<String, Value> {
    let Value::Object(mut expected) = compared(result) else { return Map::new() };
    for (name, keys) in [
        ("route", &["virtualService", "kind", "resource"][..]),
        ("policy", &["kind", "name", "action"]),
        ("mirrors", &["cluster", "percentage"]),
        ("fault", &["delay", "abort"]),
        ("retries", &["attempts", "perTryTimeout", "retryOn"]),
        ("arrivals", &["workload", "outcome", "status"]),
    ] {
        expected.insert(name.to_owned(), some_of(&result[name], keys));
    }
    expected.insert("timeout".to_owned(), result["timeout"].clone());
    let upstream = &result["request"];
    let has = |name: &str, usual: &Value| upstream[name] != *usual;
    let usual_path = request.get("path").cloned().unwrap_or_else(|| json!("/"));
    let is_changed = has("authority", &request["host"]) || has("path", &usual_path) || has("headers", &json!({}));
    if upstream.is_object() && is_changed {
        expected.insert("request".to_owned(), some_of(upstream, &["authority", "path", "headers"]));
    }
    expected.retain(|_, value| !is_empty(value));
    expected
}

/// Some fields of an object, or of each object of a list, without empty ones.
fn some_of(value: &Value, keys: &[&str]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| some_of(item, keys)).collect(),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, value)| keys.contains(&key.as_str()) && !is_empty(value));
            Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
