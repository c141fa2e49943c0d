//! The resource and field of a place.
//!
//! Rules report spans. To find the path of a field, the document is parsed again, but only if it has a finding.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::diagnostic::{Diagnostic, ResourceName, Subject};
use crate::load::Snapshot;
use crate::model::{Kind, Resource};
use crate::source::{FileId, Span};
use crate::world::World;
use crate::yaml::{Node, Value};

/// The places of a resource that have findings.
type Places<'a> = (&'a Resource, BTreeSet<Span>);

/// Sets the subjects of all places.
pub(super) fn name_subjects(diagnostics: &mut [Diagnostic], world: &World<'_>) {
    let resources = ResourcesByPlace::new(world.snapshot);
    let mut written: BTreeMap<Span, BTreeMap<Span, Places<'_>>> = BTreeMap::new();
    let mut rendered: BTreeMap<Span, Places<'_>> = BTreeMap::new();
    let places = diagnostics.iter().flat_map(|it| std::iter::once(it.span).chain(it.related.iter().map(|it| it.span)));
    for place in places {
        if let Some(resource) = resources.around(place) {
            let of_document = match resource.rendered {
                Some(_) => &mut rendered,
                None => written.entry(resource.document).or_default(),
            };
            of_document.entry(resource.span).or_insert_with(|| (resource, BTreeSet::new())).1.insert(place);
        }
    }
    let of_written = written.into_par_iter().flat_map_iter(|(document, resources)| {
        let document = world.snapshot.parse_again(document);
        let found = resources.into_values().flat_map(|(resource, places)| {
            let node = document.root.as_ref().and_then(|root| root.at(resource.span));
            node.map(|node| subjects_in(node, &name_of(resource, world), places)).unwrap_or_default()
        });
        found.collect::<Vec<_>>()
    });
    let of_rendered = rendered.into_par_iter().flat_map_iter(|(_, (resource, places))| {
        let tree = resource.rendered.as_deref();
        tree.map(|tree| subjects_in(tree, &name_of(resource, world), places)).unwrap_or_default()
    });
    let subjects: HashMap<Span, Subject> = of_written.chain(of_rendered).collect();
    for diagnostic in diagnostics {
        diagnostic.subject = subjects.get(&diagnostic.span).cloned();
        diagnostic.related.iter_mut().for_each(|related| related.subject = subjects.get(&related.span).cloned());
    }
}

/// The fields of some places of a resource.
fn subjects_in(node: &Node, name: &ResourceName, mut places: BTreeSet<Span>) -> Vec<(Span, Subject)> {
    let mut paths = Vec::new();
    collect_paths(node, &mut Vec::new(), &mut places, &mut paths);
    // The remaining places are not those of a whole value or key. Enclosure alone is not enough for the others, because
    // the text of a YAML alias is elsewhere in the document.
    for place in places {
        let mut path = Vec::new();
        enclose(node, &mut path, place);
        paths.push((place, path.concat()));
    }
    let subject = |(place, field)| (place, Subject { resource: name.clone(), field });
    paths.into_iter().map(subject).collect()
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

/// The resources of each file, by place.
pub(super) struct ResourcesByPlace<'a> {
    by_file: BTreeMap<FileId, Vec<&'a Resource>>,
    rendered: Vec<&'a Resource>,
    /// The places of the values of rendered resources that are in other files.
    values: OnceCell<BTreeMap<Span, &'a Resource>>,
}

impl<'a> ResourcesByPlace<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<&Resource>> = BTreeMap::new();
        for resource in snapshot.resources() {
            by_file.entry(resource.span.file).or_default().push(resource);
        }
        by_file.values_mut().for_each(|resources| resources.sort_by_key(|resource| resource.span.start));
        let may_be_elsewhere = |it: &&Resource| it.rendered.is_some() && it.kind != Kind::CustomResourceDefinition;
        let rendered = snapshot.resources().filter(may_be_elsewhere).collect();
        Self { by_file, rendered, values: OnceCell::new() }
    }

    /// The resource that contains a place.
    pub(super) fn around(&self, place: Span) -> Option<&'a Resource> {
        if !self.rendered.is_empty() {
            let values = self.values.get_or_init(|| values(&self.rendered));
            let holds = |span: &&Span| span.contains(place);
            let around = || values.keys().filter(holds).min_by_key(|span| span.len());
            if let Some(resource) = values.get(&place).or_else(|| values.get(around()?)) {
                return Some(resource);
            }
        }
        let resources = self.by_file.get(&place.file)?;
        let after = resources.partition_point(|resource| resource.span.start <= place.start);
        let resource = resources[..after].last()?;
        // An empty value at the end of a resource is just after it.
        (place.start <= resource.span.end).then_some(*resource)
    }
}

/// The places of the values and keys of rendered resources that are outside of the text of the resource. Several resources
/// can share one: the first has it.
fn values<'a>(resources: &[&'a Resource]) -> BTreeMap<Span, &'a Resource> {
    fn add<'a>(node: &Node, resource: &'a Resource, values: &mut BTreeMap<Span, &'a Resource>) {
        let mut add_place = |place: Span| {
            if !resource.span.contains(place) {
                values.entry(place).or_insert(resource);
            }
        };
        add_place(node.span);
        node.entries().iter().for_each(|entry| add_place(entry.key.span));
        node.entries().iter().for_each(|entry| add(&entry.value, resource, values));
        node.items().iter().for_each(|item| add(item, resource, values));
    }
    let mut values = BTreeMap::new();
    for resource in resources {
        resource.rendered.iter().for_each(|tree| add(tree, resource, &mut values));
    }
    values
}

/// Collects the paths of all values and keys at wanted places, in one pass over a resource.
fn collect_paths(node: &Node, path: &mut Vec<String>, wanted: &mut BTreeSet<Span>, found: &mut Vec<(Span, String)>) {
    if wanted.is_empty() {
        return;
    }
    if wanted.remove(&node.span) {
        found.push((node.span, path.concat()));
    }
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                path.push(segment(path, &entry.key.text));
                if wanted.remove(&entry.key.span) {
                    found.push((entry.key.span, path.concat()));
                }
                collect_paths(&entry.value, path, wanted, found);
                path.pop();
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(format!("[{index}]"));
                collect_paths(item, path, wanted, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Extends a path to the innermost value that contains a place. In a rendered resource, a value can be in another file than
/// what contains it.
fn enclose(node: &Node, path: &mut Vec<String>, place: Span) -> bool {
    for entry in node.entries() {
        path.push(segment(path, &entry.key.text));
        if enclose(&entry.value, path, place) || entry.key.span.contains(place) {
            return true;
        }
        path.pop();
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push(format!("[{index}]"));
        if enclose(item, path, place) {
            return true;
        }
        path.pop();
    }
    node.span.contains(place)
}

/// A key as a segment of a path: `.name`, or `["a.b"]` if the key contains a dot.
fn segment(path: &[String], key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || "_-$".contains(letter));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!(".{key}"),
        (false, _) => format!("[{}]", serde_json::Value::from(key)),
    }
}
