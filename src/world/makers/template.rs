//! Names that depend on a resource, such as `{}-primary`.
//!
//! Braces stand for a value of the resource: `{}` for its name, `{spec.service.name}` for a field. `[]` stands for the
//! items of a list, `*` for the keys of a mapping: `{spec.nodeSets[].name}` has a value for each item. Of alternatives
//! between `|`, the first that the resource has counts; any other text stands for itself: `{spec.name||gateway}`.

use crate::model::ForeignResource;
use crate::yaml::{Node, Value};

/// All texts that a template stands for. Empty if the resource lacks a field that it needs.
pub(super) fn expand(template: &str, resource: &ForeignResource) -> Vec<String> {
    let Some((before, rest)) = template.split_once('{') else { return vec![template.to_owned()] };
    let Some((alternatives, after)) = rest.split_once('}') else { return vec![template.to_owned()] };
    let values = alternatives.split('|').map(|it| values(it, resource)).find(|values| !values.is_empty());
    let tails = expand(after, resource);
    let joined = |value: String| tails.iter().map(move |tail| format!("{before}{value}{tail}")).collect::<Vec<_>>();
    values.unwrap_or_default().into_iter().flat_map(joined).collect()
}

fn values(alternative: &str, resource: &ForeignResource) -> Vec<String> {
    match alternative {
        "" => Some(resource.name()).filter(|name| !name.is_empty()).map(str::to_owned).into_iter().collect(),
        _ => match alternative.strip_prefix("spec.") {
            Some(path) => fields(&resource.spec, path),
            None => vec![alternative.to_owned()],
        },
    }
}

/// The texts and numbers at a path.
pub(in crate::world) fn fields(node: &Node, path: &str) -> Vec<String> {
    nodes(node, path).into_iter().filter_map(text).collect()
}

/// The values at a path of a tree.
pub(super) fn nodes<'n>(node: &'n Node, path: &str) -> Vec<Found<'n>> {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    if step == "*" {
        return node.entries().iter().map(|entry| Found::Key(&entry.key.text)).collect();
    }
    let (key, is_list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
    let Some(value) = node.get(key) else { return Vec::new() };
    let children: Vec<&Node> = if is_list { value.items().iter().collect() } else { vec![value] };
    match rest {
        None => children.into_iter().map(Found::Node).collect(),
        Some(rest) => children.into_iter().flat_map(|child| nodes(child, rest)).collect(),
    }
}

/// A value, or a key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'n> {
    Node(&'n Node),
    Key(&'n str),
}

fn text(found: Found<'_>) -> Option<String> {
    match found {
        Found::Key(key) => Some(key.to_owned()),
        Found::Node(Node { value: Value::String(text), .. }) if !text.is_empty() => Some(text.to_string()),
        Found::Node(Node { value: Value::Int(number), .. }) => Some(number.to_string()),
        Found::Node(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Snapshot;

    #[test]
    fn braces_stand_for_values_of_the_resource() {
        let text = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: logs}\n\
            spec: {port: 8080, service: {name: api}, sets: [{name: a}, {name: b}], more: {left: {}, right: {}}}\n";
        let snapshot = Snapshot::of_texts([("thing.yaml", text)]);
        let expand = |template| expand(template, &snapshot.foreign[0]);
        for (template, expected) in [
            ("fixed", vec!["fixed"]),
            ("{}-http", vec!["logs-http"]),
            ("{spec.service.name|}-{spec.port}", vec!["api-8080"]),
            ("{spec.other|}", vec!["logs"]),
            ("{spec.other|kiali}", vec!["kiali"]),
            ("{spec.other}-x", vec![]),
            ("{}-{spec.sets[].name}", vec!["logs-a", "logs-b"]),
            ("{spec.more.*}", vec!["left", "right"]),
        ] {
            assert_eq!(expand(template), expected, "{template}");
        }
    }
}
