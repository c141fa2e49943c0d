//! Strategic merges of keyed lists.
//!
//! kustomize: `walkAssociativeSequence` of kyaml, with its surprises: entries of the patch come first if there is one key;
//! with two keys (`port` and `protocol`) an entry that lacks one on only one side is not found, and its patch is lost; an
//! entry without any key removes those before it.

use super::merge::{self, DIRECTIVE, Directive, Misfit};
use super::scalar;
use super::schema::Schema;
use crate::yaml::{Entry, Key, Node, Value};
use std::borrow::Cow;

/// The values of the keys of an entry; the empty text for a missing one.
type Tuple = Vec<String>;

/// The list that is merged into another one.
enum Patch {
    Items(Vec<Node>),
    /// The list itself.
    Same,
}

/// Merges the list of a patch into a list. `None` if the patch deletes the list.
pub(super) fn merge(
    items: Vec<Node>,
    patch: Option<&[Node]>,
    keys: &[&str],
    schema: Schema,
) -> Result<Option<Vec<Node>>, Misfit> {
    let Some(patch) = patch else { return join(items, Patch::Items(Vec::new()), keys, schema).map(Some) };
    match directive(patch)? {
        None => join(items, Patch::Items(patch.to_vec()), keys, schema).map(Some),
        Some((Directive::Delete, _)) => Ok(None),
        Some((Directive::Merge, rest)) => join(items, Patch::Items(rest), keys, schema).map(Some),
        Some((Directive::Replace, rest)) => join(rest, Patch::Same, keys, schema).map(Some),
    }
}

/// The list of a patch merged with itself. `None` if it is to be deleted.
pub(super) fn merge_with_itself(items: &[Node], keys: &[&str], schema: Schema) -> Result<Option<Vec<Node>>, Misfit> {
    match directive(items)? {
        None => join(items.to_vec(), Patch::Same, keys, schema).map(Some),
        Some((Directive::Delete, _)) => Ok(None),
        Some((Directive::Merge | Directive::Replace, rest)) => join(rest, Patch::Same, keys, schema).map(Some),
    }
}

/// The same, but a directive for the whole list does not count.
pub(super) fn join_with_itself(items: Vec<Node>, keys: &[&str], schema: Schema) -> Result<Vec<Node>, Misfit> {
    join(items, Patch::Same, keys, schema)
}

/// The directive for the whole list: the first entry that has one, if it has nothing else. Also the list without it.
fn directive(patch: &[Node]) -> Result<Option<(Directive, Vec<Node>)>, Misfit> {
    let first = patch.iter().find(|item| item.get(DIRECTIVE).is_some()).filter(|item| item.entries().len() == 1);
    let Some(value) = first.and_then(|entry| entry.get(DIRECTIVE)) else { return Ok(None) };
    let Some(text) = value.as_str() else { return Ok(None) };
    let Some(directive) = merge::directive_of(text) else { return Err(merge::unknown(value.span, text)) };
    let is_directive = |item: &Node| item.get(DIRECTIVE).and_then(Node::as_str) == Some(text);
    let rest = patch.iter().filter(|item| !is_directive(item) && !is_nothing(item)).cloned().collect();
    Ok(Some((directive, rest)))
}

fn join(mut items: Vec<Node>, mut patch: Patch, keys: &[&str], schema: Schema) -> Result<Vec<Node>, Misfit> {
    let tuples = match &patch {
        Patch::Items(patch) => tuples(&items, patch, keys),
        Patch::Same => tuples(&items, &[], keys),
    };
    if tuples.is_empty() {
        return Ok(items);
    }
    let is_active = |at: usize| tuples.iter().any(|tuple| !tuple[at].is_empty());
    let mut active: Vec<usize> = (0..keys.len()).filter(|&at| is_active(at)).collect();
    if active.is_empty() {
        active = (0..keys.len()).collect();
    }
    let active_keys: Vec<&str> = active.iter().map(|&at| keys[at]).collect();
    let mut joined: Vec<Node> = Vec::with_capacity(tuples.len());
    for tuple in &tuples {
        let values: Vec<&str> = active.iter().map(|&at| tuple[at].as_str()).collect();
        let at = find(&items, &active_keys, &values);
        let merged = match &mut patch {
            Patch::Items(patch) => {
                let with = find(patch, &active_keys, &values);
                let merged = merge::merge(at.map(|at| items[at].clone()), with.map(|with| &patch[with]), schema)?;
                // A second tuple with the same values finds the entry again, but no directive.
                if let Some(with) = with
                    && let Value::Mapping(entries) = &mut patch[with].value
                {
                    entries.retain(|entry| &*entry.key.text != DIRECTIVE);
                }
                merged
            }
            Patch::Same => at.map_or(Ok(None), |at| merge::merge_with_itself(&items[at], schema))?,
        };
        let Some(mut merged) = merged.filter(|merged| !is_nothing(merged)) else {
            set(&mut items, None, &active_keys, &values);
            continue;
        };
        complete(&mut merged, &active_keys, &values);
        // An entry that was merged and not replaced has changed in its own list as well.
        if let Some(at) = at
            && merged.span == items[at].span
        {
            items[at] = merged.clone();
        }
        set(&mut joined, Some(merged), &active_keys, &values);
    }
    append(&mut joined, items, &active_keys);
    Ok(joined)
}

