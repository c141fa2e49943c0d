//! Resources that configure the proxies of workloads, and the workloads that they apply to.

use super::names::NamespacedName;
use super::{GATEWAY_NAME_LABEL, Settings};
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::{Kind, Labels, Resource, Spec};

/// A resource that applies to workloads: by labels, by target, or to a whole namespace.
#[derive(Debug)]
pub struct Attachment<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// The labels that it selects workloads by; `None` without a selector.
    pub selector: Option<&'a Labels>,
    /// The Gateways and services that it targets. Sidecars ignore resources that have targets.
    pub targets: Vec<&'a PolicyTargetReference>,
}

impl<'a> Attachment<'a> {
    fn of(resource: &'a Resource, settings: &Settings) -> Option<Self> {
        let match_labels =
            |selector: &'a Option<MatchLabelsSelector>| selector.as_ref().map(|selector| &selector.match_labels);
        let both = |one: &'a Option<PolicyTargetReference>, several: &'a [PolicyTargetReference]| {
            several.iter().chain(one).collect()
        };
        let (selector, targets) = match &resource.spec {
            Spec::Sidecar(it) => (it.workload_selector.as_ref().map(|selector| &selector.labels), Vec::new()),
            Spec::EnvoyFilter(it) => {
                (it.workload_selector.as_ref().map(|selector| &selector.labels), it.target_refs.iter().collect())
            }
            Spec::ProxyConfig(it) => (match_labels(&it.selector), Vec::new()),
            Spec::PeerAuthentication(it) => (match_labels(&it.selector), Vec::new()),
            Spec::RequestAuthentication(it) => (match_labels(&it.selector), both(&it.target_ref, &it.target_refs)),
            Spec::AuthorizationPolicy(it) => (match_labels(&it.selector), both(&it.target_ref, &it.target_refs)),
            Spec::Telemetry(it) => (match_labels(&it.selector), both(&it.target_ref, &it.target_refs)),
            Spec::WasmPlugin(it) => (match_labels(&it.selector), both(&it.target_ref, &it.target_refs)),
            Spec::TrafficExtension(it) => (match_labels(&it.selector), it.target_refs.iter().collect()),
            _ => return None,
        };
        Some(Self {
            name: NamespacedName::new(settings.namespace_of(resource).to_owned(), resource.name()),
            resource,
            selector: selector.filter(|labels| !labels.is_empty()),
            targets,
        })
    }

    /// Whether it applies to its whole namespace, or to the whole mesh if it is in the root namespace.
    pub fn is_wide(&self) -> bool {
        self.selector.is_none() && self.targets.is_empty()
    }

    /// Whether its labels are those of gateways: of Istio's charts, or of the Gateway API.
    pub fn selects_gateways(&self) -> bool {
        self.selector.is_some_and(|selector| {
            selector.iter().any(|(key, value)| {
                key.as_str() == GATEWAY_NAME_LABEL || (key.as_str() == "istio" && value.contains("gateway"))
            })
        })
    }

    /// Whether its selector applies to all namespaces if it is in the root namespace.
    pub fn selects_everywhere(&self) -> bool {
        !matches!(self.resource.kind, Kind::Sidecar | Kind::Telemetry | Kind::ProxyConfig | Kind::PeerAuthentication)
    }
}

pub(super) fn attachments<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<Attachment<'a>> {
    resources.iter().filter_map(|resource| Attachment::of(resource, settings)).collect()
}
