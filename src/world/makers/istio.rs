//! Istio's own installers: IstioOperator, the Sail operator and OpenShift Service Mesh.

use super::collector::Collector;
use super::table::Product::{Account, AnyPods, Computed, In, Pods, Service};
use super::table::{MakerKind, exact};
use super::template::{Found, fields, nodes};
use crate::model::ForeignResource;
use crate::yaml::{Node, Value};

const ISTIOD_PORTS: &str = "15010 15012 443 15014";

pub(super) static MAKERS: &[MakerKind] = &[
    exact(&["install.istio.io"], "IstioOperator", &[Computed(istio_operator)]),
    // The kind is cluster-wide; the operator installs no gateways (sail-operator: `docs/README.adoc`).
    exact(
        &["sailoperator.io", "operator.istio.io"],
        "Istio",
        &[In(
            "{spec.namespace|istio-system}",
            &[
                Service("istiod", ISTIOD_PORTS),
                Service("istiod-{}", ISTIOD_PORTS),
                Pods("app=istiod"),
                Account("istiod"),
            ],
        )],
    ),
    exact(
        &["sailoperator.io", "operator.istio.io"],
        "IstioRevision",
        &[In("{spec.namespace|istio-system}", &[Service("istiod-{}", ISTIOD_PORTS), Pods("app=istiod")])],
    ),
    // OpenShift Service Mesh 2 (maistra: `istio-operator`).
    exact(
        &["maistra.io"],
        "ServiceMeshControlPlane",
        &[
            Service("istiod-{}", ISTIOD_PORTS),
            Service("istio-ingressgateway", ""),
            Service("istio-egressgateway", ""),
            Service("{spec.gateways.additionalIngress.*}", ""),
            Service("{spec.gateways.additionalEgress.*}", ""),
            Service("jaeger-query", ""),
            Service("jaeger-collector", ""),
            Service("kiali", ""),
            Service("grafana", ""),
            Service("prometheus", ""),
            Pods("app=istiod"),
            Pods("app=istio-ingressgateway istio=ingressgateway"),
            Pods("app=istio-egressgateway istio=egressgateway"),
            AnyPods,
        ],
    ),
];

/// Gateways that an installation makes, and the ports of their Services.
struct GatewayKind {
    /// The key of `components` with the list of gateways.
    list: &'static str,
    /// The gateway of the profiles.
    name: &'static str,
    /// The value of the label `istio`.
    label: &'static str,
    ports: &'static [u32],
    /// The profiles with the gateway.
    profiles: &'static [&'static str],
}

/// istio: `manifests/charts/gateways`, `manifests/profiles`.
const GATEWAYS: [GatewayKind; 2] = [
    GatewayKind {
        list: "ingressGateways",
        name: "istio-ingressgateway",
        label: "ingressgateway",
        ports: &[15021, 80, 443],
        profiles: &["", "default", "demo", "openshift", "preview", "stable"],
    },
    GatewayKind {
        list: "egressGateways",
        name: "istio-egressgateway",
        label: "egressgateway",
        ports: &[80, 443],
        profiles: &["demo"],
    },
];

/// istiod, and the gateways of the lists and of the profile. Older releases merged the lists by name, so the profile's
/// gateway may exist beside those of a list (istio: `operator/pkg/render`, `manifests/profiles`).
fn istio_operator(resource: &ForeignResource, collector: &mut Collector<'_>) {
    let spec = &resource.spec;
    let namespace = resource.metadata.namespace.as_ref().map_or("istio-system", |namespace| namespace).to_owned();
    let revision = fields(spec, "revision").pop();
    let istiod = revision.map_or_else(|| "istiod".to_owned(), |revision| format!("istiod-{revision}"));
    collector.service(&namespace, &istiod, &[15010, 15012, 443, 15014]);
    collector.pods(&namespace, &[("app", "istiod")]);
    let profile = fields(spec, "profile").pop().unwrap_or_default();
    for kind in &GATEWAYS {
        let entries = nodes(spec, &format!("components.{}[]", kind.list));
        for found in entries {
            if let Found::Node(entry) = found {
                add_gateway(kind, entry, &namespace, collector);
            }
        }
        let switch = format!("values.gateways.{}.enabled", kind.name);
        let is_on =
            nodes(spec, &switch).iter().any(|it| matches!(it, Found::Node(Node { value: Value::Bool(true), .. })));
        let is_custom = !["", "default", "demo", "minimal", "empty", "remote", "ambient"].contains(&profile.as_str());
        if is_on || is_custom || kind.profiles.contains(&profile.as_str()) {
            add_installed(kind, kind.name, &namespace, kind.ports, &[], collector);
        }
    }
}

/// An entry of the list makes a gateway unless `enabled` is false.
fn add_gateway(kind: &GatewayKind, entry: &Node, installed: &str, collector: &mut Collector<'_>) {
    if entry.get("enabled").is_some_and(|enabled| enabled.value == Value::Bool(false)) {
        return;
    }
    let name = fields(entry, "name").pop().unwrap_or_else(|| kind.name.to_owned());
    let namespace = fields(entry, "namespace").pop().unwrap_or_else(|| installed.to_owned());
    let written: Vec<u32> =
        fields(entry, "k8s.service.ports[].port").iter().filter_map(|port| port.parse().ok()).collect();
    let ports = if written.is_empty() { kind.ports } else { &written };
    let labels = entry.get("label").map(Node::entries).unwrap_or_default();
    let labels: Vec<(&str, &str)> =
        labels.iter().filter_map(|label| Some((&*label.key.text, label.value.as_str()?))).collect();
    add_installed(kind, &name, &namespace, ports, &labels, collector);
}

/// The pods have the labels of the profile's gateway whatever the name is. Labels of the entry replace them key by key.
fn add_installed(
    kind: &GatewayKind,
    name: &str,
    namespace: &str,
    ports: &[u32],
    labels: &[(&str, &str)],
    collector: &mut Collector<'_>,
) {
    collector.service(namespace, name, ports);
    collector.account(namespace, &format!("{name}-service-account"));
    let mut all = vec![("app", kind.name), ("istio", kind.label)];
    all.retain(|(key, _)| !labels.iter().any(|(own, _)| own == key));
    all.extend(labels);
    collector.pods(namespace, &all);
}
