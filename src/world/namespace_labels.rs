//! The labels of namespaces.

use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use crate::model::gateway_api::RouteNamespaces;
use crate::model::{Kind, LabelSet, Resource, Spec};

/// The label with the name of a namespace, which the API server sets.
pub(super) const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The namespaces that the manifests name, with their labels as selectors see them: with that of the API server. What the
/// manifests write is in [`Namespaces`](super::Namespaces).
pub(in crate::world) struct NamespaceLabels<'w> {
    by_name: BTreeMap<&'w str, LabelSet<'w>>,
}

impl<'w> NamespaceLabels<'w> {
    pub(in crate::world) fn new(resources: &[&'w Resource], settings: &'w Settings) -> Self {
        let mut by_name: BTreeMap<&str, LabelSet<'_>> = BTreeMap::new();
        for resource in resources.iter().copied() {
            let (name, labels) = match &resource.spec {
                Spec::Namespace(_) => (resource.name(), resource.metadata.labels.to_set()),
                _ => (settings.namespace_of(resource), LabelSet::new()),
            };
            if !name.is_empty() {
                let all = by_name.entry(name).or_default();
                all.extend(labels);
                // Kubernetes sets this label.
                all.insert(NAME_LABEL, name);
            }
        }
        Self { by_name }
    }

    /// Removes the resources of namespaces that istiod does not look at: those whose Namespace is among the manifests and
    /// that no selector selects (istiod: `discoveryNamespacesFilter`).
    pub(in crate::world) fn discovered<'a>(resources: Vec<&'a Resource>, settings: &Settings) -> Vec<&'a Resource> {
        if settings.discovery.is_empty() {
            return resources;
        }
        let is_hidden = |resource: &&&Resource| {
            let mut labels = resource.metadata.labels.to_set();
            labels.insert(NAME_LABEL, resource.name());
            resource.kind == Kind::Namespace && !settings.discovery.iter().any(|selector| selector.selects(&labels))
        };
        let hidden: BTreeSet<&str> = resources.iter().filter(is_hidden).map(|namespace| namespace.name()).collect();
        resources.into_iter().filter(|resource| !hidden.contains(settings.namespace_of(resource))).collect()
    }

    /// The labels of a namespace.
    pub(in crate::world) fn labels(&self, name: &str) -> Option<&LabelSet<'w>> {
        self.by_name.get(name)
    }

    /// The namespaces that `allowedRoutes` of a resource in `own` selects; `*` for all (istiod:
    /// `namespacesFromSelector`).
    pub(in crate::world) fn chosen<'n>(&'n self, choice: Option<&RouteNamespaces>, own: &'n str) -> Vec<&'n str> {
        let from = choice.and_then(|choice| choice.from.as_ref()).map(|from| from.as_str());
        match (from, choice.and_then(|choice| choice.selector.as_ref())) {
            (None | Some("Same"), _) => vec![own],
            (Some("All"), _) | (_, None) => vec!["*"],
            (_, Some(selector)) => {
                let selected = self.by_name.iter().filter(|(_, labels)| selector.selects(labels));
                selected.map(|(name, _)| *name).collect()
            }
        }
    }
}
