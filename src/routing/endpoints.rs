//! The endpoints of a cluster, as far as the manifests define them.
//!
//! istiod keeps endpoints by host and namespace, so all ServiceEntries of a host and its Kubernetes Service share them
//! (istiod: `EndpointIndex`).

use std::net::IpAddr;

use super::destination::{Assumption, Cluster, ClusterProblem};
use super::proxy::Proxy;
use crate::model::kubernetes::TargetPort;
use crate::model::networking::{Resolution, WorkloadEntry};
use crate::world::{
    Discovery, MergedSubset, Selected, Service, ServicePort, Workload, is_added_label, is_endpoint_selected,
};

/// Adds the workloads behind a cluster, and a problem if the cluster has no endpoints.
pub(super) fn add<'a>(
    proxy: &Proxy<'a>,
    service: &'a Service<'a>,
    subset: Option<MergedSubset<'_, '_>>,
    cluster: &mut Cluster<'a>,
) {
    let world = proxy.world;
    // `ORIGINAL_DST` clusters use the address that the client dialled, whatever the labels of a subset are.
    let is_dialled =
        !proxy.is_gateway() && matches!(service.discovery, Discovery::Headless | Discovery::Entry(Resolution::None));
    cluster.is_dialled = is_dialled;
    let labels = subset.filter(|_| !is_dialled).map(|it| &it.subset.labels);
    let selects = |workload: &Workload<'_>| labels.map_or(Selected::Yes, |it| workload.is_selected_as_endpoint(it));
    let pooled = pool(proxy, service, cluster.port);
    let workloads = |it: &Service<'a>| match it.hides_endpoints() {
        true => Some(Vec::new()),
        false => world.workloads_of_service(it),
    };
    let behind: Vec<(&ServicePort, Option<Vec<_>>)> = pooled.iter().map(|(it, port)| (*port, workloads(it))).collect();
    let is_unknown = behind.first().is_some_and(|(_, workloads)| workloads.is_none());
    let mut lacks_port = false;
    for (port, workloads) in behind {
        let selected =
            workloads.into_iter().flatten().filter(|workload| workload.runs && selects(workload) != Selected::No);
        let (lacking, having): (Vec<_>, Vec<_>) =
            selected.partition(|workload| !is_dialled && lacks_target(workload, port));
        lacks_port |= !lacking.is_empty();
        cluster.workloads.extend(having);
    }
    if let Some(labels) = labels.filter(|_| cluster.workloads.iter().any(|it| selects(it) == Selected::Possibly)) {
        let key = labels.iter().map(|(key, _)| key).find(|key| is_added_label(key));
        cluster.assumption = key.map(|key| Assumption::Labelled(key.value.clone()));
    }
    cluster.workloads.sort_by(|a, b| a.name.cmp(&b.name));
    cluster.workloads.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let is_dns = is_dns(service);
    // Endpoint discovery has no names to resolve.
    let is_usable = |endpoint: &&WorkloadEntry| is_dns || has_address(endpoint);
    let endpoints = || pooled.iter().flat_map(|(it, _)| it.endpoints).filter(is_usable);
    let is_listed = |it: &WorkloadEntry| labels.is_none_or(|labels| is_endpoint_selected(it, labels) != Selected::No);
    let listed = || endpoints().any(is_listed);
    let names_itself = |it: &Service<'_>| self::is_dns(it) && it.endpoints.is_empty() && it.selector.is_none();
    let is_resolved = || {
        is_dns && pooled.iter().any(|(it, _)| names_itself(it)) && subset.is_none_or(|it| it.subset.labels.is_empty())
    };
    let has_endpoints = match service.discovery {
        _ if is_dialled => true,
        _ if cluster.upstream.is_passthrough() => true,
        Discovery::Entry(Resolution::DynamicDns) | Discovery::Alias => true,
        _ if listed() || is_resolved() || !cluster.workloads.is_empty() => true,
        _ if lacks_port || service.hides_endpoints() => false,
        // Gateways cannot use the dialled address, so they look for endpoints (istiod: `convertResolution`).
        Discovery::Entry(_) if service.selector.is_none() => false,
        // If no workload of the namespace is among the manifests, the endpoints are unknown.
        _ if !service.pod_addresses.is_empty() => subset.is_none(),
        _ => {
            let labels = service.selector.map(|selector| selector.to_set()).unwrap_or_default();
            let may_exist = || world.inventory.workloads_with(&service.namespace, &labels).is_err();
            is_unknown || (!world.namespaces.comes_from_cluster(&service.namespace) && may_exist())
        }
    };
    cluster.problem = match has_endpoints {
        true => None,
        // Envoy has no DNS cluster without addresses to resolve.
        false if is_dns => Some(ClusterProblem::NoCluster),
        false => Some(ClusterProblem::NoEndpoints),
    };
}

/// The services whose endpoints a cluster has, each with the port of its endpoints: first the service itself, then those
/// of its host and namespace that have a port of the same name. DNS clusters go by the number of the port instead.
fn pool<'a>(proxy: &Proxy<'a>, service: &'a Service<'a>, number: u32) -> Vec<(&'a Service<'a>, &'a ServicePort)> {
    let Some(own) = service.port(number) else { return Vec::new() };
    let is_dns = is_dns(service);
    let fits = |port: &&ServicePort| if is_dns { port.number == number } else { port.name == own.name };
    let others = proxy.world.services.named(&service.hostname);
    let others = others.filter(|other| service.shares_endpoints_with(other) && !std::ptr::eq(*other, service));
    let others = others.filter_map(|other| Some((other, other.ports.iter().find(fits)?)));
    std::iter::once((service, own)).chain(others).collect()
}

fn is_dns(service: &Service<'_>) -> bool {
    matches!(service.discovery, Discovery::Entry(Resolution::Dns | Resolution::DnsRoundRobin))
}

/// Whether an endpoint has an address, or a socket, rather than the name of a host.
fn has_address(endpoint: &WorkloadEntry) -> bool {
    let is_address = |written: &str| written.parse::<IpAddr>().is_ok() || written.starts_with("unix://");
    endpoint.address.as_ref().is_none_or(|written| is_address(written))
}

/// Whether a named target port is that of no container. Then Kubernetes does not make the pod an endpoint of the port.
fn lacks_target(workload: &Workload<'_>, port: &ServicePort) -> bool {
    /// The port that the injected proxy adds to pods.
    const OF_PROXY: &str = "http-envoy-prom";
    let Some(TargetPort::Name(name)) = &port.target else { return false };
    let has_containers = workload.pod.is_some_and(|pod| !pod.containers.is_empty());
    has_containers && name != OF_PROXY && workload.port_named(name).is_none()
}
