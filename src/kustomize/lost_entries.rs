//! Entries of patches that a strategic merge loses.
//!
//! kustomize: an entry of a list with two keys, such as `port` and `protocol` of a Service, is not found if only one side
//! has the second key. kyaml then drops the entry of the patch without a message.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::merge::DIRECTIVE;
use super::problem::{BuildProblem, BuildProblemKind};
use super::resource_set::ResourceSet;
use super::scalar;
use super::schema::Schema;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// An entry of a list, with the keys of the list.
type KeyedEntry<'n> = (&'n Node, &'static [&'static str]);

/// Warns of the entries of a patch of which nothing is in the object that it was merged into.
pub(super) fn warn(set: &mut ResourceSet, at: usize, patch: &Node) {
    let object = set.manifests[at].node();
    let schema = Schema::of(object);
    let (mut entries, mut others, mut merged) = (Vec::new(), Vec::new(), BTreeSet::new());
    entries_with_two_keys(patch, schema, &mut entries);
    if entries.is_empty() {
        return;
    }
    entries_with_two_keys(object, schema, &mut others);
    scalars(object, &mut merged);
    let mut problems = Vec::new();
    for (entry, keys) in entries {
        let [first, second] = keys else { continue };
        let is_half_equal = |other: &Node| {
            let text = |node: &'_ Node| node.get(first).and_then(scalar::text).map(Cow::into_owned);
            text(other) == text(entry) && other.get(second).is_some() != entry.get(second).is_some()
        };
        let mut written = BTreeSet::new();
        let fields = entry.entries().iter().filter(|field| !keys.contains(&&*field.key.text));
        fields.for_each(|field| scalars(&field.value, &mut written));
        let is_lost = !written.is_empty()
            && written.is_disjoint(&merged)
            && others.iter().any(|(other, of)| *of == keys && is_half_equal(other));
        if !is_lost {
            continue;
        }
        let (side, help) = match entry.get(second) {
            Some(_) => ("patch", format!("remove `{second}`, or add it to the object")),
            None => ("object", format!("add the `{second}` that the object has")),
        };
        let message = format!("kustomize drops this entry, because only the {side} has `{second}` beside `{first}`");
        problems.push(BuildProblem::new(BuildProblemKind::NoEffect, entry.span, message).help(help));
    }
    problems.into_iter().for_each(|problem| set.warn(problem));
}

/// The entries of lists with two keys. Those with a directive are meant to disappear.
fn entries_with_two_keys<'n>(node: &'n Node, schema: Schema, found: &mut Vec<KeyedEntry<'n>>) {
    match &node.value {
        Value::Mapping(entries) => {
            entries.iter().for_each(|entry| entries_with_two_keys(&entry.value, schema.field(&entry.key.text), found));
        }
        Value::Sequence(items) => {
            let keys = schema.keys().filter(|keys| keys.len() == 2);
            for item in items {
                if let Some(keys) = keys.filter(|_| item.get(DIRECTIVE).is_none()) {
                    found.push((item, keys));
                }
                entries_with_two_keys(item, schema.entry(), found);
            }
        }
        _ => {}
    }
}

/// The places of all scalars.
fn scalars(node: &Node, found: &mut BTreeSet<Span>) {
    match &node.value {
        Value::Mapping(entries) => entries.iter().for_each(|entry| scalars(&entry.value, found)),
        Value::Sequence(items) => items.iter().for_each(|item| scalars(item, found)),
        _ => drop(found.insert(node.span)),
    }
}
