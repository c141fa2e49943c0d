//! Names of renamed objects in the fields of others.
//!
//! kustomize: `nameReferenceTransformer` and the filter `nameref`. It runs once, after all layers. A field is updated if
//! exactly one object fits that once had the name, and the object is in the namespace of the referring one.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::field_spec::{self, FieldSpec, split_path};
use super::manifest::{CLUSTER, FormerId, Manifest, is_cluster_scoped};
use super::name_reference_table::{DEFAULT, NameReference};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use super::scalar;
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// The keys of the paths of the default table.
static DEFAULT_KEYS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| keys(&DEFAULT));

fn keys(references: &[NameReference]) -> Vec<Vec<String>> {
    references.iter().map(|reference| split_path(&reference.referrer.path)).collect()
}

/// An object that may be named by others, as far as that matters.
struct Candidate {
    group: String,
    version: String,
    kind: String,
    name: String,
    /// `metadata.namespace`; empty if there is none.
    namespace: String,
    effective_namespace: String,
    original_namespace: String,
    former: Vec<FormerId>,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
    written_in: Span,
}

/// All objects, by the names that they had.
struct Candidates {
    all: Vec<Candidate>,
    by_former_name: BTreeMap<Arc<str>, Vec<usize>>,
}

/// The object whose field is updated.
struct Referrer<'m> {
    manifest: &'m Manifest,
    effective_namespace: &'m str,
    /// The namespaces of the ServiceAccounts that a RoleBinding names.
    subject_namespaces: Vec<String>,
}

/// New values of a field.
enum Update {
    Name(String),
    NameAndNamespace(String, String),
}

/// Updates the name references of all objects.
pub(super) fn update(set: &mut ResourceSet) -> Step {
    let candidates = Candidates::of(set);
    if candidates.by_former_name.is_empty() {
        return Ok(());
    }
    let configured = &set.configuration.name_references;
    let configured_keys = keys(configured);
    let default = DEFAULT.iter().zip(DEFAULT_KEYS.iter());
    let table: Vec<(&NameReference, &Vec<String>)> = default.chain(configured.iter().zip(&configured_keys)).collect();
    for manifest in &mut set.manifests {
        let (group, version) = manifest.group_version();
        let kind = manifest.original_id().kind;
        let fits = |(reference, _): &&(&NameReference, &Vec<String>)| reference.referrer.fits(group, version, kind);
        let fields: Vec<_> = table.iter().filter(fits).collect();
        for (reference, keys) in fields {
            candidates.update(manifest, reference, keys)?;
        }
    }
    Ok(())
}

impl Candidates {
    fn of(set: &ResourceSet) -> Self {
        let mut all = Vec::new();
        let mut by_former_name: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        for manifest in &set.manifests {
            for former in &manifest.former {
                let named = by_former_name.entry(former.name.clone()).or_default();
                if named.last() != Some(&all.len()) {
                    named.push(all.len());
                }
            }
            let (group, version) = manifest.group_version();
            all.push(Candidate {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: manifest.kind().to_owned(),
                name: manifest.name().to_owned(),
                namespace: manifest.namespace().to_owned(),
                effective_namespace: manifest.effective_namespace().to_owned(),
                original_namespace: manifest.original_id().namespace.to_owned(),
                former: manifest.former.clone(),
                prefixes: manifest.prefixes.clone(),
                suffixes: manifest.suffixes.clone(),
                written_in: manifest.written_in,
            });
        }
        Self { all, by_former_name }
    }

    /// Updates one field of an object. The object is only copied if something changes.
    fn update(&self, manifest: &mut Manifest, reference: &NameReference, keys: &[String]) -> Step {
        let mut found = Vec::new();
        find(manifest.node(), keys, &mut found)?;
        if found.is_empty() {
            return Ok(());
        }
        let referrer = Referrer::of(manifest);
        let mut updates = Vec::new();
        for node in found {
            self.updates(&referrer, reference, node, &mut updates)?;
        }
        if updates.iter().all(Option::is_none) {
            return Ok(());
        }
        let mut updates = updates.into_iter();
        let span = manifest.written_in;
        field_spec::walk(manifest.node_mut(), keys, field_spec::Missing::Nothing, span, &mut |node| {
            match &mut node.value {
                Value::Sequence(items) => items.iter_mut().for_each(|item| set(item, updates.next().flatten())),
                Value::Null => {}
                _ => set(node, updates.next().flatten()),
            }
            Ok(())
        })
    }

