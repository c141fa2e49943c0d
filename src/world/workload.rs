//! What runs: pods as their templates describe them, and WorkloadEntries.

use super::names::NamespacedName;
use super::{ServicePort, Settings};
use crate::model::kubernetes::{ContainerPort, Pod, PodTemplate, TargetPort};
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

impl Workload<'_> {
    /// Whether every pair of a selector is among the labels. An empty selector selects everything.
    pub fn is_selected_by(&self, selector: &Labels) -> bool {
        selector.selects(&self.labels)
    }

    /// The number of its port that a port of a service leads to.
    pub fn port_behind(&self, port: &ServicePort) -> Option<u32> {
        if let Spec::WorkloadEntry(entry) = &self.resource.spec
            && let Some(own) = entry.ports.get(&port.name)
        {
            return Some(own.value);
        }
        match &port.target {
            Some(TargetPort::Name(name)) => self.named_port(name),
            _ => port.target_number(),
        }
    }

    /// The number of a container's port.
    fn named_port(&self, name: &str) -> Option<u32> {
        let ports = self.pod?.containers.iter().flat_map(|container| &container.ports);
        let named = |port: &&ContainerPort| port.name.as_ref().is_some_and(|it| it.as_str() == name);
        ports.into_iter().find(named)?.container_port.map(|number| number.value)
    }
}

pub(super) fn workloads<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<Workload<'a>> {
    resources.iter().filter_map(|resource| workload(resource, settings)).collect()
}

fn workload<'a>(resource: &'a Resource, settings: &Settings) -> Option<Workload<'a>> {
    let name = NamespacedName::new(settings.namespace_of(resource).to_owned(), resource.name());
    let (template, replicas) = match &resource.spec {
        Spec::Deployment(it) => (it.template.as_ref(), it.replicas),
        Spec::StatefulSet(it) => (it.template.as_ref(), it.replicas),
        Spec::ReplicaSet(it) => (it.template.as_ref(), it.replicas),
        Spec::Rollout(it) => (it.template.as_ref(), it.replicas),
        Spec::DaemonSet(it) => (it.template.as_ref(), None),
        Spec::Job(it) => (it.template.as_ref(), None),
        Spec::CronJob(it) => {
            (it.job_template.as_ref().and_then(|job| job.spec.as_ref()).and_then(|job| job.template.as_ref()), None)
        }
        Spec::Pod(pod) => return Some(of_pod(name, resource, pod)),
        Spec::WorkloadEntry(entry) => return Some(of_entry(name, resource, entry)),
        _ => return None,
    };
    let template: &PodTemplate = template?;
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
