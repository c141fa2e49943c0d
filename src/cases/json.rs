//! Values of YAML as JSON, and comparisons of them.

use serde_json::{Map, Number, Value};

use super::Difference;
use crate::advice::in_flow;
use crate::model::nearest;
use crate::yaml::{self, Node};

/// A node as JSON. Mappings keep their keys.
pub fn value_of(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => Value::Bool(*value),
        yaml::Value::Int(number) => Value::from(*number),
        yaml::Value::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        yaml::Value::String(text) => Value::from(&**text),
        yaml::Value::Sequence(items) => items.iter().map(value_of).collect(),
        yaml::Value::Mapping(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.text.to_string(), value_of(&entry.value)));
            Value::Object(pairs.collect::<Map<String, Value>>())
        }
    }
}

/// Compares a value with an expected one. Of objects, only the expected keys count, unless `is_whole`.
pub fn differences(field: &str, expected: &Value, actual: &Value, is_whole: bool, found: &mut Vec<Difference>) {
    let sub = |key: &str| if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") };
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                let before = found.len();
                differences(&sub(key), value, actual.get(key).unwrap_or(&Value::Null), is_whole, found);
                // Some fields are only there if they have a value, so that an unknown one may also be misspelt.
                if found.len() > before
                    && !actual.contains_key(key)
                    && let Some(close) = nearest(key, actual.keys().map(String::as_str))
                {
                    found[before].actual = format!("nothing; did you mean `{close}`?");
                }
            }
            let more =
                actual.iter().filter(|(key, value)| is_whole && !value.is_null() && !expected.contains_key(*key));
            for (key, value) in more {
                differences(&sub(key), &Value::Null, value, is_whole, found);
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (number, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                differences(&format!("{field}[{number}]"), expected, actual, is_whole, found);
            }
        }
        _ if are_equal(expected, actual) => {}
        _ => found.push(difference(field, expected, actual)),
    }
}

/// Two values of a field that are not the same.
pub fn difference(field: &str, expected: &Value, actual: &Value) -> Difference {
    Difference { field: field.to_owned(), expected: words(expected), actual: words(actual) }
}

/// Whether two values are equal. Numbers may be in quotes.
fn are_equal(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match (one, other) {
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            number(one).is_some_and(|one| number(other).is_some_and(|other| (one - other).abs() < f64::EPSILON))
        }
        _ => one == other,
    }
}

/// A value for people.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => flow(other),
    }
}

/// A value as YAML on one line, with spaces at which people's output can be wrapped.
pub fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{}: {}", in_flow(key), flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => in_flow(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(expected: &Value, actual: &Value, is_whole: bool) -> Vec<String> {
        let mut found = Vec::new();
        differences("", expected, actual, is_whole, &mut found);
        found.into_iter().map(|it| format!("{}: {} {}", it.field, it.expected, it.actual)).collect()
    }

    #[test]
    fn only_expected_keys_count() {
        let actual = json!({"a": [{"b": 1, "c": "x"}], "d": null, "e": "9"});
        assert_eq!(fields(&json!({"a": [{"b": "1"}], "d": null, "e": 9}), &actual, false), Vec::<String>::new());
        assert_eq!(fields(&json!({"a": [{"b": 2}], "other": 1}), &actual, false), ["a[0].b: 2 1", "other: 1 nothing"]);
        assert_eq!(fields(&json!({"a": [{"b": 1}]}), &actual, true), ["a[0].c: nothing x", "e: nothing 9"]);
        let route = json!({"route": {"virtualService": "a/b"}});
        assert_eq!(
            fields(&json!({"route": {"virtualServce": "a/b"}}), &route, false),
            ["route.virtualServce: a/b nothing; did you mean `virtualService`?"]
        );
        assert_eq!(fields(&json!({"a": []}), &actual, false), ["a: [] [{b: 1, c: x}]"]);
    }
}
