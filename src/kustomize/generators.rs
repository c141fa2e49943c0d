//! `configMapGenerator` and `secretGenerator`.

use std::sync::Arc;

use super::entries::{GeneratorEntry, GeneratorOptions, Pairs, Text};
use super::fields::invalid;
use super::kustomization::Kustomization;
use super::manifest::Manifest;
use super::place::Place;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use super::resources::Written;
use super::{Unrendered, generator_data};
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// The kind of object that a generator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generated {
    ConfigMap,
    Secret,
}

impl Generated {
    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

/// Adds what the generators of a kustomization make.
pub(super) fn add(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    let options = &kustomization.generator_options;
    for entry in &kustomization.config_maps {
        generate(set, entry, Generated::ConfigMap, options, place)?;
    }
    for entry in &kustomization.secrets {
        generate(set, entry, Generated::Secret, options, place)?;
    }
    Ok(())
}

/// Adds what one generator makes. `global` are the options of all generators of the kustomization.
pub(super) fn generate(
    set: &mut ResourceSet,
    entry: &GeneratorEntry<'_>,
    generated: Generated,
    global: &GeneratorOptions<'_>,
    place: Place<'_>,
) -> Step {
    let kind = generated.kind();
    let Some(name) = entry.name else {
        return Err(invalid(entry.span, format!("a generator of a {kind} needs a `name`")));
    };
    let data = match generator_data::read(set, entry, generated, place)? {
        Ok(data) => data,
        Err(reason) => {
            let namespace = entry.namespace.map(|namespace| namespace.value.to_owned());
            set.unrendered.push(Unrendered { span: name.span, reason, namespace, kind: Some(kind) });
            return Ok(());
        }
    };
    let new = Content { entry, generated, global, name, data };
    let namespace = super::manifest::effective(entry.namespace.map_or("", |namespace| namespace.value)).to_owned();
    let is_same = |id: super::manifest::ManifestId<'_>| {
        (id.group, id.version, id.kind, id.name, id.namespace) == ("", "v1", kind, name.value, &*namespace)
    };
    let known = set.find(is_same);
    let merges = match entry.behavior.map(|behavior| behavior.value) {
        None | Some("create") => None,
        Some("merge") => Some(true),
        Some("replace") => Some(false),
        Some(other) => {
            let span = entry.behavior.map_or(entry.span, |behavior| behavior.span);
            let message = format!("`behavior: {other}` has no effect: kustomize does not know it");
            let problem = BuildProblem::new(BuildProblemKind::NoEffect, span, message);
            set.warn(problem.help("write `create`, `merge` or `replace`"));
            None
        }
    };
    let found = |verb: &str| format!("{kind} `{}` {verb}", name.value);
    match (merges, known.as_slice()) {
        (None, []) => {
            set.manifests.push(new.into_manifest());
            Ok(())
        }
        (None, [at, ..]) => {
            let message = found("already exists, so this generator must merge or replace it");
            Err(BuildProblem::new(BuildProblemKind::DuplicateResource, name.span, message)
                .help("add `behavior: merge`, or rename it")
                .related(set.manifests[*at].name_span(), "first defined here"))
        }
        (Some(_), []) if set.is_partial() => Ok(()),
        (Some(_), []) => {
            let message = found("does not exist, so this generator cannot merge or replace it");
            Err(BuildProblem::new(BuildProblemKind::NoMatch, name.span, message)
                .help("correct the name, or remove `behavior`"))
        }
        (Some(merges), [at]) => {
            let old = &set.manifests[*at];
            set.manifests[*at] = new.into_successor(old, merges);
            Ok(())
        }
        (Some(_), several) => {
            let problem = BuildProblem::new(BuildProblemKind::SeveralMatches, name.span, found("exists several times"));
            Err(several
                .iter()
                .fold(problem, |problem, at| problem.related(set.manifests[*at].name_span(), "one is defined here")))
        }
    }
}

/// A generated object.
struct Content<'c, 'f> {
    entry: &'c GeneratorEntry<'f>,
    generated: Generated,
    global: &'c GeneratorOptions<'f>,
    name: Text<'f>,
    data: Vec<Entry>,
}

impl Content<'_, '_> {
    fn needs_hash(&self) -> bool {
        !self.entry.options.disable_name_suffix_hash && !self.global.disable_name_suffix_hash
    }

