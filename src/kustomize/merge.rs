//! Strategic merges: a patch that looks like the object.
//!
//! kustomize: `merge2` and `walk` of kyaml. Mappings are merged field by field, `null` deletes, and lists are replaced,
//! except those that [`Schema`] knows to be keyed (`merge_list`). A value that the patch changes is the patch's with its key,
//! so that its spans are in the patch.

use super::field_path;
use super::merge_list;
use super::scalar;
use super::schema::Schema;
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// The key of a directive in a patch.
pub(super) const DIRECTIVE: &str = "$patch";

/// A patch that does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Misfit {
    /// A mapping, a list and a scalar do not merge with each other.
    Shape {
        /// The value of the patch.
        patch: Span,
        /// The type of the patch's value, for a message.
        found: &'static str,
        /// The value of the object.
        object: Span,
        /// The type of the object's value, for a message.
        expected: &'static str,
    },
    /// A directive other than `delete`, `merge` and `replace`.
    Directive {
        /// The value of the directive.
        patch: Span,
        /// Its text.
        found: String,
    },
}

/// The effect of a mapping of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// The object after a patch; `None` if the patch deletes it. `$patch: replace` at the top changes nothing, as in
/// kustomize.
pub(super) fn object(object: Node, patch: &Node) -> Result<Option<Node>, Misfit> {
    let schema = Some(Schema::of(&object)).filter(|schema| *schema != Schema::Unknown);
    let schema = schema.unwrap_or_else(|| Schema::of(patch));
    match directive(patch)? {
        Directive::Delete => Ok(None),
        Directive::Replace => Ok(Some(object)),
        Directive::Merge => merge(Some(object), Some(patch), schema),
    }
}

/// Merges a patch into a value. `None` is a missing value.
pub(super) fn merge(object: Option<Node>, patch: Option<&Node>, schema: Schema) -> Result<Option<Node>, Misfit> {
    let Some(object) = object.filter(|object| !object.is_null() || is_kept_null(object, patch)) else {
        return patch.map_or(Ok(None), |patch| adopt(patch, schema));
    };
    let schema = sniff(schema, &object, patch);
    let Some(patch) = patch else { return settle(object, schema).map(Some) };
    match (object.value, &patch.value) {
        (_, Value::Null) => Ok(None),
        (Value::Mapping(entries), Value::Mapping(patches)) => match directive(patch)? {
            Directive::Delete => Ok(None),
            Directive::Replace => adopt(patch, schema),
            Directive::Merge => {
                let entries = merge_entries(entries.into_vec(), patches, schema)?;
                Ok(Some(Node { span: object.span, value: Value::Mapping(entries.into()) }))
            }
        },
        (Value::Sequence(items), Value::Sequence(patches)) => match schema.keys() {
            Some(keys) => {
                let merged = merge_list::merge(items.into_vec(), Some(patches), keys, schema.entry())?;
                Ok(merged.map(|items| Node { span: object.span, value: Value::Sequence(items.into()) }))
            }
            None => Ok(Some(patch.clone())),
        },
        (value, other) if is_scalar(&value) && is_scalar(other) => {
            let mut patch = patch.clone();
            // A value that the patch only repeats is still written in the object.
            if value == patch.value {
                return Ok(Some(Node { span: object.span, value }));
            }
            // kustomize keeps the quotes of the object.
            if is_quoted(&value, object.span)
                && let Some(text) = scalar::text(&patch)
            {
                patch.value = Value::String(text.into());
            }
            Ok(Some(patch))
        }
        (value, other) => Err(Misfit::Shape {
            patch: patch.span,
            found: other.type_name(),
            object: object.span,
            expected: value.type_name(),
        }),
    }
}

/// kustomize keeps a null that is written out and that the patch does not name.
fn is_kept_null(object: &Node, patch: Option<&Node>) -> bool {
    patch.is_none() && !object.span.is_empty()
}

/// Whether a string is quoted: its source is longer than its text, or would not be a string otherwise.
fn is_quoted(value: &Value, span: Span) -> bool {
    let Value::String(text) = value else { return false };
    text.len() < span.len() || !matches!(field_path::plain(text), Value::String(_))
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Mapping(_) | Value::Sequence(_) | Value::Null)
}

/// An object inside a custom resource is merged by the schema of its own kind.
fn sniff(schema: Schema, object: &Node, patch: Option<&Node>) -> Schema {
    match schema {
        Schema::Unknown => match (Schema::of(object), patch) {
            (Schema::Unknown, Some(patch)) => Schema::of(patch),
            (found, _) => found,
        },
        known => known,
    }
}

