//! Headless Services: names and addresses of pods, and the way to them.

use serde_json::json;

use super::{ask, deployment, goes_to, istio, service};

const CLUSTER: &str = "outbound|9092||kafka.db.svc.cluster.local";

fn pod(name: &str, labels: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: db, labels: {labels}}}\nspec: {{hostname: {name}, subdomain: kafka, containers: [{{name: main, image: main}}]}}\nstatus: {{podIP: {address}}}\n---\n"
    )
}

fn headless(port: &str) -> String {
    service("db", "kafka", &format!("{{clusterIP: None, selector: {{app: kafka}}, ports: [{port}]}}"))
}

/// Each pod has a name, which clients complete as that of the Service.
#[test]
fn pods_are_found_by_their_names() {
    let pods = pod("kafka-0", "{app: kafka}", "10.8.0.4") + &pod("kafka-1", "{app: kafka}", "10.8.0.5");
    for port in ["{name: http, port: 9092}", "{name: web, port: 9092}", "{name: tcp, port: 9092}"] {
        let manifests = headless(port) + &pods;
        let ask = |host: &str, from: &str| {
            let protocol = if port.contains("tcp") { "tcp" } else { "http" };
            let question = json!({"host": host, "port": 9092, "from": {"namespace": from}, "protocol": protocol});
            goes_to(&manifests, &question)
        };
        for host in ["kafka-0.kafka", "kafka-1.kafka.db", "kafka-1.kafka.db.svc", "kafka-0.kafka.db.svc.cluster.local"]
        {
            assert_eq!(ask(host, "db"), CLUSTER, "{host} {port}");
        }
        assert_eq!(ask("kafka-0.kafka.db", "shop"), CLUSTER, "{port}");
        assert_eq!(ask("kafka-0.kafka", "shop"), "PassthroughCluster", "{port}");
    }
}

/// The listener of a port that is not certainly HTTP is at the addresses of the pods.
#[test]
fn pods_are_found_by_their_addresses() {
    let pods = pod("kafka-0", "{app: kafka}", "10.8.0.4") + &pod("other", "{app: other}", "10.8.0.6");
    let ask = |port: &str, address: &str| {
        let question = json!({"host": address, "port": 9092, "address": address, "from": {"namespace": "shop"}});
        goes_to(&(headless(port) + &pods), &question)
    };
    assert_eq!(ask("{name: web, port: 9092}", "10.8.0.4"), CLUSTER);
    assert_eq!(ask("{name: web, port: 9092}", "10.8.0.6"), "PassthroughCluster");
    assert_eq!(ask("{name: http, port: 9092}", "10.8.0.4"), "PassthroughCluster");
}

/// Envoy does not choose a pod, so nothing translates the port.
#[test]
fn the_dialled_port_is_not_translated() {
    let workload = deployment("db", "kafka", "{app: kafka}", "[]");
    let arrival = |kind: &str| {
        let port = "ports: [{name: http, port: 80, targetPort: 8080}]";
        let manifests = service("db", "kafka", &format!("{{{kind}selector: {{app: kafka}}, {port}}}")) + &workload;
        let answer = ask(&manifests, &json!({"host": "kafka.db", "from": {"namespace": "shop"}})).unwrap();
        answer.arrivals[0].cluster.clone().unwrap_or_default()
    };
    assert_eq!(arrival(""), "inbound|8080||");
    assert_eq!(arrival("clusterIP: None, "), "InboundPassthroughCluster");
}

/// The client's proxy does not know the pod, so all of them must take mutual TLS.
#[test]
fn one_pod_without_sidecar_prevents_mutual_tls() {
    let tls = |more: &str| {
        let manifests =
            headless("{name: http, port: 9092}") + &deployment("db", "kafka", "{app: kafka, version: v1}", "[]") + more;
        let answer = ask(&manifests, &json!({"host": "kafka.db", "from": {"namespace": "shop"}})).unwrap();
        answer.arrivals.iter().map(|it| it.tls).collect::<Vec<_>>()
    };
    let policy = |mode: &str, selector: &str| {
        istio("PeerAuthentication", "mode", &format!("{{mtls: {{mode: {mode}}}{selector}}}"))
            .replace("networking", "security")
            .replace("namespace: shop", "namespace: db")
    };
    assert_eq!(tls(""), ["mtls"]);
    let plain = deployment("db", "plain", "{app: kafka, sidecar.istio.io/inject: 'false'}", "[]");
    assert_eq!(tls(&plain), ["plaintext"]);
    assert_eq!(tls(&policy("DISABLE", "")), ["plaintext"]);
    // The policies of single workloads do not count.
    assert_eq!(tls(&policy("DISABLE", ", selector: {matchLabels: {app: kafka}}")), ["mtls"]);
}
