//! Workloads: pods as described by their templates, WorkloadEntries, and WorkloadGroups.

use std::net::IpAddr;

use super::names::NamespacedName;
use super::{Rollouts, ServicePort, Settings};
use crate::model::field::TextField;
use crate::model::kubernetes::{Container, Pod};
use crate::model::networking::{WorkloadEntry, WorkloadGroup};
use crate::model::{LabelSet, Labels, Resource, Spec};

/// A workload: the pods of a template, or one or more machines.
#[derive(Debug)]
pub struct Workload<'a> {
    /// The name of the resource that defines it.
    pub name: NamespacedName<'a>,
    /// The resource that defines it.
    pub resource: &'a Resource,
    /// The labels of its pods as written; for a WorkloadEntry those of its metadata. `None` without labels.
    pub written_labels: Option<&'a Labels>,
    /// The labels of its pods.
    pub labels: LabelSet<'a>,
    /// The annotations of its pods.
    pub annotations: LabelSet<'a>,
    /// Whether it has replicas.
    pub runs: bool,
    /// Whether it has a sidecar. Pods have one unless their labels turn injection off. Machines have one only if they
    /// declare it.
    pub has_sidecar: bool,
    /// Whether proxies use mutual TLS to it by default (istiod: `GetTLSModeFromEndpointLabels`). The template of gateways
    /// does not set the label, so [`World::takes_mesh_tls`](super::World::takes_mesh_tls) decides for these.
    pub takes_mesh_tls: bool,
    /// The service account of its pods.
    pub service_account: Option<&'a str>,
    /// The spec of its pods; `None` for machines, and for a template without a spec.
    pub pod: Option<&'a Pod>,
}

impl<'a> Workload<'a> {
    /// The WorkloadEntry, or the template of a WorkloadGroup.
    pub fn entry(&self) -> Option<&WorkloadEntry> {
        match &self.resource.spec {
            Spec::WorkloadEntry(entry) => Some(entry),
            Spec::WorkloadGroup(group) => group.template.as_ref(),
            _ => None,
        }
    }

    /// The address: that of a machine, or of a pod that a cluster has placed. `None` if the manifests do not have it.
    pub fn address(&self) -> Option<IpAddr> {
        match self.entry() {
            Some(entry) => entry.address.as_ref()?.parse().ok(),
            None => pod_address(self.resource),
        }
    }

    /// The number of the port that a container declares under a name.
    pub fn port_named(&self, name: &str) -> Option<u32> {
        let mut ports = self.pod?.containers.iter().flat_map(|container| &container.ports);
        let named = ports.find(|port| port.name.as_ref().is_some_and(|own| own.as_str() == name));
        named?.container_port.map(|number| number.value)
    }

    /// Whether it has every label of a selector. An empty selector matches all workloads.
    pub fn is_selected_by(&self, selector: &Labels) -> bool {
        selector.selects(&self.labels)
    }

    /// The containers of its pods, including init containers.
    pub fn containers(&self) -> impl Iterator<Item = &'a Container> + use<'a> {
        self.pod.into_iter().flat_map(|pod| pod.containers.iter().chain(&pod.init_containers))
    }

    /// Whether its containers include a complete proxy, as in manifests that were exported from a cluster or injected
    /// by hand. Gateways rely on injection.
    pub fn has_proxy(&self) -> bool {
        self.containers().any(is_whole_proxy)
    }

    /// Whether its pods have no container but the proxy, as for gateways and waypoints.
    pub fn is_gateway(&self) -> bool {
        self.pod.is_some_and(|pod| !pod.containers.is_empty() && pod.containers.iter().all(is_whole_proxy))
    }

    /// The number of its port that is the target of a service port.
    pub fn port_behind(&self, port: &ServicePort) -> Option<u32> {
        port.target_at(self.entry(), Some(self))
    }
}

/// The address of a Pod, from its status.
pub(super) fn pod_address(resource: &Resource) -> Option<IpAddr> {
    matches!(resource.spec, Spec::Pod(_)).then_some(())?;
    resource.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}

fn is_whole_proxy(container: &Container) -> bool {
    container.is_proxy() && container.image.is_some()
}

pub(super) fn workloads<'a>(resources: &[&'a Resource], rollouts: &Rollouts, settings: &Settings) -> Vec<Workload<'a>> {
    let mut workloads: Vec<Workload<'a>> =
        resources.iter().filter_map(|resource| workload(resource, settings)).collect();
    for workload in workloads.iter_mut().filter(|workload| !workload.runs) {
        workload.runs = rollouts.run(&workload.name.namespace, &workload.name.name);
    }
    workloads
}

/// The label that shows whether an endpoint accepts mutual TLS of the mesh. The injector sets it unless the pod has it.
pub(super) const TLS_MODE_LABEL: &str = "security.istio.io/tlsMode";

fn takes_mesh_tls(labels: &LabelSet<'_>, has_sidecar: bool) -> bool {
    labels.get(TLS_MODE_LABEL).map_or(has_sidecar, |mode| *mode == "istio")
}

