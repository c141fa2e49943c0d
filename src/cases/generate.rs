//! A case for each rule that requests reach.

use serde_json::{Map, Value, json};

use super::Meshes;
use super::recorded::compared;
use crate::simulate::Request;

/// The cases as a file: a request for each rule of each host, and what happens to it today. `write` writes a request as the
/// interface does.
pub fn generate(meshes: &Meshes<'_, '_>, write: &dyn Fn(&Request) -> Value) -> String {
    let mut text = "# Written by `mesh test --generate`: a request for each rule, and what happens to it.\n".to_owned();
    text.push_str("testCases:\n");
    let mut count = 0;
    for rule in meshes.simulators.answer_every_rule(&Request::default()) {
        let Ok(answer) = &rule.result else { continue };
        let expected = compared(&(meshes.describe)(answer));
        let Value::Object(mut expected) = expected else { continue };
        // The route is what the case is for.
        if let Some(route) = &answer.route {
            let name = route.virtual_service.as_ref().map(|name| ("virtualService", name));
            let name = name.or(route.resource.as_ref().map(|name| ("resource", name)));
            let pairs = name.map(|(key, name)| (key.to_owned(), json!(name)));
            expected.insert("route".to_owned(), Value::Object(pairs.into_iter().collect::<Map<_, _>>()));
        }
        let name = format!("{}: {}", rule.host, rule.when);
        let mut asked = rule.asked.clone();
        asked.mesh = answer.mesh.as_deref().map(str::to_owned).or(asked.mesh);
        // JSON is YAML, and needs no rules for quotes.
        text.push_str(&format!("- description: {}\n", json!(name)));
        text.push_str(&format!("  request: {}\n", write(&asked)));
        text.push_str(&format!("  expect: {}\n", Value::Object(expected)));
        count += 1;
    }
    if count == 0 {
        text.push_str("  []\n");
    }
    text
}