    fn into_manifest(self) -> Manifest {
        let needs_hash = self.needs_hash();
        let span = self.entry.span;
        let mut metadata = vec![Entry::new("name", self.name.span, string(self.name.value, self.name.span))];
        if let Some(namespace) = self.entry.namespace {
            metadata.push(Entry::new("namespace", namespace.span, string(namespace.value, namespace.span)));
        }
        let labels = pairs(&self.global.labels, &self.entry.options.labels);
        let annotations = pairs(&self.global.annotations, &self.entry.options.annotations);
        for (field, entries) in [("labels", labels), ("annotations", annotations)] {
            if !entries.is_empty() {
                metadata.push(mapping(field, entries, span));
            }
        }
        let is_immutable = self.entry.options.immutable || self.global.immutable;
        let mut entries = vec![
            Entry::new("apiVersion", span, string("v1", span)),
            Entry::new("kind", span, string(self.generated.kind(), span)),
            mapping("metadata", metadata, span),
        ];
        if self.generated == Generated::Secret {
            let secret_type = self.entry.secret_type.map_or("Opaque", |text| text.value);
            entries.push(Entry::new("type", span, string(secret_type, span)));
        }
        if !self.data.is_empty() || self.generated == Generated::Secret {
            entries.push(mapping("data", self.data, span));
        }
        if is_immutable {
            entries.push(Entry::new("immutable", span, Node { span, value: Value::Bool(true) }));
        }
        let node = Arc::new(Node { span, value: Value::Mapping(entries.into()) });
        let mut manifest = Manifest::new(Written { node, span, is_converted: true });
        manifest.needs_hash = needs_hash;
        manifest
    }

    /// The object that takes the place of `old`. kustomize keeps name, namespace, labels and annotations of the old one,
    /// and its data if the new one merges.
    fn into_successor(self, old: &Manifest, merges: bool) -> Manifest {
        let mut new = self.into_manifest();
        let span = new.written_in;
        new.needs_hash &= old.needs_hash;
        new.former.clone_from(&old.former);
        new.prefixes.clone_from(&old.prefixes);
        new.suffixes.clone_from(&old.suffixes);
        new.causes.clone_from(&old.causes);
        new.vars.clone_from(&old.vars);
        let verb = if merges { "merged" } else { "replaced" };
        new.causes.push((span, format!("data {verb} here")));
        new.written_in = old.written_in;
        let mut merged = new.node().clone();
        let metadata = old.node().get("metadata").cloned();
        for entry in super::manifest::entries_mut(&mut merged) {
            let before = old.node().get(&entry.key.text);
            match (&*entry.key.text, before, metadata.as_ref()) {
                ("metadata", _, Some(old)) => {
                    for field in ["name", "namespace"] {
                        super::manifest::entries_mut(&mut entry.value).retain(|entry| &*entry.key.text != field);
                    }
                    for kept in old.entries() {
                        match &*kept.key.text {
                            "name" | "namespace" => super::manifest::entries_mut(&mut entry.value).push(kept.clone()),
                            "labels" | "annotations" => add_missing(&mut entry.value, kept),
                            _ => {}
                        }
                    }
                }
                ("data", Some(old), _) if merges => {
                    for kept in old.entries() {
                        add_entry(&mut entry.value, kept);
                    }
                }
                _ => {}
            }
        }
        if merges {
            for field in ["data", "binaryData"] {
                let is_kept = merged.get(field).is_none();
                if let Some(kept) = old.node().entry(field).filter(|_| is_kept) {
                    super::manifest::entries_mut(&mut merged).push(kept.clone());
                }
            }
        }
        *new.node_mut() = merged;
        new
    }
}

/// Adds the entries of a mapping to the field of the same name.
fn add_missing(parent: &mut Node, field: &Entry) {
    let entries = super::manifest::entries_mut(parent);
    match entries.iter_mut().find(|entry| entry.key.text == field.key.text) {
        Some(own) => field.value.entries().iter().for_each(|entry| add_entry(&mut own.value, entry)),
        None => entries.push(field.clone()),
    }
}

/// Adds an entry unless its key is there.
fn add_entry(mapping: &mut Node, entry: &Entry) {
    if mapping.get(&entry.key.text).is_none() {
        super::manifest::entries_mut(mapping).push(entry.clone());
    }
}

pub(super) fn string(text: &str, span: Span) -> Node {
    Node { span, value: Value::String(text.into()) }
}

fn mapping(key: &str, entries: Vec<Entry>, span: Span) -> Entry {
    Entry::new(key, span, Node { span, value: Value::Mapping(entries.into()) })
}

/// The pairs of all generators, and those of one, which win.
fn pairs(global: &Pairs<'_>, own: &Pairs<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in global.iter().chain(own) {
        let entry = Entry { key: (*key).clone(), value: string(value.value, value.span) };
        match entries.iter_mut().find(|known| known.key.text == entry.key.text) {
            Some(known) => *known = entry,
            None => entries.push(entry),
        }
    }
    entries
}