/// The value that a patch sets where the object has none: the patch merged with itself, which removes directives, nulls
/// and entries of keyed lists that are to be deleted. Of the value itself, only `$patch: delete` counts.
fn adopt(patch: &Node, schema: Schema) -> Result<Option<Node>, Misfit> {
    let schema = sniff(schema, patch, None);
    match (&patch.value, schema.keys()) {
        (Value::Mapping(entries), _) => match directive(patch) {
            Ok(Directive::Delete) => Ok(None),
            Ok(_) => adopt_entries(patch.span, entries, schema).map(Some),
            Err(_) => {
                let mut adopted = adopt_entries(patch.span, entries, schema)?;
                if let (Value::Mapping(adopted), Some(directive)) = (&mut adopted.value, patch.entry(DIRECTIVE)) {
                    adopted.push(directive.clone());
                }
                Ok(Some(adopted))
            }
        },
        (Value::Sequence(items), Some(keys)) => {
            let joined = merge_list::join_with_itself(items.to_vec(), keys, schema.entry())?;
            Ok(Some(Node { span: patch.span, value: Value::Sequence(joined.into()) }))
        }
        _ => merge_with_itself(patch, schema),
    }
}

/// A value of a patch merged with itself.
pub(super) fn merge_with_itself(patch: &Node, schema: Schema) -> Result<Option<Node>, Misfit> {
    let schema = sniff(schema, patch, None);
    match (&patch.value, schema.keys()) {
        (Value::Null, _) => Ok(None),
        (Value::Mapping(entries), _) => match directive(patch)? {
            Directive::Delete => Ok(None),
            Directive::Merge | Directive::Replace => adopt_entries(patch.span, entries, schema).map(Some),
        },
        (Value::Sequence(items), Some(keys)) => {
            let merged = merge_list::merge_with_itself(items, keys, schema.entry())?;
            Ok(merged.map(|items| Node { span: patch.span, value: Value::Sequence(items.into()) }))
        }
        _ => Ok(Some(patch.clone())),
    }
}

fn adopt_entries(span: Span, entries: &[Entry], schema: Schema) -> Result<Node, Misfit> {
    let mut adopted = Vec::with_capacity(entries.len());
    for Entry { key, value } in entries.iter().filter(|entry| &*entry.key.text != DIRECTIVE) {
        let merged = merge_with_itself(value, schema.field(&key.text))?;
        adopted.extend(merged.map(|value| Entry { key: key.clone(), value }));
    }
    Ok(Node { span, value: Value::Mapping(adopted.into()) })
}

/// A value that the patch does not name. Its implicit nulls go, and keyed lists lose repeated entries.
fn settle(object: Node, schema: Schema) -> Result<Node, Misfit> {
    let Node { span, value } = object;
    let value = match value {
        Value::Mapping(entries) => Value::Mapping(merge_entries(entries.into_vec(), &[], schema)?.into()),
        Value::Sequence(items) => match schema.keys() {
            Some(keys) => {
                let merged = merge_list::merge(items.into_vec(), None, keys, schema.entry())?;
                Value::Sequence(merged.unwrap_or_default().into())
            }
            None => Value::Sequence(items),
        },
        scalar => scalar,
    };
    Ok(Node { span, value })
}

fn merge_entries(entries: Vec<Entry>, patches: &[Entry], schema: Schema) -> Result<Vec<Entry>, Misfit> {
    let is_new =
        |patch: &&Entry| &*patch.key.text != DIRECTIVE && !entries.iter().any(|entry| entry.key.text == patch.key.text);
    let added: Vec<&Entry> = patches.iter().filter(is_new).collect();
    let mut merged = Vec::with_capacity(entries.len() + added.len());
    for Entry { key, value } in entries {
        let patch = patches.iter().find(|patch| patch.key.text == key.text);
        let result = merge(Some(value), patch.map(|patch| &patch.value), schema.field(&key.text))?;
        merged.extend(result.map(|value| match patch {
            Some(patch) if patch.value.span == value.span => Entry { key: patch.key.clone(), value },
            _ => Entry { key, value },
        }));
    }
    for Entry { key, value } in added {
        let adopted = adopt(value, schema.field(&key.text))?;
        merged.extend(adopted.map(|value| Entry { key: key.clone(), value }));
    }
    Ok(merged)
}

/// The directive of a mapping.
pub(super) fn directive(patch: &Node) -> Result<Directive, Misfit> {
    match patch.get(DIRECTIVE) {
        None => Ok(Directive::Merge),
        Some(Node { span, value }) => match value {
            Value::Null => Ok(Directive::Merge),
            Value::String(text) => directive_of(text).ok_or_else(|| unknown(*span, text)),
            other => Err(unknown(*span, other.type_name())),
        },
    }
}

