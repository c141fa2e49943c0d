//! Namespaces: which there are, and which part of the mesh their pods become.

use std::collections::BTreeMap;

use super::{Settings, Workload, World};
use crate::model::{Labels, Resource, Spec};

/// How the traffic of a workload is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPlane {
    /// By a sidecar beside it.
    Sidecar,
    /// By the node's ztunnel.
    Ambient,
    /// Not at all.
    None,
}

/// The namespaces that the manifests name or define.
#[derive(Debug, Default)]
pub struct Namespaces<'a> {
    by_name: BTreeMap<&'a str, Option<&'a Resource>>,
}

const INJECTION: &str = "istio-injection";
const INJECT: &str = "sidecar.istio.io/inject";
const REVISION: &str = "istio.io/rev";
const DATA_PLANE_MODE: &str = "istio.io/dataplane-mode";

impl<'a> Namespaces<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let mut namespaces = Self::default();
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
        namespaces
    }

    /// The Namespaces that are defined, by name.
    pub fn defined(&self) -> impl Iterator<Item = &'a Resource> {
        self.by_name.values().copied().flatten()
    }

    /// The names of all that are defined, or that some resource says it is in.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// The labels of a namespace; `None` if it is not defined.
    pub fn labels(&self, name: &str) -> Option<&'a Labels> {
        self.by_name.get(name).copied().flatten().map(|resource| &resource.metadata.labels)
    }

    /// Whether the pods of a namespace are of the ambient mesh unless they say something else; `None` if it is not
    /// defined.
    pub fn is_ambient(&self, name: &str) -> Option<bool> {
        Some(of_namespace(self.labels(name)?) == DataPlane::Ambient)
    }

    /// How the traffic of a workload is captured; `None` if that depends on a namespace that is not defined. What pods
    /// say of themselves counts more than what their namespace says (istio: the injector's webhooks and `PodRedirectionEnabled`).
    pub fn data_plane(&self, workload: &Workload<'_>) -> Option<DataPlane> {
        if workload.pod.is_some_and(|pod| pod.host_network.is_some_and(|it| it.value)) {
            return Some(DataPlane::None);
        }
        if workload.has_proxy() {
            return Some(DataPlane::Sidecar);
        }
        let namespace = self.labels(&workload.name.namespace);
        let label = |name: &str| workload.labels.get(name).copied();
        let is_disabled =
            || namespace.and_then(|labels| labels.get(INJECTION)).is_some_and(|it| it.as_str() == "disabled");
        let injects = label(INJECT).or_else(|| workload.annotations.get(INJECT).copied());
        match injects {
            Some("true") if label(INJECT).is_some() && !is_disabled() => return Some(DataPlane::Sidecar),
            None if label(REVISION).is_some() && !is_disabled() => return Some(DataPlane::Sidecar),
            _ => {}
        }
        let of_namespace = namespace.map(of_namespace);
        match (label(DATA_PLANE_MODE), of_namespace) {
            (Some("ambient"), _) => Some(DataPlane::Ambient),
            (Some(_), Some(DataPlane::Ambient)) => Some(DataPlane::None),
            (_, Some(DataPlane::Sidecar)) if injects == Some("false") => Some(DataPlane::None),
            (_, of_namespace) => of_namespace,
        }
    }
}

impl World<'_> {
    /// Whether there is a namespace of a name; `None` if the manifests do not tell. Those of Kubernetes and Istio are
    /// mostly made apart from them.
    pub fn has_namespace(&self, name: &str) -> Option<bool> {
        let is_named = name == self.settings.root_namespace
            || name == self.settings.default_namespace
            || self.namespaces.by_name.contains_key(name);
        let is_installed = || ["istio", "kube-"].iter().any(|prefix| name.starts_with(prefix));
        match is_named {
            true => Some(true),
            false if self.inventory.is_complete() => Some(false),
            false => (self.inventory.has_namespaces() && !is_installed()).then_some(false),
        }
    }
}

/// What a namespace says of its pods (istiod: the injector's `namespaceSelector`; ambient gives way to injection).
fn of_namespace(labels: &Labels) -> DataPlane {
    let label = |name: &str| labels.get(name).map(|value| value.as_str());
    match (label(INJECTION), label(REVISION), label(DATA_PLANE_MODE)) {
        (Some("enabled"), ..) => DataPlane::Sidecar,
        (None, Some(revision), _) if !revision.is_empty() => DataPlane::Sidecar,
        (_, _, Some("ambient")) => DataPlane::Ambient,
        _ => DataPlane::None,
    }
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
