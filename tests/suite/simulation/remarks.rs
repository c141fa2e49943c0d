//! Remarks on requests that fail in a cluster, or bypass something.

use serde_json::{Value, json};

use super::{deployment, explain, istio, service};

const PORTS: &str = "{selector: {app: web}, ports: [{name: http, port: 80}]}";

fn notes(manifests: &[String], question: &Value) -> String {
    let answer = explain(&manifests.concat(), question).result.unwrap();
    answer.notes().join("\n")
}

fn namespace(name: &str, labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n---\n")
}

#[test]
fn a_misspelt_namespace_of_the_client_is_noted() {
    let manifests =
        [namespace("shop", "{}"), service("shop", "web", PORTS), deployment("shop", "web", "{app: web}", "[]")];
    let from = |namespace: &str| notes(&manifests, &json!({"host": "web.shop", "from": {"namespace": namespace}}));
    assert!(from("shopp").contains("no resource is in namespace `shopp` of the client: did you mean `shop`?"));
    assert!(!from("shop").contains("no resource"), "{}", from("shop"));
}

#[test]
fn a_port_that_only_the_pods_of_a_gateway_have_is_noted() {
    let servers = "[{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]";
    let manifests = [
        service("shop", "edge", "{selector: {app: edge}, ports: [{name: http, port: 80, targetPort: 8080}]}"),
        deployment("shop", "edge", "{app: edge}", "[]"),
        istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: {servers}}}")),
        service("shop", "web", PORTS),
    ];
    let at = |port: u16| notes(&manifests, &json!({"host": "a.example.com", "gateway": "shop/edge", "port": port}));
    assert!(at(8080).contains("Service `shop/edge` of the gateway has port 80, not 8080"), "{}", at(8080));
    assert!(!at(80).contains("of the gateway has"), "{}", at(80));
}

#[test]
fn a_pod_that_a_stateful_set_does_not_have_is_noted() {
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec: {replicas: 2, serviceName: db, \
               selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db}]}}}\n---\n";
    let headless = "{clusterIP: None, selector: {app: db}, ports: [{name: http, port: 80}]}";
    let manifests = [set.to_owned(), service("shop", "db", headless)];
    let to = |host: &str| notes(&manifests, &json!({"host": host, "from": {"namespace": "shop"}}));
    assert!(to("db-2.db.shop").contains("StatefulSet `shop/db` has 2 pods, so DNS does not know `db-2`"));
    assert!(to("db-7.db").contains("`db-7`"));
    assert!(!to("db-1.db.shop").contains("StatefulSet"), "{}", to("db-1.db.shop"));
    assert!(!to("db.shop").contains("StatefulSet"));
}

#[test]
fn a_waypoint_that_a_sidecar_bypasses_is_noted() {
    let manifests = [
        namespace("shop", "{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp}"),
        service("shop", "web", PORTS),
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: wp, namespace: shop}\nspec: {gatewayClassName: \
         istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n---\n"
            .to_owned(),
    ];
    let from = |kind: &str| {
        let question = json!({"host": "web.shop", "from": {"namespace": "shop", "kind": kind}});
        notes(&manifests, &question).contains("bypasses its routes and policies for `web.shop.svc.cluster.local`")
    };
    assert!(from("sidecar"));
    assert!(!from("ambient"));
}

#[test]
fn a_patched_proxy_is_noted() {
    let filter = |name: &str, selector: &str, context: &str| {
        format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: {name}, namespace: shop}}\nspec: \
             {{workloadSelector: {{labels: {selector}}}, configPatches: [{{applyTo: HTTP_FILTER, match: {{context: {context}}}, \
             patch: {{operation: REMOVE}}}}]}}\n---\n"
        )
    };
    let manifests = [
        service("shop", "web", PORTS),
        deployment("shop", "web", "{app: web}", "[]"),
        filter("out", "{app: client}", "SIDECAR_OUTBOUND"),
        filter("in", "{app: web}", "SIDECAR_INBOUND"),
        filter("edge", "{app: client}", "GATEWAY"),
    ];
    let answer = |app: &str| {
        let question = json!({"host": "web.shop", "from": {"namespace": "shop", "labels": {"app": app}}});
        explain(&manifests.concat(), &question).result.unwrap()
    };
    let words = "changes the configuration of the proxy, which is not simulated";
    assert!(answer("client").notes().contains(&format!("`EnvoyFilter shop/out` {words}").as_str()));
    assert!(!answer("other").notes().iter().any(|note| note.contains("EnvoyFilter")));
    assert_eq!(answer("other").arrivals[0].notes, [format!("`EnvoyFilter shop/in` {words}")]);
}