pub(super) fn directive_of(text: &str) -> Option<Directive> {
    match text {
        "merge" => Some(Directive::Merge),
        "replace" => Some(Directive::Replace),
        "delete" => Some(Directive::Delete),
        _ => None,
    }
}

pub(super) fn unknown(patch: Span, found: &str) -> Misfit {
    Misfit::Directive { patch, found: found.into() }
}

#[cfg(test)]
mod tests {
    use super::super::test_yaml::{Texts, json, node};
    use super::*;

    /// The object after a patch, as JSON.
    fn merged(object: &str, patch: &str) -> serde_json::Value {
        let merged = super::object(node(object), &node(patch)).expect("a patch that fits");
        merged.map_or(serde_json::Value::Null, |node| json(&node))
    }

    #[track_caller]
    fn assert_merges(object: &str, patch: &str, expected: &str) {
        assert_eq!(merged(object, patch), json(&node(expected)), "{object}\n{patch}");
    }

    #[test]
    fn fields_of_a_custom_resource() {
        let object = "{kind: VirtualService, apiVersion: networking.istio.io/v1, spec: SPEC}";
        for (spec, patch, expected) in [
            ("{hosts: [a, b]}", "{hosts: [c]}", "{hosts: [c]}"),
            ("{hosts: [a]}", "{hosts: []}", "{hosts: []}"),
            ("{hosts: [a], x: 1}", "{hosts: null, y: null}", "{x: 1}"),
            ("{x: null, z: , m: {v: }}", "{w: 1}", "{x: null, m: {}, w: 1}"),
            ("{a: 1}", "{new: {a: null, b: 1, c: {}}}", "{a: 1, new: {b: 1, c: {}}}"),
            ("{m: {a: 1}}", "{m: {}}", "{m: {a: 1}}"),
            ("{a: '1', b: x, c: 1}", "{a: 2, b: 2, c: '2'}", "{a: '2', b: 2, c: '2'}"),
            ("{m: {a: 1}}", "{m: {b: 2}}", "{m: {a: 1, b: 2}}"),
            ("{m: {a: 1}}", "{m: {b: 2, $patch: replace}}", "{m: {b: 2}}"),
            ("{m: {a: 1}, n: 1}", "{m: {$patch: delete}}", "{n: 1}"),
            ("{n: 1}", "{m: {$patch: delete}}", "{n: 1}"),
            ("{m: {a: 1}}", "{m: {b: 2, $patch: merge}}", "{m: {a: 1, b: 2}}"),
            // A list of a custom resource is replaced, and a directive in it is text.
            ("{http: [{name: a, x: 1}, {name: b}]}", "{http: [{name: a}]}", "{http: [{name: a}]}"),
            ("{http: [{name: a}]}", "{http: [{name: a, $patch: delete}]}", "{http: [{name: a, $patch: delete}]}"),
            ("{http: [{name: a}]}", "{http: [null]}", "{http: [null]}"),
        ] {
            let with = |spec: &str| object.replace("SPEC", spec);
            assert_merges(&with(spec), &with(patch), &with(expected));
        }
    }

    #[test]
    fn whole_objects() {
        let object = "{kind: X, apiVersion: y/v1, spec: {a: 1}}";
        assert_merges(object, "{kind: X, $patch: delete}", "null");
        assert_merges(object, "{kind: X, spec: {b: 1}, $patch: replace}", object);
    }

    #[test]
    fn values_that_do_not_fit() {
        let object = "{spec: {hosts: [a], m: {}, s: x}}";
        for patch in ["{spec: {hosts: x}}", "{spec: {m: [x]}}", "{spec: {s: {}}}", "{spec: 1}"] {
            assert!(matches!(super::object(node(object), &node(patch)), Err(Misfit::Shape { .. })), "{patch}");
        }
        let unknown = super::object(node(object), &node("{spec: {m: {$patch: remove}}}"));
        assert!(matches!(unknown, Err(Misfit::Directive { .. })));
    }

