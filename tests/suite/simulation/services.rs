//! Services: which of them count, and how their servers are reached.

use serde_json::json;

use super::{ask, deployment, istio, service};

/// What arrives at the servers, as `workload tls outcome`.
fn arrivals(manifests: &str, question: &serde_json::Value) -> Vec<String> {
    let answer = ask(manifests, question).unwrap();
    let text = |it: &mesh::simulate::Arrived| format!("{} {} {}", it.workload, it.tls, it.outcome.as_str());
    answer.arrivals.iter().map(text).collect()
}

#[test]
fn a_label_tells_whether_a_machine_takes_mutual_tls() {
    let machine = |name: &str, labels: &str| {
        let spec = format!("{{address: 10.0.0.1, labels: {{app: web{labels}}}}}");
        istio("WorkloadEntry", name, &spec)
    };
    let mode = |mode: &str| format!(", security.istio.io/tlsMode: {mode}");
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &machine("plain", "")
        + &machine("meshed", &mode("istio"))
        + &deployment("shop", "pods", &format!("{{app: web{}}}", mode("disabled")), "[]");
    let expected = ["shop/meshed mtls forward", "shop/pods plaintext forward"];
    assert_eq!(arrivals(&manifests, &json!({"host": "web.shop"})), expected);
}
