//! Cases from the JSON of `mesh diff`, `mesh reach` and `mesh check`.

use serde_json::{Map, Value};

use super::{AnswerCase, Body, Case};
use crate::simulate::Request;

/// The fields of a recorded result that the same request must have again.
const COMPARED: [&str; 4] = ["outcome", "status", "destinations", "location"];
/// The fields of a destination among them.
const OF_DESTINATION: [&str; 5] = ["host", "subset", "port", "weight", "problem"];

/// The cases of a JSON document. `None` if it is not from one of these commands.
///
/// - Of `mesh diff`, each request must be treated as in the new version.
/// - Of `mesh reach`, each request must arrive as it did.
/// - Of `mesh check`, each request that broke an invariant must be treated in another way.
///
/// # Errors
///
/// If a request in it is not valid.
pub fn read_recorded(file: &str, text: &str) -> Option<Result<Vec<Case>, String>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let (list, result, is_negated) = match document.get("schema")?.as_str()? {
        "mesh.diff/v1" => ("changes", "after", false),
        "mesh.reach/v1" => ("ways", "result", false),
        "mesh.check/v1" => ("invariants", "result", true),
        _ => return None,
    };
    let entries = document.get(list)?.as_array()?;
    let with_witness = entries.iter().filter(|entry| entry.get("witness").is_some_and(Value::is_object));
    let case = |entry: &Value| -> Result<Case, String> {
        let request: Request = serde_json::from_value(entry["witness"].clone())
            .map_err(|error| format!("`{file}`: a request is not valid: {error}"))?;
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = match text("name") {
            "" => [text("kind"), text("host"), text("condition")].join(" ").trim().to_owned(),
            name => name.to_owned(),
        };
        let fields = compared(entry.get(result).unwrap_or(&Value::Null));
        let answers = AnswerCase { requests: vec![request], ends: Vec::new(), fields, is_negated };
        Ok(Case { file: file.to_owned(), line: 1, name, mesh: None, body: Body::Answers(Box::new(answers)) })
    };
    Some(with_witness.map(case).collect())
}

/// The fields of a result that matter, whatever the place of the route is.
pub(super) fn compared(result: &Value) -> Value {
    let kept = |object: &Map<String, Value>, keys: &[&str]| -> Map<String, Value> {
        object
            .iter()
            .filter(|(key, _)| keys.contains(&key.as_str()))
            .map(|(key, it)| (key.clone(), it.clone()))
            .collect()
    };
    let Value::Object(result) = result else { return Value::Null };
    let mut fields = kept(result, &COMPARED);
    fields.retain(|_, value| !value.is_null());
    if let Some(Value::Array(destinations)) = fields.get_mut("destinations") {
        for destination in destinations {
            if let Value::Object(object) = destination {
                let mut short = kept(object, &OF_DESTINATION);
                short.retain(|_, value| !value.is_null());
                *destination = Value::Object(short);
            }
        }
    }
    Value::Object(fields)
}
