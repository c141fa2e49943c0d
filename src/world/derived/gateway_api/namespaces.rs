//! NamespaceLabels and their labels.

use std::collections::BTreeMap;

use crate::model::gateway_api::RouteNamespaces;
use crate::model::{LabelSet, Resource, Spec};
use crate::world::Settings;

/// The namespaces that the manifests name, with the labels that are known.
pub(super) struct NamespaceLabels<'w> {
    by_name: BTreeMap<&'w str, LabelSet<'w>>,
}

impl<'w> NamespaceLabels<'w> {
    pub(super) fn new(resources: &[&'w Resource], settings: &'w Settings) -> Self {
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
                all.insert("kubernetes.io/metadata.name", name);
            }
        }
        Self { by_name }
    }

    /// The labels of a namespace.
    pub(super) fn labels(&self, name: &str) -> Option<&LabelSet<'w>> {
        self.by_name.get(name)
    }

    /// The namespaces that `allowedRoutes` of a resource in `own` selects; `*` for all (istiod:
    /// `namespacesFromSelector`).
    pub(super) fn chosen<'n>(&'n self, choice: Option<&RouteNamespaces>, own: &'n str) -> Vec<&'n str> {
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
