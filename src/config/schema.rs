//! The JSON Schema of the configuration, for editors.

use serde_json::{Map, Value as Json, json};

use super::keys::CONFIG;
use super::shape::{Key, Shape};

/// The address of the published schema.
pub const SCHEMA_URL: &str = "https://mesh-lint.github.io/mesh/mesh.schema.json";

/// The pattern of a day.
const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

/// The schema of the configuration. `rules` has the names that rules, families and findings have, and their codes; editors
/// suggest them.
pub fn schema(rules: &[String]) -> Json {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": SCHEMA_URL,
        "title": "Configuration of mesh (.mesh.yaml)",
    });
    if let (Some(schema), Json::Object(config)) = (schema.as_object_mut(), of(&CONFIG, "")) {
        schema.extend(config);
        schema.insert("definitions".to_owned(), json!({"rule": {"enum": rules}}));
    }
    schema
}

fn of(shape: &Shape, about: &str) -> Json {
    let mut schema = match shape {
        Shape::Rule => json!({"$ref": "#/definitions/rule"}),
        Shape::Text(_) => json!({"type": "string", "pattern": "\\S"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::PathPattern | Shape::NamePattern => json!({"type": "string"}),
        Shape::Date => json!({"type": "string", "pattern": DATE}),
        Shape::Word(_, words) => {
            let words = words.iter().map(|word| json!({"const": word.word, "description": word.about}));
            json!({"oneOf": words.collect::<Vec<_>>()})
        }
        Shape::List(item) => json!({"type": "array", "items": of(item, "")}),
        Shape::OneOrMore(item) => json!({"anyOf": [of(item, ""), {"type": "array", "items": of(item, "")}]}),
        Shape::Map(_, value) => json!({"type": "object", "additionalProperties": of(value, "")}),
        Shape::ByRule(value) => json!({
            "type": "object",
            "propertyNames": {"$ref": "#/definitions/rule"},
            "additionalProperties": of(value, ""),
        }),
        Shape::Keys(keys) => object(keys),
        Shape::Or(one, other) => json!({"anyOf": [of(one, ""), of(other, "")]}),
    };
    if !about.is_empty() {
        schema["description"] = json!(about);
    }
    schema
}

fn object(keys: &[Key]) -> Json {
    let properties: Map<String, Json> =
        keys.iter().map(|key| (key.name.to_owned(), of(&key.shape, key.about))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    let mut object = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}
