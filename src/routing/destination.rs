//! Destinations: which cluster one names, whether it exists, and which workloads are behind it.

use super::sidecar::is_assumed;
use super::vantage::Vantage;
use crate::model::networking::{Destination, Resolution};
use crate::world::{Discovery, MergedRule, Service, VirtualService, World, host};

/// A cluster of Envoy's, as istiod names it: `outbound|port|subset|host`.
#[derive(Debug, Clone)]
pub struct Cluster<'a> {
    /// The full host name of the service.
    pub host: String,
    /// The subset; empty for the service as a whole.
    pub subset: String,
    /// The service port.
    pub port: u32,
    /// The workloads behind it, as `namespace/name`.
    pub workloads: Vec<String>,
    /// Why requests cannot reach it, if they cannot.
    pub problem: Option<Problem>,
    /// The DestinationRule that applies.
    pub rule: Option<&'a MergedRule>,
}

/// Why a cluster cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// There is no such cluster: the host, port or subset is unknown. 503 with flag `NC`.
    NoCluster,
    /// The cluster has no endpoints. 503 with flag `UH`.
    NoEndpoints,
}

impl Cluster<'_> {
    /// The name.
    pub fn name(&self) -> String {
        format!("outbound|{}|{}|{}", self.port, self.subset, self.host)
    }
}

/// The cluster that a destination of a VirtualService names for a proxy, which took the request on a port (istiod:
/// `GetDestinationCluster`).
pub fn cluster<'a>(
    world: &'a World<'a>,
    vantage: &Vantage,
    port: u32,
    owner: &VirtualService<'_>,
    destination: &Destination,
) -> Cluster<'a> {
    let written = destination.host.as_ref().map_or("", |host| host.as_str());
    let full = owner.full_host(written, &world.settings).into_owned();
    let subset = destination.subset.as_ref().map(|subset| subset.value.clone()).unwrap_or_default();
    let named_port = destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
    let (client, own) = (vantage.namespace(), owner.name.namespace.as_ref());
    // A gateway looks for the service beside the VirtualService first.
    let beside = match vantage {
        Vantage::Gateway { .. } => {
            world.services.named(&full).find(|it| it.namespace == own && it.export_to.includes(client))
        }
        Vantage::Sidecar { .. } => None,
    };
    let service = beside.or_else(|| world.services.seen_from(client, &full));
    // The name of an alias stands for the host behind it.
    let (full, service) = match service.and_then(Service::external_name) {
        Some(target) => (target.to_owned(), world.services.seen_from(client, target)),
        None => (full, service),
    };
    let port = named_port.unwrap_or_else(|| match (vantage, service.map(|service| service.ports.as_slice())) {
        (Vantage::Gateway { .. }, Some([only])) => only.number,
        _ => port,
    });
    of_service(world, vantage, own, service, full, subset, port)
}

/// The cluster of a service itself.
pub fn of_service<'a>(
    world: &'a World<'a>,
    vantage: &Vantage,
    referrer: &str,
    service: Option<&'a Service<'a>>,
    host: String,
    subset: String,
    port: u32,
) -> Cluster<'a> {
    let domain = &world.settings.domain;
    let namespace = service.map(|service| service.namespace.as_str());
    let namespace = namespace.or_else(|| host::kubernetes_service(&host, domain).map(|(_, namespace)| namespace));
    let labels = vantage.labels().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let rules = &world.destination_rules;
    let rule = rules.applying(vantage.namespace(), namespace.unwrap_or(referrer), &host, Some(&labels));
    let mut cluster = Cluster { host, subset, port, workloads: Vec::new(), problem: None, rule };
    let found_subset = rule.and_then(|rule| rules.subset(rule, &cluster.subset));
    if !cluster.subset.is_empty() && found_subset.is_none() {
        cluster.problem = Some(Problem::NoCluster);
        return cluster;
    }
    let Some(service) = service else {
        let unknown = !is_assumed(world, &cluster.host) && is_decided(world, &cluster.host, referrer);
        cluster.problem = unknown.then_some(Problem::NoCluster);
        return cluster;
    };
    if service.port(port).is_none() {
        cluster.problem = Some(Problem::NoCluster);
        return cluster;
    }
    let selects = |labels: &crate::model::LabelSet<'_>| found_subset.is_none_or(|it| it.subset.labels.selects(labels));
    let behind = world.workloads_of_service(service);
    let selected = behind.iter().flatten().filter(|workload| selects(&workload.labels));
    cluster.workloads = selected.map(|workload| workload.name.to_string()).collect();
    cluster.workloads.sort();
    let listed = || service.endpoints.iter().any(|endpoint| selects(&endpoint.labels.to_set()));
    let has_endpoints = match service.discovery {
        // The address that the client dialled is used, whatever the labels are.
        Discovery::Headless | Discovery::Entry(Resolution::None) if matches!(vantage, Vantage::Sidecar { .. }) => true,
        Discovery::Entry(Resolution::Static) if service.selector.is_none() => listed(),
        Discovery::Entry(_) if !service.endpoints.is_empty() => listed(),
        Discovery::Entry(_) if service.selector.is_none() => true,
        Discovery::Alias => true,
        // Without any workload of the namespace, or of the service, the manifests do not tell.
        _ => !cluster.workloads.is_empty() || behind.is_none_or(|behind| behind.is_empty()),
    };
    cluster.problem = (!has_endpoints).then_some(Problem::NoEndpoints);
    cluster
}

/// Whether the manifests can be expected to hold the definition of a host.
fn is_decided(world: &World<'_>, hostname: &str, referrer: &str) -> bool {
    match host::kubernetes_service(hostname, &world.settings.domain) {
        Some((_, namespace)) => world.inventory.has_services(namespace),
        None => {
            let is_short = hostname.split_once('.').is_some_and(|(_, rest)| world.inventory.has_services(rest));
            is_short || world.inventory.has_service_entries(referrer)
        }
    }
}