fn workload<'a>(resource: &'a Resource, settings: &Settings) -> Option<Workload<'a>> {
    let name = NamespacedName::new(settings.namespace_of(resource).to_owned(), resource.name());
    let replicas = match &resource.spec {
        Spec::Deployment(it) => it.replicas,
        Spec::StatefulSet(it) => it.replicas,
        Spec::ReplicaSet(it) => it.replicas,
        Spec::Rollout(it) => it.replicas,
        Spec::Pod(pod) => return Some(of_pod(name, resource, pod)),
        Spec::WorkloadEntry(entry) => return Some(of_entry(name, resource, entry)),
        Spec::WorkloadGroup(group) => return of_group(name, resource, group),
        _ => None,
    };
    let template = resource.spec.pod_template()?;
    let metadata = template.metadata.as_ref();
    let pod = template.spec.as_ref();
    let has_sidecar = metadata.is_none_or(|it| wants_sidecar(&it.labels, &it.annotations));
    let labels = metadata.map(|it| it.labels.to_set()).unwrap_or_default();
    Some(Workload {
        name,
        resource,
        has_sidecar,
        takes_mesh_tls: takes_mesh_tls(&labels, has_sidecar),
        labels,
        written_labels: metadata.map(|it| &it.labels),
        annotations: metadata.map(|it| it.annotations.to_set()).unwrap_or_default(),
        runs: replicas.is_none_or(|replicas| replicas.value > 0),
        service_account: service_account(pod),
        pod,
    })
}

fn of_pod<'a>(name: NamespacedName<'a>, resource: &'a Resource, pod: &'a Pod) -> Workload<'a> {
    let has_sidecar = wants_sidecar(&resource.metadata.labels, &resource.metadata.annotations);
    let labels = pairs(&resource.metadata.labels).collect();
    Workload {
        name,
        resource,
        has_sidecar,
        takes_mesh_tls: takes_mesh_tls(&labels, has_sidecar),
        labels,
        written_labels: Some(&resource.metadata.labels),
        annotations: resource.metadata.annotations.to_set(),
        runs: true,
        service_account: service_account(Some(pod)),
        pod: Some(pod),
    }
}

/// A WorkloadEntry has the labels of its spec and of its metadata; the latter take precedence. Only the label or a
/// service account shows that the machine has a sidecar (istiod: `getTLSModeFromWorkloadEntry`).
fn of_entry<'a>(name: NamespacedName<'a>, resource: &'a Resource, entry: &'a WorkloadEntry) -> Workload<'a> {
    let labels = pairs(&entry.labels).chain(pairs(&resource.metadata.labels)).collect();
    let service_account = entry.service_account.filled().map(|account| account.as_str());
    let takes_mesh_tls = takes_mesh_tls(&labels, service_account.is_some());
    Workload {
        name,
        resource,
        has_sidecar: takes_mesh_tls,
        takes_mesh_tls,
        labels,
        written_labels: Some(&resource.metadata.labels),
        annotations: LabelSet::new(),
        runs: true,
        service_account,
        pod: None,
    }
}

/// The sidecars of machines register them by the group. They have the labels of the template and of the group's
/// metadata; the latter take precedence (istiod: `workloadEntryFromGroup`).
fn of_group<'a>(name: NamespacedName<'a>, resource: &'a Resource, group: &'a WorkloadGroup) -> Option<Workload<'a>> {
    let template = group.template.as_ref()?;
    let metadata = group.metadata.as_ref();
    let of_metadata = metadata.into_iter().flat_map(|metadata| pairs(&metadata.labels));
    let labels = pairs(&template.labels).chain(of_metadata).collect();
    let of_template = of_entry(name, resource, template);
    Some(Workload {
        has_sidecar: true,
        takes_mesh_tls: takes_mesh_tls(&labels, of_template.service_account.is_some()),
        labels,
        written_labels: metadata.map(|metadata| &metadata.labels),
        annotations: metadata.map(|metadata| metadata.annotations.to_set()).unwrap_or_default(),
        ..of_template
    })
}

/// Whether pods are injected. The label takes precedence over the annotation, its older form.
fn wants_sidecar(labels: &Labels, annotations: &Labels) -> bool {
    const INJECT: &str = "sidecar.istio.io/inject";
    labels.get(INJECT).or(annotations.get(INJECT)).is_none_or(|value| value.as_str() != "false")
}

fn pairs(labels: &Labels) -> impl Iterator<Item = (&str, &str)> {
    labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn service_account(pod: Option<&Pod>) -> Option<&str> {
    pod?.service_account_name.as_ref().map(|account| account.as_str())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::{Settings, World};

    #[test]
    fn machines_of_a_group_have_its_labels() {
        let text = "apiVersion: networking.istio.io/v1\nkind: WorkloadGroup\n\
            metadata: {name: ledger, namespace: bank, labels: {app: other}}\n\
            spec: {metadata: {labels: {app: ledger}}, template: {serviceAccount: ledger, labels: {app: x, site: a}}}\n";
        let snapshot = Snapshot::of_texts([("group.yaml", text)]);
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        let [workload] = world.workloads.as_slice() else { panic!("one workload") };
        let labels: Vec<_> = workload.labels.iter().map(|(key, value)| (*key, *value)).collect();
        assert_eq!(labels, [("app", "ledger"), ("site", "a")]);
        assert!(workload.has_sidecar && workload.takes_mesh_tls && world.inventory.workloads("bank").is_err());
    }
}