    /// Entries are found by port and protocol, if both sides have both.
    #[test]
    fn ports_of_a_service() {
        for (ports, patch, expected) in [
            ("[{port: 80, targetPort: 1}]", "[{port: 80, targetPort: 9}]", "[{port: 80, targetPort: 9}]"),
            (
                "[{port: 80, protocol: TCP, targetPort: 1}]",
                "[{port: 80, targetPort: 9}]",
                "[{port: 80, protocol: TCP, targetPort: 1}]",
            ),
            (
                "[{port: 80, targetPort: 1}]",
                "[{port: 80, protocol: TCP, targetPort: 9}]",
                "[{port: 80, targetPort: 1}]",
            ),
            (
                "[{port: 80, protocol: TCP}, {port: 81, protocol: TCP}]",
                "[{port: 81, protocol: TCP, targetPort: 9}]",
                "[{port: 80, protocol: TCP}, {port: 81, protocol: TCP, targetPort: 9}]",
            ),
            ("[{port: 80}, {port: 81}]", "[{port: 81, targetPort: 9}]", "[{port: 81, targetPort: 9}, {port: 80}]"),
            ("[{port: 80}, {port: 81}]", "[{port: 80, $patch: delete}]", "[{port: 81}]"),
            ("[{port: 80}]", "[{$patch: replace}, {port: 81}]", "[{port: 81}]"),
            (
                "[{name: http, port: 80}]",
                "[{name: http, port: 81}]",
                "[{name: http, port: 81}, {name: http, port: 80}]",
            ),
            ("[{port: 80, targetPort: 1}]", "[{port: '80'}]", "[{port: '80', targetPort: 1}]"),
            ("[{port: 80}]", "[]", "[{port: 80}]"),
        ] {
            let with = |ports: &str| format!("{{kind: Service, apiVersion: v1, spec: {{ports: {ports}}}}}");
            assert_merges(&with(ports), &with(patch), &with(expected));
        }
        let no_ports = "{kind: Service, apiVersion: v1, spec: {ports: [{port: 80}]}}";
        let deleted = "{kind: Service, apiVersion: v1, spec: {ports: [{$patch: delete}]}}";
        assert_merges(no_ports, deleted, "{kind: Service, apiVersion: v1, spec: {}}");
        assert_merges("{kind: Service, apiVersion: v1, spec: {}}", no_ports, no_ports);
    }

    #[test]
    fn containers_by_name() {
        for (containers, patch, expected) in [
            ("[{name: a}, {name: b}]", "[{name: b, image: x}]", "[{name: b, image: x}, {name: a}]"),
            ("[{name: a, image: x}]", "[{name: a, image: z, $patch: replace}]", "[{name: a, image: x}]"),
            ("[{name: a}, {name: b}]", "[{name: a, $patch: delete}]", "[{name: b}]"),
            (
                "[{name: a, env: [{name: X, value: 1}]}]",
                "[{name: a, env: [{name: Y, value: 2}, {name: X, value: 3}]}]",
                "[{name: a, env: [{name: Y, value: 2}, {name: X, value: 3}]}]",
            ),
            ("[{name: a, args: [x]}]", "[{name: a, args: [y]}]", "[{name: a, args: [y]}]"),
            // An entry without a key removes the others.
            ("[{name: a}, {image: x}, {name: b}]", "[{name: c}]", "[{image: x}]"),
            ("[{name: a}, {image: x}, {name: b}, {image: y}]", "[]", "[{image: y}]"),
        ] {
            let with = |containers: &str| {
                format!(
                    "{{kind: Deployment, apiVersion: apps/v1, spec: {{template: {{spec: {{containers: {containers}}}}}}}}}"
                )
            };
            assert_merges(&with(containers), &with(patch), &with(expected));
            let unknown = |containers: &str| with(containers).replace("apps/v1", "extensions/v1beta1");
            assert_merges(&unknown(containers), &unknown(patch), &unknown(patch));
        }
    }

    /// The place of each value: the patch's if the patch sets it.
    #[test]
    fn places() {
        let mut texts = Texts::default();
        let object = texts.node(
            "base.yaml",
            "kind: Service\napiVersion: v1\nspec:\n  type: A\n  ports:\n  - port: 80\n    name: http\n  - port: 81\n  list: [1]\n",
        );
        let patch = texts.node(
            "patch.yaml",
            "apiVersion: v1\nkind: Service\nspec:\n  type: B\n  ports:\n  - port: 80\n    targetPort: 8080\n  list:\n  - 2\n  m:\n    n: 1\n",
        );
        let merged = super::object(object, &patch).expect("a patch that fits").expect("an object");
        let spec = merged.get("spec").expect("a spec");
        let value = |name: &str| texts.place(spec.get(name).expect(name).span);
        let key = |name: &str| texts.place(spec.entry(name).expect(name).key.span);
        assert_eq!([value("type"), key("type")], ["patch.yaml:4", "patch.yaml:4"]);
        assert_eq!([value("list"), key("list")], ["patch.yaml:9", "patch.yaml:8"]);
        assert_eq!([value("ports"), key("ports")], ["base.yaml:6", "base.yaml:5"]);
        assert_eq!([value("m"), key("m")], ["patch.yaml:11", "patch.yaml:10"]);
        let port = &spec.get("ports").expect("ports").items()[0];
        let places = ["port", "name", "targetPort"].map(|name| texts.place(port.get(name).expect(name).span));
        assert_eq!(places, ["base.yaml:6", "base.yaml:7", "patch.yaml:7"]);
    }
}
