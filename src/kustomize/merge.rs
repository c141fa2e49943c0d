//! Strategic merges: a patch that looks like the object.
//!
//! kustomize: `merge2` and `walk` of kyaml. Mappings are merged field by field, `null` deletes, lists are replaced, except
//! those that [`Schema`] knows to be keyed (`merge_list`). A value that the patch sets is the patch's with its key, so
//! that its spans are in the patch.

use super::merge_list;
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

/// What a mapping of a patch asks for.
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
                let entries = merge_entries(entries, patches, schema)?;
                Ok(Some(Node { span: object.span, value: Value::Mapping(entries) }))
            }
        },
        (Value::Sequence(items), Value::Sequence(patches)) => match schema.keys() {
            Some(keys) => {
                let merged = merge_list::merge(items, Some(patches), keys, schema.entry())?;
                Ok(merged.map(|items| Node { span: object.span, value: Value::Sequence(items) }))
            }
            None => Ok(Some(patch.clone())),
        },
        (value, other) if is_scalar(&value) && is_scalar(other) => Ok(Some(patch.clone())),
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
/// and entries of keyed lists that are to be deleted.
pub(super) fn adopt(patch: &Node, schema: Schema) -> Result<Option<Node>, Misfit> {
    let schema = sniff(schema, patch, None);
    match &patch.value {
        Value::Null => Ok(None),
        Value::Mapping(entries) => {
            // An unknown directive is only looked at if it changes something.
            let known = directive(patch);
            if known == Ok(Directive::Delete) {
                return Ok(None);
            }
            let mut adopted = Vec::with_capacity(entries.len());
            for Entry { key, value } in entries.iter().filter(|entry| known.is_err() || &*entry.key.text != DIRECTIVE) {
                let merged = merge(Some(value.clone()), Some(value), schema.field(&key.text))?;
                adopted.extend(merged.map(|value| Entry { key: key.clone(), value }));
            }
            Ok(Some(Node { span: patch.span, value: Value::Mapping(adopted) }))
        }
        Value::Sequence(items) => match schema.keys() {
            Some(keys) => {
                let merged = merge_list::adopt(items, keys, schema.entry())?;
                Ok(Some(Node { span: patch.span, value: Value::Sequence(merged) }))
            }
            None => Ok(Some(patch.clone())),
        },
        _ => Ok(Some(patch.clone())),
    }
}

/// A value that the patch does not name. Keyed lists lose repeated entries.
fn settle(object: Node, schema: Schema) -> Result<Node, Misfit> {
    if matches!(schema, Schema::Plain | Schema::Unknown) {
        return Ok(object);
    }
    let Node { span, value } = object;
    let value = match value {
        Value::Mapping(entries) => Value::Mapping(merge_entries(entries, &[], schema)?),
        Value::Sequence(items) => match schema.keys() {
            Some(keys) => Value::Sequence(merge_list::merge(items, None, keys, schema.entry())?.unwrap_or_default()),
            None => Value::Sequence(items),
        },
        scalar => scalar,
    };
    Ok(Node { span, value })
}

fn merge_entries(entries: Vec<Entry>, patches: &[Entry], schema: Schema) -> Result<Vec<Entry>, Misfit> {
    let is_new = |patch: &&Entry| {
        &*patch.key.text != DIRECTIVE && !entries.iter().any(|entry| entry.key.text == patch.key.text)
    };
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
