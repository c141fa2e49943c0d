//! Namespaces, and the data plane of their pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::namespace_labels::NAME_LABEL;
use super::{Injector, Injectors, Settings, Workload, World};
use crate::model::{ForeignResource, LabelSet, Labels, Resource, Spec};
use crate::source::Spanned;

/// The way in which the traffic of a workload enters the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPlane {
    /// Through a sidecar.
    Sidecar,
    /// Through the ztunnel of the node.
    Ambient,
    /// The workload is outside the mesh.
    None,
}

/// The namespaces that the manifests define or use.
#[derive(Debug, Default)]
pub struct Namespaces<'a> {
    by_name: BTreeMap<&'a str, Option<&'a Resource>>,
    injectors: Injectors,
    shows_data_planes: bool,
}

/// The namespace, labels and annotations of pods, on which their data plane depends.
#[derive(Debug, Clone, Copy)]
pub(super) struct PodMetadata<'p> {
    pub namespace: &'p str,
    pub labels: &'p LabelSet<'p>,
    pub annotations: &'p LabelSet<'p>,
}

impl<'p> PodMetadata<'p> {
    fn of(workload: &'p Workload<'p>) -> Self {
        Self { namespace: &workload.name.namespace, labels: &workload.labels, annotations: &workload.annotations }
    }

    fn label(&self, name: &str) -> Option<&'p str> {
        self.labels.get(name).copied()
    }
}

const INJECTION: &str = "istio-injection";
const INJECT: &str = "sidecar.istio.io/inject";
const REVISION: &str = "istio.io/rev";
const DATA_PLANE_MODE: &str = "istio.io/dataplane-mode";

/// The namespaces that the injector skips (istio: `inject.IgnoredNamespaces`).
const NEVER_INJECTED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

impl<'a> Namespaces<'a> {
    pub(super) fn new(resources: &[&'a Resource], foreign: &'a [Arc<ForeignResource>], settings: &Settings) -> Self {
        let mut namespaces = Self { injectors: Injectors::new(resources), ..Self::default() };
        for name in foreign.iter().filter_map(|resource| resource.metadata.namespace.as_ref()) {
            namespaces.by_name.entry(name).or_default();
        }
        for &resource in resources {
            let written = resource.metadata.namespace.as_ref().map(|it| it.as_str());
            if matches!(resource.spec, Spec::Namespace(_)) {
                namespaces.by_name.insert(resource.name(), Some(resource));
            } else if let Some(name) =
                written.filter(|name| !name.is_empty() && *name == settings.namespace_of(resource))
            {
                namespaces.by_name.entry(name).or_default();
            }
        }
        namespaces.shows_data_planes = resources.iter().any(|resource| chooses_data_plane(resource));
        namespaces
    }

    /// Whether the manifests have the labels with which Namespaces and pods choose their data plane: at least one of them
    /// does. Otherwise the labels may be set by other means, for example by `kubectl label namespace`.
    pub fn shows_data_planes(&self) -> bool {
        self.shows_data_planes
    }

    /// The Namespaces that the manifests define, by name.
    pub fn defined(&self) -> impl Iterator<Item = &'a Resource> {
        self.by_name.values().copied().flatten()
    }

