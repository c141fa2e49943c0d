//! Sidecar resources, and the one that applies to a workload.

use std::collections::HashMap;

use super::names::NamespacedName;
use super::{Settings, World};
use crate::config::OutboundMode;
use crate::model::networking::OutboundTrafficPolicyMode;
use crate::model::{LabelSet, Labels, Resource, Spec, networking};

/// A Sidecar resource.
#[derive(Debug)]
pub struct Sidecar<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// The spec.
    pub spec: &'a networking::Sidecar,
}

impl Sidecar<'_> {
    /// The selector; `None` if it applies to its whole namespace.
    pub fn selector(&self) -> Option<&Labels> {
        self.spec.workload_selector.as_ref().map(|selector| &selector.labels).filter(|labels| !labels.is_empty())
    }

    /// The mode for requests to unknown destinations, if it sets one. An empty policy has the first value of the
    /// enumeration.
    pub fn outbound(&self) -> Option<OutboundMode> {
        let policy = self.spec.outbound_traffic_policy.as_ref()?;
        Some(match policy.mode.map(|mode| mode.value) {
            None | Some(OutboundTrafficPolicyMode::RegistryOnly | OutboundTrafficPolicyMode::Undefined(_)) => {
                OutboundMode::RegistryOnly
            }
            Some(OutboundTrafficPolicyMode::AllowAny) => OutboundMode::AllowAny,
        })
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

/// The indices of the Sidecars, by namespace.
pub(super) fn by_namespace(sidecars: &[Sidecar<'_>]) -> HashMap<String, Vec<usize>> {
    let mut indices: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, sidecar) in sidecars.iter().enumerate() {
        indices.entry(sidecar.name.namespace.to_string()).or_default().push(index);
    }
    indices
}

impl<'a> World<'a> {
    /// The Sidecar resources of a namespace, in creation order.
    pub fn sidecars_in(&self, namespace: &str) -> impl Iterator<Item = &Sidecar<'a>> + Clone {
        self.sidecars_by_namespace.get(namespace).into_iter().flatten().map(|&index| &self.sidecars[index])
    }

    /// The Sidecar resource that applies to a workload: the first of its namespace whose selector matches, else the
    /// first of its namespace without a selector, else that of the root namespace (istiod: `getSidecarScope`).
    pub fn sidecar_of(&self, namespace: &str, labels: &LabelSet<'_>) -> Option<&Sidecar<'a>> {
        let is_selected = |it: &&Sidecar<'_>| it.selector().is_some_and(|selector| selector.selects(labels));
        let unselective = |namespace| self.sidecars_in(namespace).find(|it| it.selector().is_none());
        let selected = self.sidecars_in(namespace).find(is_selected);
        selected.or_else(|| unselective(namespace)).or_else(|| unselective(&self.settings.root_namespace))
    }
}
