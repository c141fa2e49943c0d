//! The mistake in a line that is not a request, in the words of JSON.

use serde_json::{Map, Value};

use crate::model::spelling::nearest;
use crate::model::wording::list;
use crate::simulate::Request;

/// The reason why a line is not a request.
pub(super) fn of(line: &[u8]) -> String {
    let start = line.trim_ascii_start();
    if start.is_empty() {
        return "the line is empty: write a JSON object".to_owned();
    }
    match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => of_fields(&fields).unwrap_or_else(|| reason(line)),
        Ok(other) => format!("the line is {}: write a JSON object", described(&other)),
        Err(_) if !start.starts_with(b"{") => "the line is not a JSON object".to_owned(),
        Err(error) if error.is_eof() => "the JSON object has no end".to_owned(),
        Err(error) => format!("the line is not valid JSON: {}, at column {}", words(&error), error.column()),
    }
}

/// The first field that cannot be read. Fields that are described by others are read field by field, too.
fn of_fields(fields: &Map<String, Value>) -> Option<String> {
    for (name, value) in fields {
        let Some(found) = error(&[name], value) else { continue };
        if let (Value::Object(inner), "from" | "to" | "gateway") = (value, name.as_str()) {
            let mistake = |(inner, value): (&String, &Value)| {
                // Of a gateway, no field has an error of its own: it may be a name as well.
                let owner = if name == "gateway" { "from" } else { name };
                Some(of_field(&format!("{name}.{inner}"), inner, value, &error(&[owner, inner], value)?))
            };
            if let Some(mistake) = inner.iter().find_map(mistake) {
                return Some(mistake);
            }
        }
        return Some(of_field(name, name, value, &found));
    }
    None
}

/// The error of a request with only this field.
fn error(path: &[&str], value: &Value) -> Option<serde_json::Error> {
    let nest = |inner: Value, name: &&str| Value::Object(Map::from_iter([((*name).to_owned(), inner)]));
    let request = path.iter().rev().fold(value.clone(), nest);
    Request::from_json(request.to_string().as_bytes()).err()
}

/// The mistake in a field, which is shown with its path.
fn of_field(path: &str, name: &str, value: &Value, error: &serde_json::Error) -> String {
    let text = words(error);
    // "unknown field `a`, expected one of `b`, `c`"
    let mut quoted = text.split('`').skip(1).step_by(2);
    let first = quoted.next();
    let known: Vec<&str> = quoted.collect();
    if text.starts_with("unknown field") {
        let near = nearest(name, known.iter().copied());
        let advice = near.map_or_else(|| list(&known, "and"), |near| format!("did you mean `{near}`?"));
        let lead = if near.is_some() { "" } else { "the fields are " };
        return format!("field `{path}` does not exist; {lead}{advice}");
    }
    if let (true, Some(first)) = (text.starts_with("unknown variant"), first) {
        return format!("field `{path}` has the value `{first}`: it must be {}", list(&known, "or"));
    }
    format!("field `{path}` must be {}, not {}", expected(name), described(value))
}

/// The values that a field can have.
fn expected(field: &str) -> &'static str {
    match field {
        "port" => "a whole number from 1 to 65535",
        "trace" => "`true` or `false`",
        "headers" => "an object of strings, or of arrays of strings",
        "labels" => "an object of strings",
        "audiences" => "an array of strings",
        "from" | "to" => "an object",
        "gateway" => "a string or an object",
        _ => "a string",
    }
}

/// A value, with its content if it is short.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "`null`".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) if text.chars().count() <= 40 => format!("the string `{text}`"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) if value.as_object().is_some_and(Map::is_empty) => "an empty object".to_owned(),
        Value::Object(_) => "this object".to_owned(),
    }
}

/// The error of a line whose fields can be read, such as one that has a field twice.
fn reason(line: &[u8]) -> String {
    Request::from_json(line).err().map(|error| words(&error)).unwrap_or_default()
}

/// The text of an error without the line number: each line is parsed alone.
fn words(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn mistakes_are_told_in_the_words_of_json() {
        for (line, expected) in [
            ("", "the line is empty: write a JSON object"),
            (" \r", "the line is empty: write a JSON object"),
            ("not json", "the line is not a JSON object"),
            ("[]", "the line is an array: write a JSON object"),
            ("\"http://a\"", "the line is the string `http://a`: write a JSON object"),
            ("{\"host\": \"a\"", "the JSON object has no end"),
            ("{\"host\": \"a\",}", "the line is not valid JSON: trailing comma, at column 14"),
            ("{\"port\": \"9080\"}", "field `port` must be a whole number from 1 to 65535, not the string `9080`"),
            ("{\"port\": -1}", "field `port` must be a whole number from 1 to 65535, not `-1`"),
            ("{\"host\": [\"a\"]}", "field `host` must be a string, not an array"),
            ("{\"from\": []}", "field `from` must be an object, not an array"),
            ("{\"from\": \"web\"}", "field `from` must be an object, not the string `web`"),
            ("{\"gateway\": []}", "field `gateway` must be a string or an object, not an array"),
            ("{\"gateway\": {\"label\": {}}}", "field `gateway.label` does not exist; did you mean `labels`?"),
            (
                "{\"from\": {\"labels\": {\"a\": 1}}}",
                "field `from.labels` must be an object of strings, not this object",
            ),
            ("{\"trace\": \"yes\"}", "field `trace` must be `true` or `false`, not the string `yes`"),
            ("{\"tls\": \"ssl\"}", "field `tls` has the value `ssl`: it must be `plaintext`, `tls` or `mtls`"),
            ("{\"hots\": \"a\"}", "field `hots` does not exist; did you mean `host`?"),
            ("{\"host\": \"a\", \"host\": \"b\"}", "duplicate field `host`"),
        ] {
            assert_eq!(of(line.as_bytes()), expected, "{line}");
        }
        assert!(of(b"{\"zzzzzz\": 1}").contains("; the fields are `id`, `mesh`, "), "{}", of(b"{\"zzzzzz\": 1}"));
    }
}