    /// The names of all Namespaces that the manifests define, and of all namespaces that resources are in.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// The labels of a Namespace; `None` if the manifests do not define it.
    pub fn labels(&self, name: &str) -> Option<&'a Labels> {
        self.by_name.get(name).copied().flatten().map(|resource| &resource.metadata.labels)
    }

    /// Whether the manifests were read from a cluster: the Namespace has the label that the API server sets. Then
    /// workloads of the namespace that the manifests lack do not exist.
    pub fn comes_from_cluster(&self, name: &str) -> bool {
        self.labels(name).and_then(|labels| labels.get(NAME_LABEL)).is_some_and(|set| set.as_str() == name)
    }

    /// Whether pods of a namespace are in the ambient mesh by default. `None` if the manifests do not define the
    /// Namespace.
    pub fn is_ambient(&self, name: &str) -> Option<bool> {
        let labels = self.labels(name)?;
        let is_ambient = labels.get(DATA_PLANE_MODE).is_some_and(|mode| mode.as_str() == "ambient");
        // Injection takes precedence.
        Some(is_ambient && injects(labels) != Some(true))
    }

    /// Whether no pod of a namespace can get a sidecar, because the Namespace turns injection off.
    pub fn turns_injection_off(&self, name: &str) -> bool {
        self.labels(name).and_then(injects) == Some(false)
    }

    /// The data plane of a workload. Labels of the pod take precedence over those of its Namespace. `None` if it
    /// depends on a Namespace that the manifests do not define (istio: the webhooks of the injector,
    /// `PodRedirectionEnabled`).
    pub fn data_plane(&self, workload: &Workload<'_>) -> Option<DataPlane> {
        match workload {
            _ if is_on_host_network(workload) => Some(DataPlane::None),
            _ if workload.has_proxy() => Some(DataPlane::Sidecar),
            _ => self.data_plane_of_pods(&PodMetadata::of(workload)),
        }
    }

    /// The data plane of pods with containers that have no proxy, outside of the network of the host.
    pub(super) fn data_plane_of_pods(&self, pods: &PodMetadata<'_>) -> Option<DataPlane> {
        if self.injection_of_pods(pods) == Some(true) {
            return Some(DataPlane::Sidecar);
        }
        match (pods.label(DATA_PLANE_MODE), self.is_ambient(pods.namespace)) {
            (Some("ambient"), _) | (None, Some(true)) => Some(DataPlane::Ambient),
            (_, Some(_)) => Some(DataPlane::None),
            (_, None) => None,
        }
    }

    /// Whether the injector adds a sidecar, or the proxy of a gateway, to the pods of a workload. `None` if it depends
    /// on a Namespace that the manifests do not define (istio: the selectors of the webhooks, `injectRequired`).
    pub fn injection(&self, workload: &Workload<'_>) -> Option<bool> {
        if is_on_host_network(workload) { Some(false) } else { self.injection_of_pods(&PodMetadata::of(workload)) }
    }

    /// Pods that ask for a sidecar get one only if their Namespace does not decide: the webhooks for pods select the
    /// Namespaces without `istio-injection` and without `istio.io/rev`.
    fn injection_of_pods(&self, pods: &PodMetadata<'_>) -> Option<bool> {
        if self.excludes(pods) {
            return Some(false);
        }
        let asks = pods.label(INJECT) == Some("true") || pods.label(REVISION).is_some();
        match self.labels(pods.namespace) {
            None if asks => Some(true),
            None => None,
            Some(labels) => Some(injects(labels) == Some(true) || asks || self.injects_by_default()),
        }
    }

    /// Whether the manifests keep the pods of a workload out of the mesh: by a label or an annotation of the pods, by their
    /// network, or by a label of their Namespace. Without any, the Namespace may get a label by other means.
    pub fn opts_out(&self, workload: &Workload<'_>) -> bool {
        is_on_host_network(workload) || self.excludes(&PodMetadata::of(workload))
    }

    /// Whether no webhook of the injector selects the pods, whichever labels their Namespace gets besides those of the
    /// manifests. The label of the pods takes precedence over the annotation.
    pub(super) fn excludes(&self, pods: &PodMetadata<'_>) -> bool {
        let wish = pods.label(INJECT).or_else(|| pods.annotations.get(INJECT).copied());
        NEVER_INJECTED.contains(&pods.namespace) || wish == Some("false") || self.turns_injection_off(pods.namespace)
    }

    /// The labels, with their values, with which a Namespace or a pod selects its data plane.
    pub fn data_plane_labels(labels: &Labels) -> Vec<(&Spanned<String>, &Spanned<String>)> {
        let decides = |key: &str| [INJECTION, REVISION, DATA_PLANE_MODE, INJECT].contains(&key);
        labels.iter().filter(|(key, value)| decides(key) && !value.is_empty()).collect()
    }

    /// Whether pods are injected in namespaces without a label for injection (`enableNamespacesByDefault` of the
    /// injector).
    pub fn injects_by_default(&self) -> bool {
        self.injectors.of_revision("").is_some_and(|injector| injector.by_default)
    }

    /// The injector of a workload's pods, if the manifests configure it: that of the revision that the Namespace names,
    /// else the pods.
    pub fn injector(&self, workload: &Workload<'_>) -> Option<&Injector> {
        let of_namespace = self.labels(&workload.name.namespace).and_then(|labels| labels.get(REVISION));
        let own = workload.labels.get(REVISION).copied();
        self.injectors.of_revision(of_namespace.map(|revision| revision.as_str()).or(own).unwrap_or_default())
    }
}

impl World<'_> {
    /// Whether a namespace exists. `None` if the manifests do not show it: the namespaces of Kubernetes and Istio are
    /// usually created by other means.
    pub fn has_namespace(&self, name: &str) -> Option<bool> {
        let is_named = name == self.settings.root_namespace
            || name == self.settings.default_namespace
            || self.namespaces.by_name.contains_key(name)
            || self.inventory.may_have_namespace(name);
        let is_installed = || ["istio", "kube-"].iter().any(|prefix| name.starts_with(prefix));
        match is_named {
            true => Some(true),
            false if self.inventory.is_complete() => Some(false),
            false => (self.inventory.namespaces().is_ok() && !is_installed()).then_some(false),
        }
    }
}

