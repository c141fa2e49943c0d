//! The suffix of generated objects: a hash of their contents.

use sha2::{Digest, Sha256};

use super::manifest::Manifest;
use super::resource_set::ResourceSet;
use crate::yaml::{Node, Value};

/// Adds the suffix to the names of all generated objects that need one.
pub(super) fn add_suffixes(set: &mut ResourceSet) {
    for manifest in set.manifests.iter_mut().filter(|manifest| manifest.needs_hash) {
        let name = format!("{}-{}", manifest.name(), suffix(manifest));
        manifest.remember();
        manifest.set_name(&name, None);
    }
}

/// The first 10 hexadecimal digits of the hash, some replaced, so that they do not form words.
fn suffix(manifest: &Manifest) -> String {
    let hash = Sha256::digest(encoded(manifest));
    let digits = hash.iter().take(5).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"gh2k456789mbcdtf"[usize::from(digit)])).collect()
}

/// The text that is hashed: compact JSON with sorted keys, as Go writes it.
fn encoded(manifest: &Manifest) -> String {
    let node = manifest.node();
    let fields: &[&str] = match manifest.kind() {
        "Secret" => &["data", "stringData"],
        _ => &["binaryData", "data"],
    };
    let mut parts = Vec::new();
    for field in fields {
        match node.get(field).filter(|value| !value.is_null()) {
            Some(value) => parts.push((*field, mapping(value))),
            None if *field == "data" => parts.push(("data", "\"\"".to_owned())),
            None => {}
        }
    }
    parts.push(("kind", text(manifest.kind())));
    parts.push(("name", "\"\"".to_owned()));
    if manifest.kind() == "Secret" {
        parts.push(("type", text(node.get("type").and_then(Node::as_str).unwrap_or_default())));
    }
    parts.sort();
    let parts: Vec<String> = parts.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", parts.join(","))
}

fn mapping(node: &Node) -> String {
    let mut entries: Vec<_> = node.entries().iter().collect();
    entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    let value = |node: &Node| match &node.value {
        Value::String(value) => text(value),
        Value::Bool(value) => text(&value.to_string()),
        Value::Int(value) => text(&value.to_string()),
        Value::Float(value) => text(&value.to_string()),
        _ => text(""),
    };
    let entries: Vec<String> =
        entries.into_iter().map(|entry| format!("{}:{}", text(&entry.key.text), value(&entry.value))).collect();
    format!("{{{}}}", entries.join(","))
}

/// A string in JSON, with the characters escaped that Go escapes for HTML.
fn text(value: &str) -> String {
    let mut json = serde_json::Value::from(value).to_string();
    for (character, escape) in
        [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")]
    {
        if json.contains(character) {
            json = json.replace(character, escape);
        }
    }
    json
}
