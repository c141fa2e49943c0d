//! The products of controllers from resources that `mesh` decodes: gateways of the Gateway API, Ingresses, Services, pods.

use std::collections::BTreeSet;

use super::collector::Collector;
use crate::load::Snapshot;
use crate::model::field::TextField;
use crate::model::gateway_api::{KubernetesGateway, ObjectReference};
use crate::model::{Kind, Labels, Resource, Spec};
use crate::world::GATEWAY_NAME_LABEL;
use crate::world::derived::managed_name;

/// The annotations with which cert-manager makes the Secrets that a resource names (cert-manager:
/// `pkg/controller/certificate-shim`).
const ISSUERS: [&str; 3] = ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"];

/// The annotation of OpenShift with the name of a Secret.
const SERVING_CERTIFICATES: [&str; 2] =
    ["service.beta.openshift.io/serving-cert-secret-name", "service.alpha.openshift.io/serving-cert-secret-name"];

/// The annotations with which a Secret is copied to other namespaces (emberstack's reflector, mittwald's replicator,
/// config-syncer).
const COPIES: [&str; 5] = [
    "reflector.v1.k8s.emberstack.com/reflection-allowed",
    "reflector.v1.k8s.emberstack.com/reflection-auto-enabled",
    "replicator.v1.mittwald.de/replicate-to",
    "replicator.v1.mittwald.de/replication-allowed",
    "kubed.appscode.com/sync",
];

/// The annotation of Istio with another name for the service account of a managed gateway.
const ACCOUNT: &str = "gateway.istio.io/service-account";

/// Notes what controllers make from the resources of a snapshot.
pub(super) fn collect(snapshot: &Snapshot, collector: &mut Collector<'_>) {
    for resource in &snapshot.foreign {
        if has_any(&resource.metadata.annotations, &COPIES) {
            collector.start(&resource.kind, resource.name(), None);
            collector.secret_anywhere(resource.name());
        }
    }
    for resource in &snapshot.resources {
        let annotations = &resource.metadata.annotations;
        match &resource.spec {
            Spec::KubernetesGateway(spec) => {
                start(resource, collector);
                managed_gateway(snapshot, resource, spec, collector);
                if has_any(annotations, &ISSUERS) {
                    let tls = spec.listeners.iter().filter_map(|listener| listener.tls.as_ref());
                    let names = tls.flat_map(|tls| &tls.certificate_refs).filter_map(|it| it.name.as_ref());
                    names.for_each(|name| collector.make(Kind::Secret, "@", name));
                }
            }
            Spec::Ingress(spec) if has_any(annotations, &ISSUERS) => {
                start(resource, collector);
                let names = spec.tls.iter().filter_map(|tls| tls.secret_name.as_ref());
                names.for_each(|name| collector.make(Kind::Secret, "@", name));
            }
            Spec::Service(_) => {
                if let Some(name) = SERVING_CERTIFICATES.iter().find_map(|key| annotations.get(key)) {
                    start(resource, collector);
                    collector.make(Kind::Secret, "@", name);
                }
            }
            Spec::Secret(_) if has_any(annotations, &COPIES) => {
                start(resource, collector);
                collector.secret_anywhere(resource.name());
            }
            _ => dapr(resource, collector),
        }
    }
}

fn start(resource: &Resource, collector: &mut Collector<'_>) {
    let namespace = resource.metadata.namespace.as_ref().map(|namespace| namespace.as_str());
    collector.start(resource.kind.name(), resource.name(), namespace);
}

fn has_any(annotations: &Labels, keys: &[&str]) -> bool {
    keys.iter().any(|key| annotations.get(key).is_some_and(|value| value.as_str() != "false"))
}

/// The Service, pods and service account of a Gateway that istiod runs.
fn managed_gateway(snapshot: &Snapshot, resource: &Resource, spec: &KubernetesGateway, collector: &mut Collector<'_>) {
    let class = spec.gateway_class_name.text();
    let Some(has_suffix) = has_suffix(snapshot, class) else { return };
    let Some(name) = managed_name(resource, spec, has_suffix) else { return };
    let namespace = |resource: &Resource| resource.metadata.namespace.as_ref().map(|it| it.value.clone());
    let of_sets = snapshot.resources().flat_map(|other| match &other.spec {
        Spec::ListenerSet(set) => {
            let parent = set.parent_ref.as_ref().filter(|parent| parent.name.text() == resource.name());
            let of = |parent: &ObjectReference| parent.namespace.as_ref().map(|it| it.value.clone());
            let is_own = parent.is_some_and(|it| of(it).or_else(|| namespace(other)) == namespace(resource));
            if is_own { set.listeners.as_slice() } else { &[] }
        }
        _ => &[],
    });
    let listeners = spec.listeners.iter().chain(of_sets).filter_map(|listener| Some(listener.port?.value));
    let mut ports: Vec<u32> = std::iter::once(15021).chain(listeners).collect();
    let mut seen = BTreeSet::new();
    ports.retain(|port| seen.insert(*port));
    collector.service("@", &name, &ports);
    let account = resource.metadata.annotations.get(ACCOUNT).map_or(name.as_str(), |account| account.as_str());
    collector.account("@", account);
    collector
        .pods("@", &[(GATEWAY_NAME_LABEL, resource.name()), ("gateway.networking.k8s.io/gateway-class-name", class)]);
    if !resource.metadata.labels.is_empty() {
        collector.pods_like("@", &resource.metadata.labels);
    }
}

/// Whether the Service of a Gateway has the class as a suffix. `None` if istiod makes none for the class (istiod:
/// `GetClassInfos`).
fn has_suffix(snapshot: &Snapshot, class: &str) -> Option<bool> {
    let mut classes = snapshot.resources.iter().filter(|resource| resource.name() == class);
    let written = classes.find_map(|resource| match &resource.spec {
        Spec::GatewayClass(spec) => spec.controller_name.as_ref().map(|name| name.as_str()),
        _ => None,
    });
    match (written, class) {
        (Some("istio.io/gateway-controller"), _) | (None, "istio") => Some(true),
        (Some("istio.io/mesh-controller" | "istio.io/eastwest-controller"), _) => Some(false),
        (_, "istio-waypoint" | "istio-east-west" | "istio-agentgateway" | "istio-agentgateway-waypoint") => Some(false),
        _ => None,
    }
}

/// Dapr's Service for a workload (Dapr: `pkg/operator/handlers`).
fn dapr(resource: &Resource, collector: &mut Collector<'_>) {
    let Some(tags) = resource.pod_tags() else { return };
    let is_enabled = tags.annotations.get("dapr.io/enabled").is_some_and(|value| value.as_str() == "true");
    if let (true, Some(id)) = (is_enabled, tags.annotations.get("dapr.io/app-id")) {
        start(resource, collector);
        collector.service("@", &format!("{}-dapr", id.as_str()), &[80, 50001, 50002, 9090]);
    }
}
