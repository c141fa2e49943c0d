//! `namespace`: the namespace of all objects.

use std::collections::BTreeMap;

use super::entries::Text;
use super::field_spec::{FieldSpec, Missing};
use super::manifest::{Manifest, entries_mut, set_text};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// Which subjects of RoleBindings move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// All ServiceAccounts.
    ServiceAccounts,
    /// None.
    Nothing,
}

const FIELDS: [FieldSpec; 3] = [
    FieldSpec::created("", "", "Namespace", "metadata/name"),
    FieldSpec::created("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
    FieldSpec::new(
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
    ),
];

/// Moves all objects to the namespace of a kustomization.
pub(super) fn apply(set: &mut ResourceSet, namespace: Text<'_>) -> Step {
    let mut fields: Vec<FieldSpec> = FIELDS.to_vec();
    fields.extend(set.configuration.namespace.iter().filter(|spec| spec.path != "metadata/namespace").cloned());
    move_to(set, namespace, &fields, Subjects::Default, false)?;
    for part in &mut set.unrendered {
        part.namespace = Some(namespace.value.to_owned());
    }
    Ok(())
}

/// Moves all objects. `only_unset`: those that have no namespace.
pub(super) fn move_to(
    set: &mut ResourceSet,
    namespace: Text<'_>,
    fields: &[FieldSpec],
    subjects: Subjects,
    only_unset: bool,
) -> Step {
    for manifest in &mut set.manifests {
        manifest.remember();
        let keeps = only_unset && !manifest.namespace().is_empty();
        if !keeps && !manifest.is_cluster_scoped() {
            move_object(manifest, namespace);
        }
        let is_binding = matches!(manifest.kind(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            move_subjects(manifest, namespace, subjects, only_unset);
        }
        for spec in fields.iter().filter(|spec| !(is_binding && spec.path == "subjects")) {
            // In the core group only; other kinds of this name are ordinary objects.
            if spec.path == "metadata/name" && !manifest.group_version().0.is_empty() {
                continue;
            }
            let before = (spec.path == "metadata/name").then(|| manifest.name().to_owned());
            manifest.visit(spec, Missing::Scalar, namespace.span, &mut |node| {
                if !only_unset || node.is_null() {
                    *node = Node { span: namespace.span, value: Value::String(namespace.value.into()) };
                }
                Ok(())
            })?;
            if before.is_some_and(|before| before != namespace.value) {
                manifest.causes.push((namespace.span, format!("renamed by `namespace: {}`", namespace.value)));
            }
        }
    }
    check_identities(set, namespace.span)
}

fn move_object(manifest: &mut Manifest, namespace: Text<'_>) {
    let written = manifest.metadata("namespace").filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
    if written.is_some_and(|node| node.as_str() == Some(namespace.value) && node.span == namespace.span) {
        return;
    }
    let written = written.map(|node| (node.span, format!("written here with `namespace: {}`", manifest.namespace())));
    manifest.causes.extend(written);
    manifest.causes.push((namespace.span, format!("moved by `namespace: {}`", namespace.value)));
    manifest.set_namespace(namespace.value, namespace.span);
}

fn move_subjects(manifest: &mut Manifest, namespace: Text<'_>, subjects: Subjects, only_unset: bool) {
    let moves = |subject: &Node| {
        let text = |field: &str| subject.get(field).and_then(Node::as_str);
        if only_unset && text("namespace").is_some_and(|text| !text.is_empty()) {
            return false;
        }
        match subjects {
            Subjects::Default => text("name") == Some("default"),
            Subjects::ServiceAccounts => text("kind") == Some("ServiceAccount"),
            Subjects::Nothing => false,
        }
    };
    if !manifest.node().get("subjects").is_some_and(|list| list.items().iter().any(moves)) {
        return;
    }
    let entries = entries_mut(manifest.node_mut());
    let list = entries.iter_mut().find(|entry| &*entry.key.text == "subjects");
    if let Some(Value::Sequence(items)) = list.map(|entry| &mut entry.value.value) {
        for subject in items.iter_mut().filter(|subject| moves(subject)) {
            set_text(subject, "namespace", namespace.value, Some(namespace.span));
        }
    }
}

/// Objects that became equal are an error.
fn check_identities(set: &ResourceSet, namespace: Span) -> Step {
    let mut known = BTreeMap::new();
    for manifest in &set.manifests {
        let Some(other) = known.insert(manifest.id(), manifest) else { continue };
        let id = manifest.id().describe();
        let message = format!("`namespace` turns 2 objects into {id}, so kustomize rejects them");
        let problem = BuildProblem::new(BuildProblemKind::DuplicateResource, namespace, message);
        return Err(problem
            .help("rename one of them")
            .related(other.name_span(), "the first is defined here")
            .related(manifest.name_span(), "the second is defined here"));
    }
    Ok(())
}
