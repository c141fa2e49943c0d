//! The command `mesh simulate` for the sidecar of a server.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::mesh::{Run, mesh_in};

const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-v1, namespace: shop}
spec:
  template:
    metadata: {labels: {app: shop, version: v1}}
    spec:
      containers:
      - name: shop
        ports: [{name: web, containerPort: 8080}, {name: db, containerPort: 5432}]
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: shop}
spec:
  selector: {app: shop}
  ports:
  - {name: http, port: 80, targetPort: web}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec:
  mtls:
    mode: STRICT
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  rules:
  - from: [{source: {serviceAccounts: [web/front]}}]
    to: [{operation: {methods: [GET]}}]
  - from: [{source: {namespaces: [admin]}}]
";

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("shop.yaml"), MANIFESTS).unwrap();
    directory
}

fn run(arguments: &[&str], stdin: &str) -> Run {
    mesh_in(directory().path(), &[&["simulate"], arguments].concat(), stdin, &[])
}

fn ask(request: &Value) -> Value {
    let run = run(&["--requests", "-"], &format!("{request}\n"));
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

fn request(more: &Value) -> Value {
    let mut request = json!({
        "id": 1, "direction": "inbound", "to": {"namespace": "shop", "labels": {"app": "shop", "version": "v1"}},
        "from": {"namespace": "web", "serviceAccount": "front"}, "tls": "mtls", "host": "shop", "port": 8080,
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[test]
fn json_answer_has_the_documented_fields() {
    let expected = json!({
        "id": 1, "host": "shop", "outcome": "forward", "status": null, "flag": null, "route": null,
        "policy": {"kind": "AuthorizationPolicy", "name": "shop/readers", "action": "ALLOW", "rule": 0,
                   "file": "shop.yaml", "line": 32},
        "destinations": [{"cluster": "inbound|8080||", "host": "shop.shop.svc.cluster.local", "subset": null,
                          "port": 8080, "weight": 100, "workloads": ["shop/shop-v1"], "problem": null}],
        "request": {"authority": "shop", "path": "/", "headers": {}}, "location": null,
        "mirrors": [], "fault": null, "timeout": null, "retries": null, "arrivals": [], "trace": []
    });
    assert_eq!(ask(&request(&json!({}))), expected);
    // `to` implies the direction, and `port` is optional because the workload has only one.
    let mut short = request(&json!({}));
    short.as_object_mut().unwrap().retain(|key, _| key != "direction" && key != "port");
    assert_eq!(ask(&short), expected);
}

#[test]
fn a_denied_request_has_the_policy_and_the_trace_of_its_rules() {
    let answer = ask(&request(&json!({"method": "POST", "trace": true})));
    assert_eq!((&answer["outcome"], &answer["status"]), (&"denied".into(), &403.into()));
    assert_eq!((&answer["policy"]["name"], &answer["policy"]["rule"]), (&"shop/readers".into(), &Value::Null));
    let steps: Vec<_> = answer["trace"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let text = |key: &str| step[key].as_str().unwrap_or("-").to_owned();
            (step["policy"]["line"].as_u64().unwrap(), text("verdict"), text("condition"), text("seen"), text("wanted"))
        })
        .collect();
    let step = |line, condition: &str, seen: &str, wanted: &str| {
        (line, "not-matched".to_owned(), condition.to_owned(), seen.to_owned(), wanted.to_owned())
    };
    assert_eq!(
        steps,
        [step(32, "to[0].operation.methods", "POST", "GET"), step(34, "from[0].source.namespaces", "web", "admin")]
    );
}

#[test]
fn strict_mode_refuses_plaintext() {
    let answer = ask(&request(&json!({"tls": "plaintext"})));
    assert_eq!((&answer["outcome"], &answer["flag"]), (&"refused".into(), &"NR".into()));
    let policy = json!({"kind": "PeerAuthentication", "name": "shop/strict", "action": "STRICT", "rule": null,
                        "file": "shop.yaml", "line": 25});
    assert_eq!(answer["policy"], policy);
}

/// Policies also apply to ports that no Service has.
#[test]
fn unknown_ports_are_passed_through_except_the_proxys_own() {
    let passed = ask(&request(&json!({"port": 5432})));
    assert_eq!(passed["outcome"], "passthrough");
    assert_eq!(passed["destinations"][0]["cluster"], "InboundPassthroughCluster");
    let tcp = ask(&request(&json!({"port": 5432, "protocol": "tcp", "from": {"namespace": "web"}})));
    assert_eq!((&tcp["outcome"], &tcp["status"]), (&"denied".into(), &Value::Null));
    let admin = ask(&request(&json!({"port": 5432, "protocol": "tcp", "from": {"namespace": "admin"}})));
    assert_eq!(admin["outcome"], "passthrough");
    assert_eq!(ask(&request(&json!({"port": 15006})))["outcome"], "blackhole");
}

#[test]
fn invalid_requests_get_an_error() {
    let error = |request: &Value| ask(request)["error"].as_str().unwrap().to_owned();
    assert_eq!(error(&json!({"direction": "inbound"})), "direction `inbound` needs the field `to`, the workload");
    assert!(error(&json!({"to": {"namespace": "elsewhere"}})).contains("needs the field `port`"));
    assert!(error(&request(&json!({"sourceIp": "localhost"}))).contains("sourceIp"));
}

#[test]
fn text_output_shows_the_policy_that_decides() {
    let options = ["--to", "shop", "--to-label", "app=shop", "--from", "web", "--from-account", "front", "--mtls"];
    let run = run(&[&options[..], &["--method", "POST", "--trace"]].concat(), "");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout);
}

/// The ports of a Sidecar resource replace those of the Services.
#[test]
fn ingress_of_a_sidecar_replaces_the_ports_of_services() {
    let directory = directory();
    let sidecar = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: own, namespace: shop}\nspec:\n  workloadSelector: {labels: {app: shop}}\n  ingress:\n  - port: {number: 9000, protocol: HTTP, name: http}\n    defaultEndpoint: 127.0.0.1:8080\n";
    fs::write(directory.path().join("sidecar.yaml"), sidecar).unwrap();
    let cluster = |port: u32| cluster_of(directory.path(), port);
    assert_eq!(cluster(9000), "inbound|9000||");
    assert_eq!(cluster(8080), "InboundPassthroughCluster");
}

fn cluster_of(directory: &Path, port: u32) -> Value {
    let line = format!("{}\n", request(&json!({ "port": port })));
    let run = mesh_in(directory, &["simulate", "--requests", "-"], &line, &[]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    answer["destinations"][0]["cluster"].clone()
}
