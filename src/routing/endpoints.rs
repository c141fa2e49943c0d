//! The endpoints of a cluster, as far as the manifests define them.

use super::destination::{Cluster, ClusterProblem};
use super::proxy::Proxy;
use crate::model::LabelSet;
use crate::model::networking::Resolution;
use crate::world::{Discovery, MergedSubset, Service};

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
    let selects = |labels: &LabelSet<'_>| is_dialled || subset.is_none_or(|it| it.subset.labels.selects(labels));
    // istiod keeps endpoints by host, namespace and port name, whichever ServiceEntry has them.
    let port_name = service.port(cluster.port).map_or("", |port| port.name.as_str());
    let has_port = |other: &&Service<'_>| other.ports.iter().any(|port| port.name == port_name);
    let others = world
        .services
        .named(&service.hostname)
        .filter(|other| service.shares_endpoints_with(other) && !std::ptr::eq(*other, service) && has_port(other));
    let pooled: Vec<&Service<'_>> = std::iter::once(service).chain(others).collect();
    let behind: Vec<Option<Vec<_>>> = pooled.iter().map(|it| world.workloads_of_service(it)).collect();
    let is_unknown = behind.first().is_some_and(Option::is_none);
    let selected = behind.into_iter().flatten().flatten().filter(|workload| workload.runs && selects(&workload.labels));
    cluster.workloads = selected.collect();
    cluster.workloads.sort_by(|a, b| a.name.cmp(&b.name));
    let endpoints = || pooled.iter().flat_map(|it| it.endpoints);
    let listed = || endpoints().any(|endpoint| selects(&endpoint.labels.to_set()));
    let is_dns = matches!(service.discovery, Discovery::Entry(Resolution::Dns | Resolution::DnsRoundRobin));
    let has_endpoints = match service.discovery {
        _ if is_dialled => true,
        _ if cluster.upstream.is_passthrough() => true,
        Discovery::Entry(Resolution::DynamicDns) | Discovery::Alias => true,
        // Gateways cannot use the dialled address, so they look for endpoints (istiod: `convertResolution`).
        Discovery::Entry(_) if service.selector.is_none() => {
            listed() || (is_dns && endpoints().next().is_none() && subset.is_none_or(|it| it.subset.labels.is_empty()))
        }
        // If no workload of the namespace is among the manifests, the endpoints are unknown.
        _ if !service.pod_addresses.is_empty() && cluster.workloads.is_empty() => subset.is_none(),
        _ => {
            let labels = service.selector.map(|selector| selector.to_set()).unwrap_or_default();
            !cluster.workloads.is_empty()
                || is_unknown
                || world.inventory.workloads_with(&service.namespace, &labels).is_err()
        }
    };
    cluster.problem = match has_endpoints {
        true => None,
        // Envoy has no DNS cluster without addresses to resolve.
        false if is_dns => Some(ClusterProblem::NoCluster),
        false => Some(ClusterProblem::NoEndpoints),
    };
}
