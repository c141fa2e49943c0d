//! The endpoints of a cluster, as far as the manifests show them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::networking::WorkloadEntry;
use crate::routing::Cluster;
use crate::world::Service;

/// Whether two clusters have the same endpoints: the addresses and ports of workloads and of ServiceEntries, found in the same
/// way and spoken to in the same protocol.
pub(super) fn are_same(one: &Cluster<'_>, other: &Cluster<'_>) -> bool {
    match (one.service, other.service) {
        (Some(a), Some(b)) => {
            a.discovery == b.discovery
                && protocol(a, one.port) == protocol(b, other.port)
                && targets(one, a) == targets(other, b)
                && have_same_entries(a.endpoints, b.endpoints)
                && a.external_name() == b.external_name()
        }
        (None, None) => true,
        _ => false,
    }
}

fn protocol(service: &Service<'_>, port: u32) -> Option<String> {
    service.port(port).map(|port| format!("{:?}", port.protocol))
}

/// The address and port of each workload; without workloads, the target port.
fn targets(cluster: &Cluster<'_>, service: &Service<'_>) -> BTreeMap<String, (Option<IpAddr>, Option<u32>)> {
    let Some(port) = service.port(cluster.port) else { return BTreeMap::new() };
    if cluster.workloads.is_empty() {
        return BTreeMap::from([(String::new(), (None, port.target_at(None, None)))]);
    }
    let target = |workload: &&crate::world::Workload<'_>| {
        (workload.name.to_string(), (workload.address(), port.target_at(workload.entry(), Some(workload))))
    };
    cluster.workloads.iter().map(target).collect()
}

/// Whether two lists have the same entries, in any order.
fn have_same_entries(one: &[WorkloadEntry], other: &[WorkloadEntry]) -> bool {
    let count = |entries: &[WorkloadEntry], wanted: &WorkloadEntry| entries.iter().filter(|it| *it == wanted).count();
    one.len() == other.len() && one.iter().all(|entry| count(one, entry) == count(other, entry))
}
