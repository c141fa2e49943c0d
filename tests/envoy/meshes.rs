//! Generated meshes: VirtualServices for a few services. Some subsets have no workloads or do not exist.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::case::Proxy;
use crate::http_routes;

/// The manifests that all cases share: service `a` with the subsets `v1` and `v2`, of which `v2` has no workloads;
/// service `b`; and a gateway.
const SERVICES: &str = "apiVersion: v1
kind: Service
metadata: {name: a, namespace: default}
spec:
  selector: {app: a}
  ports: [{name: http, port: 80}, {name: http-more, port: 9080}]
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: default}
spec:
  selector: {app: b}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a-v1, namespace: default}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a, version: v1}}
    spec: {containers: [{name: a, image: a}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b, namespace: default}
spec:
  selector: {matchLabels: {app: b}}
  template:
    metadata: {labels: {app: b}}
    spec: {containers: [{name: b, image: b}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: default}
spec:
  host: a
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
";

/// A mesh.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// The proxy that gets the requests.
    pub proxy: Proxy,
    /// Whether requests to unknown hosts are blocked.
    pub registry_only: bool,
    https_redirect: bool,
    virtual_services: Vec<Value>,
}

impl Mesh {
    /// The manifests, as one YAML stream.
    pub fn manifests(&self) -> String {
        let mut text = SERVICES.to_owned();
        let mut add = |document: &Value| text += &format!("---\n{}", serde_yaml::to_string(document).unwrap());
        if self.proxy == Proxy::Gateway {
            let server = json!({
                "port": { "number": 80, "name": "http", "protocol": "HTTP" },
                "hosts": ["*"],
                "tls": { "httpsRedirect": self.https_redirect },
            });
            add(&document("Gateway", "gateway", &json!({ "selector": { "app": "gateway" }, "servers": [server] })));
        }
        for (index, spec) in self.virtual_services.iter().enumerate() {
            let mut spec = spec.clone();
            if self.proxy == Proxy::Gateway {
                spec["gateways"] = json!(["gateway"]);
            }
            add(&document("VirtualService", &format!("routes-{index}"), &spec));
        }
        text
    }
}

fn document(kind: &str, name: &str, spec: &Value) -> Value {
    let metadata = json!({ "name": name, "namespace": "default" });
    json!({ "apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec })
}

/// Any mesh.
pub fn mesh() -> impl Strategy<Value = Mesh> {
    let parts = (prop::bool::ANY, prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    parts.prop_flat_map(|(gateway, registry_only, https_redirect)| {
        let proxy = if gateway { Proxy::Gateway } else { Proxy::Sidecar };
        vec(virtual_service(proxy), 1..4).prop_map(move |virtual_services| Mesh {
            proxy,
            registry_only,
            https_redirect,
            virtual_services,
        })
    })
}

fn virtual_service(proxy: Proxy) -> impl Strategy<Value = Value> {
    let mut hosts = vec![
        "a",
        "b.default.svc.cluster.local",
        "ext.example.com",
        "*.example.com",
        "*.foo.example.com",
        "b.default",
        "*.default.svc.cluster.local",
        "Other.Example.com",
    ];
    if proxy == Proxy::Gateway {
        hosts.push("*");
    }
    let routes = (vec(http_routes::http_route(), 0..5), weighted(0.6, http_routes::plain_http_route()));
    (vec(select(hosts), 1..3), routes).prop_map(|(mut hosts, (mut routes, last))| {
        hosts.dedup();
        routes.extend(last);
        json!({ "hosts": hosts, "http": routes })
    })
}