    /// The update of a field, or of each item of a list.
    fn updates(
        &self,
        referrer: &Referrer<'_>,
        reference: &NameReference,
        node: &Node,
        updates: &mut Vec<Option<Update>>,
    ) -> Step {
        match &node.value {
            Value::Null => {}
            Value::Sequence(items) => {
                for item in items {
                    updates.push(match &item.value {
                        Value::Null => None,
                        Value::Mapping(_) => self.of_mapping(referrer, reference, item)?,
                        Value::Sequence(_) => {
                            let message = "a name must be a string or a mapping, not a list";
                            return Err(BuildProblem::new(BuildProblemKind::NotResource, item.span, message));
                        }
                        _ => self.of_scalar(referrer, reference, item)?,
                    });
                }
            }
            Value::Mapping(_) => updates.push(self.of_mapping(referrer, reference, node)?),
            _ => updates.push(self.of_scalar(referrer, reference, node)?),
        }
        Ok(())
    }

    fn of_scalar(&self, referrer: &Referrer<'_>, reference: &NameReference, node: &Node) -> Step<Option<Update>> {
        let Some(name) = scalar::text(node) else { return Ok(None) };
        let selected = self.select(referrer, reference, node, &name, None)?;
        Ok(selected.filter(|found| found.name != *name).map(|found| Update::Name(found.name.clone())))
    }

    /// A mapping with `name` and perhaps `namespace`.
    fn of_mapping(&self, referrer: &Referrer<'_>, reference: &NameReference, node: &Node) -> Step<Option<Update>> {
        let Some(name) = node.get("name") else {
            let path = &reference.referrer.path;
            let message = format!("kustomize needs `name` here, because `{path}` refers to another object");
            return Err(BuildProblem::new(BuildProblemKind::NotResource, node.span, message)
                .help("add `name`, or correct the path in the `nameReference` configuration"));
        };
        let Some(text) = scalar::text(name) else { return Ok(None) };
        let namespace = node.get("namespace").and_then(scalar::text);
        let found = self.select(referrer, reference, name, &text, namespace.as_deref())?;
        Ok(found.filter(|found| found.name != *text || !found.namespace.is_empty()).map(|found| {
            if found.namespace.is_empty() {
                Update::Name(found.name.clone())
            } else {
                Update::NameAndNamespace(found.name.clone(), found.namespace.clone())
            }
        }))
    }

    /// The object that a name refers to. With `namespace`, the name is in a mapping with a namespace, or without one if it
    /// is `None`.
    fn select(
        &self,
        referrer: &Referrer<'_>,
        reference: &NameReference,
        node: &Node,
        name: &str,
        namespace: Option<&str>,
    ) -> Step<Option<&Candidate>> {
        let Some(named) = self.by_former_name.get(name) else { return Ok(None) };
        let mut found: Vec<&Candidate> = named.iter().map(|&at| &self.all[at]).collect();
        if let Some(namespace) = namespace {
            // kustomize looks at all objects that the referrer may see, whatever their names are.
            let is_original = |candidate: &Candidate| candidate.original_namespace == namespace;
            let has_original = self.all.iter().any(|candidate| referrer.sees(candidate) && is_original(candidate));
            found.retain(|candidate| {
                if has_original { is_original(candidate) } else { candidate.effective_namespace == namespace }
            });
        }
        let role = referrer.role(reference);
        found.retain(|candidate| {
            referrer.sees(candidate)
                && candidate.was(&reference.target)
                && role.as_ref().is_none_or(|role| candidate.was(role))
                && referrer.may_refer_to(candidate)
        });
        if found.len() > 1 {
            let (prefixes, suffixes) = (&referrer.manifest.prefixes, &referrer.manifest.suffixes);
            let fits_or_empty =
                |own: &[Arc<str>], other: &[Arc<str>]| own.is_empty() || other.is_empty() || ends_the_same(own, other);
            found.retain(|candidate| {
                fits_or_empty(&candidate.prefixes, prefixes) && fits_or_empty(&candidate.suffixes, suffixes)
            });
            if found.len() > 1 {
                found.retain(|candidate| {
                    ends_the_same(&candidate.prefixes, prefixes) && ends_the_same(&candidate.suffixes, suffixes)
                });
            }
        }
        let (Some(first), rest) = (found.first().copied(), found.get(1..).unwrap_or_default()) else {
            return Ok(None);
        };
        let differs = |other: &&&Candidate| {
            other.name != first.name || (namespace.is_some() && other.namespace != first.namespace)
        };
        if let Some(second) = rest.iter().find(differs) {
            let message = format!(
                "kustomize cannot decide whether `{name}` is {} `{}` or `{}`",
                first.kind, first.name, second.name
            );
            return Err(BuildProblem::new(BuildProblemKind::SeveralMatches, node.span, message)
                .related(first.written_in, "the first one")
                .related(second.written_in, "the second one"));
        }
        Ok(Some(first))
    }
}

