//! Sidecar resources, and which one a workload gets.

use super::Settings;
use super::names::NamespacedName;
use crate::model::{LabelSet, Labels, Resource, Spec, networking};

/// A Sidecar resource.
#[derive(Debug)]
pub struct Sidecar<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// What it says.
    pub spec: &'a networking::Sidecar,
}

impl Sidecar<'_> {
    /// The labels of the workloads that it is for, if it is not for all of its namespace.
    pub fn selector(&self) -> Option<&Labels> {
        self.spec.workload_selector.as_ref().map(|selector| &selector.labels).filter(|labels| !labels.is_empty())
    }
}

pub(super) fn sidecars<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<Sidecar<'a>> {
    let resolve = |resource: &&'a Resource| match &resource.spec {
        Spec::Sidecar(spec) => Some(Sidecar {
            name: NamespacedName::new(settings.namespace_of(resource).to_owned(), resource.name()),
            resource,
            spec,
        }),
        _ => None,
    };
    resources.iter().filter_map(resolve).collect()
}

/// The Sidecar resource of a workload: of its namespace the first whose selector selects it, else the first without
/// a selector, else that of the root namespace (istiod: `getSidecarScope`).
pub(super) fn of_workload<'s, 'a>(
    sidecars: &'s [Sidecar<'a>],
    namespace: &str,
    labels: &LabelSet<'_>,
    root_namespace: &str,
) -> Option<&'s Sidecar<'a>> {
    let is_in = |it: &&Sidecar<'_>, namespace: &str| it.name.namespace == *namespace;
    let is_selected = |it: &Sidecar<'_>| it.selector().is_some_and(|selector| selector.selects(labels));
    let unselective = |namespace| sidecars.iter().filter(|it| is_in(it, namespace)).find(|it| it.selector().is_none());
    let selected = sidecars.iter().filter(|it| is_in(it, namespace)).find(|it| is_selected(it));
    selected.or_else(|| unselective(namespace)).or_else(|| unselective(root_namespace))
}
