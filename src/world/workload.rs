//! What runs: pods as their templates describe them, and WorkloadEntries.

use super::Settings;
use super::names::NamespacedName;
use crate::model::kubernetes::{Container, Pod};
use crate::model::networking::WorkloadEntry;
use crate::model::{LabelSet, Labels, Resource, Spec};

/// Something that endpoints come from.
#[derive(Debug)]
pub struct Workload<'a> {
    /// The name of the resource that defines it.
    pub name: NamespacedName<'a>,
    /// That resource.
    pub resource: &'a Resource,
    /// The labels that its pods get.
    pub labels: LabelSet<'a>,
    /// The annotations that its pods get.
    pub annotations: LabelSet<'a>,
    /// Whether it is meant to run: not with `replicas: 0`.
    pub runs: bool,
    /// Whether it has a sidecar: it has unless its pods say that they want none.
    pub has_sidecar: bool,
    /// The service account of its pods.
    pub service_account: Option<&'a str>,
    /// What its pods are made from; `None` of a WorkloadEntry or a template without a spec.
    pub pod: Option<&'a Pod>,
}

impl<'a> Workload<'a> {
    /// Whether every pair of a selector is among the labels. An empty selector selects everything.
    pub fn is_selected_by(&self, selector: &Labels) -> bool {
        selector.selects(&self.labels)
    }

    /// The containers of its pods, those that run first included.
    pub fn containers(&self) -> impl Iterator<Item = &'a Container> + use<'a> {
        self.pod.into_iter().flat_map(|pod| pod.containers.iter().chain(&pod.init_containers))
    }

    /// Whether a proxy is written down among the containers: manifests may be taken from a cluster or injected by hand,
    /// and those of gateways leave the rest to injection.
    pub fn has_proxy(&self) -> bool {
        self.containers().any(is_whole_proxy)
    }

    /// Whether its pods run nothing but a proxy, as those of gateways and waypoints do.
    pub fn is_gateway(&self) -> bool {
        self.pod.is_some_and(|pod| !pod.containers.is_empty() && pod.containers.iter().all(is_whole_proxy))
    }
}

fn is_whole_proxy(container: &Container) -> bool {
    container.is_proxy() && container.image.is_some()
}

pub(super) fn workloads<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<Workload<'a>> {
    resources.iter().filter_map(|resource| workload(resource, settings)).collect()
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
        _ => None,
    };
    let template = resource.spec.pod_template()?;
    let metadata = template.metadata.as_ref();
    let pod = template.spec.as_ref();
    Some(Workload {
        name,
        resource,
        has_sidecar: metadata.is_none_or(|it| wants_sidecar(&it.labels, &it.annotations)),
        labels: metadata.map(|it| it.labels.to_set()).unwrap_or_default(),
        annotations: metadata.map(|it| it.annotations.to_set()).unwrap_or_default(),
        runs: replicas.is_none_or(|replicas| replicas.value > 0),
        service_account: service_account(pod),
        pod,
    })
}

fn of_pod<'a>(name: NamespacedName<'a>, resource: &'a Resource, pod: &'a Pod) -> Workload<'a> {
    Workload {
        name,
        resource,
        has_sidecar: wants_sidecar(&resource.metadata.labels, &resource.metadata.annotations),
        labels: resource.metadata.labels.to_set(),
        annotations: resource.metadata.annotations.to_set(),
        runs: true,
        service_account: service_account(Some(pod)),
        pod: Some(pod),
    }
}

/// The labels of a WorkloadEntry are those of its spec and its metadata; the latter win.
fn of_entry<'a>(name: NamespacedName<'a>, resource: &'a Resource, entry: &'a WorkloadEntry) -> Workload<'a> {
    Workload {
        name,
        resource,
        has_sidecar: true,
        labels: pairs(&entry.labels).chain(pairs(&resource.metadata.labels)).collect(),
        annotations: LabelSet::new(),
        runs: true,
        service_account: entry.service_account.as_ref().map(|account| account.as_str()),
        pod: None,
    }
}

/// Whether pods get a sidecar. The label counts, in its older form the annotation.
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