impl Candidate {
    /// Whether the object had an identity of a kind.
    fn was(&self, spec: &FieldSpec) -> bool {
        self.former.iter().any(|former| spec.fits(&self.group, &self.version, &former.kind))
    }

    fn is_cluster_scoped(&self) -> bool {
        is_cluster_scoped(&self.group, &self.version, &self.kind)
    }
}

impl<'m> Referrer<'m> {
    fn of(manifest: &'m Manifest) -> Self {
        let subjects = if manifest.kind() == "RoleBinding" { manifest.node().get("subjects") } else { None };
        let is_account = |subject: &&Node| subject.get("kind").and_then(Node::as_str) == Some("ServiceAccount");
        let namespaces = subjects.map_or(&[][..], Node::items).iter().filter(is_account);
        let namespaces = namespaces.filter_map(|subject| subject.get("namespace")?.as_str()).map(str::to_owned);
        Self { manifest, effective_namespace: manifest.effective_namespace(), subject_namespaces: namespaces.collect() }
    }

    fn is_cluster_scoped(&self) -> bool {
        self.effective_namespace == CLUSTER
    }

    /// kustomize: `SubsetThatCouldBeReferencedByResource`.
    fn sees(&self, candidate: &Candidate) -> bool {
        self.is_cluster_scoped()
            || candidate.is_cluster_scoped()
            || candidate.effective_namespace == self.effective_namespace
            || self.subject_namespaces.contains(&candidate.namespace)
    }

    /// kustomize: `sameCurrentNamespaceAsReferrer`.
    fn may_refer_to(&self, candidate: &Candidate) -> bool {
        self.is_cluster_scoped()
            || candidate.is_cluster_scoped()
            || candidate.kind == "ServiceAccount"
            || candidate.effective_namespace == self.effective_namespace
    }

    /// The kind that a `roleRef` names, if the field is its name.
    fn role(&self, reference: &NameReference) -> Option<FieldSpec> {
        if !reference.referrer.path.ends_with("roleRef/name") {
            return None;
        }
        let role = self.manifest.node().get("roleRef")?;
        let (group, kind) = (role.get("apiGroup")?.as_str()?, role.get("kind")?.as_str()?);
        let (group, kind) = (group.to_owned().into(), kind.to_owned().into());
        Some(FieldSpec { group, kind, ..FieldSpec::default() })
    }
}

/// Whether the shorter list is the end of the longer one. An empty list is only the end of an empty one.
fn ends_the_same(first: &[Arc<str>], second: &[Arc<str>]) -> bool {
    let (shorter, longer) = if first.len() < second.len() { (first, second) } else { (second, first) };
    longer.ends_with(shorter) && (!shorter.is_empty() || longer.is_empty())
}

/// The values of a field. A scalar before the end of the path is a mistake.
fn find<'n>(node: &'n Node, keys: &[String], found: &mut Vec<&'n Node>) -> Step {
    let Some((first, rest)) = keys.split_first() else {
        found.push(node);
        return Ok(());
    };
    match &node.value {
        Value::Null => Ok(()),
        Value::Sequence(items) => items.iter().try_for_each(|item| find(item, keys, found)),
        Value::Mapping(_) => {
            let name = first.strip_suffix("[]").unwrap_or(first);
            node.get(name).map_or(Ok(()), |value| find(value, rest, found))
        }
        other => {
            let message =
                format!("kustomize needs a mapping or a list here to reach `{first}`, not {}", other.type_name());
            Err(BuildProblem::new(BuildProblemKind::NotResource, node.span, message))
        }
    }
}

/// Writes the new values. They keep the place of the reference.
fn set(node: &mut Node, update: Option<Update>) {
    let span = node.span;
    match (update, &mut node.value) {
        (None, _) => {}
        (Some(update), Value::Mapping(entries)) => {
            let (name, namespace) = match update {
                Update::Name(name) => (name, None),
                Update::NameAndNamespace(name, namespace) => (name, Some(namespace)),
            };
            set_text(entries, "name", &name, span);
            if let Some(namespace) = namespace {
                set_text(entries, "namespace", &namespace, span);
            }
        }
        (Some(Update::Name(name) | Update::NameAndNamespace(name, _)), value) => *value = Value::String(name.into()),
    }
}

fn set_text(entries: &mut Vec<Entry>, field: &str, text: &str, span: Span) {
    let value = Value::String(text.into());
    match entries.iter_mut().find(|entry| &*entry.key.text == field) {
        Some(entry) => entry.value.value = value,
        None => entries.push(Entry::new(field, span, Node { span, value })),
    }
}
