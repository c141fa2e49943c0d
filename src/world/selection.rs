//! Workloads by selector, and the Gateways, policies and services of a workload.

use std::collections::{BTreeMap, HashMap};

use super::gateway::GATEWAY_NAME_LABEL;
use super::policies::{Policy, Targeted};
use super::workload::TLS_MODE_LABEL;
use super::{DataPlane, Gateway, Service, ServicePort, Workload, World};
use crate::model::{LabelSet, Labels};

/// The workloads of all namespaces by label, and the selectors of Gateways.
#[derive(Debug, Default)]
pub(super) struct Selection<'a> {
    by_label: HashMap<(&'a str, &'a str), Vec<usize>>,
    /// The distinct selectors of Gateways, each with the Gateways that have it.
    gateway_selectors: Vec<(LabelSet<'a>, Vec<usize>)>,
}

/// A port of a workload, as the target of a service port.
#[derive(Debug, Clone, Copy)]
pub struct WorkloadPort<'w, 'a> {
    /// The number of the workload's port.
    pub number: u32,
    /// The service port.
    pub port: &'w ServicePort,
    /// The service.
    pub service: &'w Service<'a>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(workloads: &[Workload<'a>], gateways: &[Gateway<'a>]) -> Self {
        let mut selection = Self::default();
        for (index, workload) in workloads.iter().enumerate() {
            for (key, value) in &workload.labels {
                selection.by_label.entry((*key, *value)).or_default().push(index);
            }
        }
        let mut selectors: BTreeMap<LabelSet<'a>, Vec<usize>> = BTreeMap::new();
        for (index, gateway) in gateways.iter().enumerate() {
            if let Some(selector) = gateway.written_selector() {
                selectors.entry(selector).or_default().push(index);
            }
        }
        selection.gateway_selectors = selectors.into_iter().collect();
        selection
    }
}

impl<'a> World<'a> {
    /// The workloads that a selector matches, of one namespace or of all.
    pub fn workloads_selected<'w>(&'w self, namespace: Option<&str>, selector: &Labels) -> Vec<&'w Workload<'a>> {
        if let Some(namespace) = namespace {
            return self.selected_in(namespace, Some(selector)).collect();
        }
        let Some((key, value)) = selector.iter().next() else { return self.workloads.iter().collect() };
        let candidates = self.selection.by_label.get(&(key.as_str(), value.as_str())).into_iter().flatten();
        let candidates = candidates.map(|&index| &self.workloads[index]);
        candidates.filter(|workload| workload.is_selected_by(selector)).collect()
    }

    /// The workloads that a policy selects: of its namespace, or of all namespaces if it is in the root namespace.
    /// `None` for a policy with targets.
    pub fn workloads_of_policy<'w, S: Targeted>(&'w self, policy: &Policy<'a, S>) -> Option<Vec<&'w Workload<'a>>> {
        if !policy.spec.target_refs().is_empty() {
            return None;
        }
        let is_root = policy.name.namespace == self.settings.root_namespace;
        let namespace = (!is_root).then_some(policy.name.namespace.as_ref());
        Some(match policy.spec.selector() {
            Some(selector) => self.workloads_selected(namespace, &selector.match_labels),
            None => self.workloads_selected(namespace, &Labels::default()),
        })
    }

    /// The ports of a workload that services have as targets, in the order of the services.
    pub fn ports_of_workload<'w>(&'w self, workload: &Workload<'a>) -> Vec<WorkloadPort<'w, 'a>> {
        let services = self.services.before(workload).into_iter();
        let ports = services.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
        ports
            .filter_map(|(service, port)| Some(WorkloadPort { number: workload.port_behind(port)?, port, service }))
            .collect()
    }

    /// The Gateways that select a workload.
    pub fn gateways_of_workload<'w>(&'w self, workload: &'w Workload<'_>) -> impl Iterator<Item = &'w Gateway<'a>> {
        let selects =
            |selector: &LabelSet<'_>| selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value));
        let found = self.selection.gateway_selectors.iter().filter(move |(selector, _)| selects(selector));
        found.flat_map(|(_, gateways)| gateways).map(|&index| &self.gateways[index])
    }

    /// Whether a workload is a gateway: a Gateway selects it, istiod runs it for a Gateway, or its pods have no
    /// container but the proxy.
    pub fn is_gateway_workload(&self, workload: &Workload<'_>) -> bool {
        workload.is_gateway()
            || workload.labels.contains_key(GATEWAY_NAME_LABEL)
            || self.gateways_of_workload(workload).next().is_some()
    }

    /// Whether proxies use mutual TLS to a workload by default. Gateways accept what their servers declare, and the injector
    /// does not label them as it labels workloads with sidecars (istio: `gateway-injection-template.yaml`).
    pub fn takes_mesh_tls(&self, workload: &Workload<'_>) -> bool {
        let is_labelled = workload.labels.contains_key(TLS_MODE_LABEL);
        let is_injected =
            || self.presumed_data_plane(workload) == DataPlane::Sidecar && !self.is_gateway_workload(workload);
        workload.takes_mesh_tls && (is_labelled || workload.pod.is_none() || is_injected())
    }

    /// Whether a service leads to gateways: to the workloads that a Gateway selects, or to workloads with the labels of a
    /// Gateway's selector if the manifests have none of them.
    pub fn is_before_gateway(&self, service: &Service<'a>) -> bool {
        let Some(selector) = service.selector.filter(|selector| !selector.is_empty()) else { return false };
        let workloads = self.workloads_of_service(service).unwrap_or_default();
        let labels = selector.to_set();
        let is_selected = |gateway: &Gateway<'_>| {
            !gateway.spec.selector.is_empty() && gateway.services.is_empty() && gateway.spec.selector.selects(&labels)
        };
        match workloads.is_empty() {
            true => self.gateways.iter().any(is_selected),
            false => workloads.iter().any(|workload| self.is_gateway_workload(workload)),
        }
    }
}
