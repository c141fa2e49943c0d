//! Which field of which resource a place is.
//!
//! Rules speak in spans. The path of a field is found by parsing the document once more, which only findings pay for.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::diagnostic::{Diagnostic, ResourceName, Subject};
use crate::load::Snapshot;
use crate::model::Resource;
use crate::source::{FileId, Span};
use crate::world::World;
use crate::yaml::{self, Document, Node, Value};

/// Fills in the subjects of all places.
pub(super) fn name_subjects(diagnostics: &mut [Diagnostic], world: &World<'_>) {
    let places = diagnostics.iter().flat_map(|it| std::iter::once(it.span).chain(it.related.iter().map(|it| it.span)));
    let resources = ByPlace::new(world.snapshot);
    let documents: BTreeMap<Span, Document> = places
        .filter_map(|place| resources.around(place))
        .map(|resource| resource.document)
        .collect::<std::collections::BTreeSet<Span>>()
        .into_par_iter()
        .map(|span| (span, parse_again(span, world)))
        .collect();
    let subject = |place: Span| {
        let resource = resources.around(place)?;
        let root = documents.get(&resource.document)?.root.as_ref()?;
        let node = find(root, resource.span)?;
        Some(Subject { resource: name_of(resource, world), field: path_to(node, place) })
    };
    diagnostics.par_iter_mut().for_each(|diagnostic| {
        diagnostic.subject = subject(diagnostic.span);
        diagnostic.related.iter_mut().for_each(|related| related.subject = subject(related.span));
    });
}

fn name_of(resource: &Resource, world: &World<'_>) -> ResourceName {
    let namespace = world.settings.namespace_of(resource);
    ResourceName {
        api_version: resource.api_version.clone(),
        kind: resource.kind.name().to_owned(),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
        name: resource.name().to_owned(),
    }
}

/// The resources of each file, by their place.
struct ByPlace<'a> {
    by_file: BTreeMap<FileId, Vec<&'a Resource>>,
}

impl<'a> ByPlace<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<&Resource>> = BTreeMap::new();
        for resource in &snapshot.resources {
            by_file.entry(resource.span.file).or_default().push(resource);
        }
        by_file.values_mut().for_each(|resources| resources.sort_by_key(|resource| resource.span.start));
        Self { by_file }
    }

    fn around(&self, place: Span) -> Option<&'a Resource> {
        let resources = self.by_file.get(&place.file)?;
        let after = resources.partition_point(|resource| resource.span.start <= place.start);
        let resource = resources[..after].last()?;
        // An empty value at the end of a resource lies just behind it.
        (place.start <= resource.span.end).then_some(*resource)
    }
}

/// What was parsed once already, so that its problems are known.
fn parse_again(document: Span, world: &World<'_>) -> Document {
    let chunk = yaml::Chunk { span: document, problem: None };
    yaml::parse(&chunk, world.snapshot.sources.file(document.file).text())
}

/// The node that stands at exactly this place.
fn find(node: &Node, place: Span) -> Option<&Node> {
    if node.span == place {
        return Some(node);
    }
    let children: Box<dyn Iterator<Item = &Node>> = match &node.value {
        Value::Mapping(entries) => Box::new(entries.iter().map(|entry| &entry.value)),
        Value::Sequence(items) => Box::new(items.iter()),
        _ => return None,
    };
    children.filter(|child| child.span.contains(place)).find_map(|child| find(child, place))
}

/// The path from a resource to the value or key at a place; to what encloses it if nothing stands at exactly that
/// place. What an alias brought in lies elsewhere in the text, so enclosure alone would not find it.
fn path_to(resource: &Node, place: Span) -> String {
    let mut path = Vec::new();
    if !descend(resource, &mut path, &|span| span == place) {
        path.clear();
        enclose(resource, &mut path, place);
    }
    path.concat()
}

/// Goes depth first to the value or key that is meant; `path` is then the way to it.
fn descend(node: &Node, path: &mut Vec<String>, is_meant: &dyn Fn(Span) -> bool) -> bool {
    if is_meant(node.span) {
        return true;
    }
    match &node.value {
        Value::Mapping(entries) => entries.iter().any(|entry| {
            path.push(segment(path, &entry.key.text));
            let found = is_meant(entry.key.span) || descend(&entry.value, path, is_meant);
            if !found {
                path.pop();
            }
            found
        }),
        Value::Sequence(items) => items.iter().enumerate().any(|(index, item)| {
            path.push(format!("[{index}]"));
            let found = descend(item, path, is_meant);
            if !found {
                path.pop();
            }
            found
        }),
        _ => false,
    }
}

/// Goes to the innermost value around a place.
fn enclose(node: &Node, path: &mut Vec<String>, place: Span) {
    match &node.value {
        Value::Mapping(entries) => {
            if let Some(entry) =
                entries.iter().find(|entry| entry.value.span.contains(place) || entry.key.span.contains(place))
            {
                path.push(segment(path, &entry.key.text));
                enclose(&entry.value, path, place);
            }
        }
        Value::Sequence(items) => {
            if let Some((index, item)) = items.iter().enumerate().find(|(_, item)| item.span.contains(place)) {
                path.push(format!("[{index}]"));
                enclose(item, path, place);
            }
        }
        _ => {}
    }
}

/// A key as a part of a path: `.name`, or `["a.b"]` where a dot would mislead.
fn segment(path: &[String], key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || "_-$".contains(letter));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!(".{key}"),
        (false, _) => format!("[{}]", serde_json::Value::from(key)),
    }
}