/// Whether a Namespace, or the pods of a workload, have a label that asks for a sidecar.
pub(super) fn asks_for_sidecar(resource: &Resource) -> bool {
    let asks = |labels: &Labels| {
        labels.get(INJECT).is_some_and(|value| value.as_str() == "true") || injects(labels) == Some(true)
    };
    match &resource.spec {
        Spec::Namespace(_) | Spec::Pod(_) => asks(&resource.metadata.labels),
        spec => spec.pod_template().and_then(|it| it.metadata.as_ref()).is_some_and(|metadata| asks(&metadata.labels)),
    }
}

/// Whether the labels of a Namespace, or those of the pods of a workload, choose a data plane.
fn chooses_data_plane(resource: &Resource) -> bool {
    let chooses = |labels: &Labels| !Namespaces::data_plane_labels(labels).is_empty();
    match &resource.spec {
        Spec::Namespace(_) | Spec::Pod(_) => chooses(&resource.metadata.labels),
        spec => {
            spec.pod_template().and_then(|it| it.metadata.as_ref()).is_some_and(|metadata| chooses(&metadata.labels))
        }
    }
}

/// Whether the labels of a Namespace or pod turn injection on or off; `None` without a label. `istio-injection` with a
/// value other than `enabled` turns it off, since all other webhooks require the label to be missing.
fn injects(labels: &Labels) -> Option<bool> {
    let label = |name: &str| labels.get(name).map(|value| value.as_str());
    let by_injection = label(INJECTION).map(|value| value == "enabled");
    by_injection.or_else(|| label(REVISION).map(|revision| !revision.is_empty()))
}

fn is_on_host_network(workload: &Workload<'_>) -> bool {
    workload.pod.is_some_and(|pod| pod.host_network.is_some_and(|it| it.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::World;

    fn data_plane(namespace_labels: &str, pod_labels: &str, annotations: &str, spec: &str) -> Option<DataPlane> {
        let namespace = match namespace_labels {
            "undefined" => String::new(),
            labels => format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n---\n"),
        };
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop, labels: {pod_labels}, annotations: {annotations}}}\nspec: {spec}\n"
        );
        let text = namespace + &pod;
        let snapshot = Snapshot::of_texts([("a.yaml", text.as_str())]);
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        world.namespaces.data_plane(&world.workloads[0])
    }

    #[test]
    fn pods_count_more_than_their_namespace() {
        use DataPlane::{Ambient, None as Nothing, Sidecar};
        let injected = "{istio-injection: enabled}";
        let ambient = "{istio.io/dataplane-mode: ambient}";
        let no = "{sidecar.istio.io/inject: 'false'}";
        let yes = "{sidecar.istio.io/inject: 'true'}";
        for (namespace, labels, annotations, spec, expected) in [
            ("undefined", "{}", "{}", "{}", None),
            ("undefined", yes, "{}", "{}", Some(Sidecar)),
            ("undefined", "{istio.io/rev: canary}", "{}", "{}", Some(Sidecar)),
            ("undefined", "{}", "{}", "{containers: [{name: istio-proxy, image: auto}]}", Some(Sidecar)),
            ("{}", "{}", "{}", "{}", Some(Nothing)),
            (injected, "{}", "{}", "{}", Some(Sidecar)),
            (injected, no, "{}", "{}", Some(Nothing)),
            (injected, "{}", no, "{}", Some(Nothing)),
            (injected, "{}", "{}", "{hostNetwork: true}", Some(Nothing)),
            ("{istio.io/rev: canary}", "{}", "{}", "{}", Some(Sidecar)),
            ("{istio-injection: disabled}", yes, "{}", "{}", Some(Nothing)),
            ("{}", yes, "{}", "{}", Some(Sidecar)),
            (ambient, "{}", "{}", "{}", Some(Ambient)),
            (ambient, yes, "{}", "{}", Some(Sidecar)),
            (ambient, "{istio.io/dataplane-mode: none}", "{}", "{}", Some(Nothing)),
            ("{}", "{istio.io/dataplane-mode: ambient}", "{}", "{}", Some(Ambient)),
        ] {
            assert_eq!(
                data_plane(namespace, labels, annotations, spec),
                expected,
                "{namespace} {labels} {annotations} {spec}"
            );
        }
    }
}
