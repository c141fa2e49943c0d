//! Labels and annotations, whose values kustomize turns into texts when it copies them.

use super::scalar;
use crate::yaml::{Entry, Node, Value};

/// Turns the values of annotations into texts, as they are written in the file. Nulls stay: in a patch they delete.
/// Returns whether anything is different.
pub(super) fn read_annotations(object: &mut Node, text: &str) -> bool {
    let mut is_different = false;
    for entry in values_mut(object, "annotations") {
        if let Value::Bool(_) | Value::Int(_) | Value::Float(_) = entry.value.value {
            entry.value.value = Value::String(text.get(entry.value.span.range()).unwrap_or_default().into());
            is_different = true;
        }
    }
    is_different
}

/// Whether [`finish`] changes an object.
pub(super) fn is_unfinished(object: &Node) -> bool {
    let values =
        |field: &str| object.get("metadata").and_then(|metadata| metadata.get(field)).map_or(&[][..], Node::entries);
    values("annotations").iter().any(|entry| !matches!(entry.value.value, Value::String(_)))
        || values("labels").iter().any(|entry| is_implicit_null(&entry.value))
}

/// Turns the values of the annotations of a finished object into texts, and labels without a value into empty ones.
pub(super) fn finish(object: &mut Node) {
    for entry in values_mut(object, "annotations") {
        to_text(&mut entry.value);
    }
    for entry in values_mut(object, "labels").iter_mut().filter(|entry| is_implicit_null(&entry.value)) {
        to_text(&mut entry.value);
    }
}

/// Turns the values of labels and annotations of a patch into texts. So a null does not delete, but is the text `null`,
/// and a patch cannot remove all of them.
pub(super) fn copy_of_patch(patch: &Node) -> Node {
    let mut patch = patch.clone();
    if let Some(Value::Mapping(metadata)) = entry_mut(&mut patch, "metadata").map(|metadata| &mut metadata.value) {
        metadata
            .retain(|entry| !matches!(&*entry.key.text, "labels" | "annotations") || !entry.value.entries().is_empty());
    }
    for field in ["labels", "annotations"] {
        for entry in values_mut(&mut patch, field) {
            to_text(&mut entry.value);
        }
    }
    patch
}

fn to_text(node: &mut Node) {
    let text = match &node.value {
        Value::Null if node.span.is_empty() => String::new(),
        Value::Null => "null".to_owned(),
        _ => match scalar::text(node) {
            Some(text) => text.into_owned(),
            None => return,
        },
    };
    node.value = Value::String(text.into());
}

fn is_implicit_null(node: &Node) -> bool {
    node.is_null() && node.span.is_empty()
}

/// The entries of a map of `metadata`.
fn values_mut<'n>(object: &'n mut Node, field: &str) -> &'n mut [Entry] {
    let metadata = entry_mut(object, "metadata");
    let map = metadata.and_then(|metadata| entry_mut(metadata, field));
    match map.map(|map| &mut map.value) {
        Some(Value::Mapping(entries)) => entries,
        _ => &mut [],
    }
}

fn entry_mut<'n>(node: &'n mut Node, field: &str) -> Option<&'n mut Node> {
    let Value::Mapping(entries) = &mut node.value else { return None };
    entries.iter_mut().find(|entry| &*entry.key.text == field).map(|entry| &mut entry.value)
}

#[cfg(test)]
mod tests {
    use super::super::test_yaml::{Texts, json, node};
    use super::*;

    #[test]
    fn values_become_texts() {
        let text = "metadata: {labels: {a: 1, b: , c: null}, annotations: {a: 1e3, b: true, c: null, d: , e: x}}";
        let mut object = Texts::default().node("a.yaml", text);
        let copy = copy_of_patch(&object);
        assert!(read_annotations(&mut object, text));
        assert!(is_unfinished(&object));
        finish(&mut object);
        assert!(!is_unfinished(&object));
        let expected = "metadata: {labels: {a: 1, b: '', c: null}, \
                        annotations: {a: '1e3', b: 'true', c: 'null', d: '', e: x}}";
        assert_eq!(json(&object), json(&node(expected)));
        let expected = "metadata: {labels: {a: '1', b: '', c: 'null'}, \
                        annotations: {a: '1000', b: 'true', c: 'null', d: '', e: x}}";
        assert_eq!(json(&copy), json(&node(expected)));
    }
}