/// The different tuples of the patch, then of the list. Two tuples that agree in one part and contradict each other in none
/// are the same.
fn tuples(items: &[Node], patch: &[Node], keys: &[&str]) -> Vec<Tuple> {
    let mut tuples: Vec<Tuple> = Vec::new();
    for item in patch.iter().chain(items) {
        let tuple: Tuple = keys.iter().map(|key| part(item, key).unwrap_or_default().into_owned()).collect();
        if !tuples.contains(&tuple) {
            tuples.push(tuple);
        }
    }
    if keys.len() > 1 {
        for first in 0..tuples.len() {
            // kustomize compares what the tuple was before this pass.
            let former = tuples[first].clone();
            for second in 0..tuples.len() {
                if let Some(union) = union(&former, &tuples[second]) {
                    tuples[first].clone_from(&union);
                    tuples[second] = union;
                }
            }
        }
    }
    tuples
}

fn union(first: &Tuple, second: &Tuple) -> Option<Tuple> {
    let pairs = || first.iter().zip(second);
    let agrees = pairs().any(|(first, second)| first == second);
    let fits = pairs().all(|(first, second)| first == second || first.is_empty() || second.is_empty());
    (agrees && fits)
        .then(|| pairs().map(|(first, second)| if first.is_empty() { second } else { first }.clone()).collect())
}

/// The first entry with these values. Empty values are not compared, unless all are.
fn find(items: &[Node], keys: &[&str], values: &[&str]) -> Option<usize> {
    let is_empty = values.iter().all(|value| value.is_empty());
    let compared = || keys.iter().zip(values).filter(|(_, value)| is_empty || !value.is_empty());
    items.iter().position(|item| {
        (is_scalar_list(keys) || matches!(item.value, Value::Mapping(_)))
            && compared().all(|(key, value)| part(item, key).is_some_and(|text| text == *value))
    })
}

/// Replaces the entries that have these values; without an entry, removes them. An entry that replaces none is appended.
fn set(items: &mut Vec<Node>, entry: Option<Node>, keys: &[&str], values: &[&str]) {
    let is_of_mappings =
        keys.first().is_some_and(|key| !key.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
    let mut is_found = false;
    let old = std::mem::take(items);
    for item in old {
        if is_nothing(&item) {
            continue;
        }
        if is_of_mappings && !matches!(item.value, Value::Mapping(_)) {
            items.push(item);
        } else if values.is_empty() {
            // kustomize drops what it cannot compare.
        } else if keys.iter().zip(values).all(|(key, value)| has(&item, key, value)) {
            is_found = true;
            items.extend(entry.clone());
        } else {
            items.push(item);
        }
    }
    if !is_found {
        items.extend(entry);
    }
}

/// Appends the entries of the list to the joined ones, which have the same values.
fn append(joined: &mut Vec<Node>, items: Vec<Node>, keys: &[&str]) {
    for item in items {
        let mut values: Vec<String> = Vec::new();
        for key in keys {
            if is_scalar_list(keys) {
                values.push(part(&item, key).unwrap_or_default().into_owned());
            } else if item.get(key).is_none() {
                joined.push(item.clone());
            } else {
                values.push(part(&item, key).unwrap_or_default().into_owned());
            }
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if keys.len() > 1 {
            set(joined, None, keys, &values);
        }
        set(joined, Some(item), keys, &values);
    }
}

/// Writes the keys that a merged entry lacks.
fn complete(item: &mut Node, keys: &[&str], values: &[&str]) {
    let span = item.span;
    if let Value::Mapping(entries) = &mut item.value {
        for (key, value) in keys.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
            if !entries.iter().any(|entry| &*entry.key.text == *key) {
                let value = Node { span, value: Value::String((*value).into()) };
                entries.push(Entry { key: Key { span, text: (*key).into() }, value });
            }
        }
    }
}

fn is_scalar_list(keys: &[&str]) -> bool {
    keys == [""]
}

/// Whether the entry has this value for the key. An empty value fits any.
fn has(item: &Node, key: &str, value: &str) -> bool {
    if key.is_empty() {
        return part(item, key).is_some_and(|text| text == value);
    }
    match item.get(key) {
        None => false,
        Some(_) if value.is_empty() => true,
        Some(_) => part(item, key).is_some_and(|text| text == value),
    }
}

/// The text of a key's value, or of a scalar entry itself.
fn part<'n>(item: &'n Node, key: &str) -> Option<Cow<'n, str>> {
    let node = if key.is_empty() { item } else { item.get(key)? };
    scalar::text(node)
}

/// Whether kyaml skips the entry: null or an empty mapping.
fn is_nothing(item: &Node) -> bool {
    match &item.value {
        Value::Null => true,
        Value::Mapping(entries) => entries.is_empty(),
        _ => false,
    }
}
