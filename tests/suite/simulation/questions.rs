//! Validation of requests, and defaults for fields that a request leaves out.

use serde_json::json;

use super::{ask, goes_to, istio, service};

fn entry(name: &str, hosts: &str, ports: &str) -> String {
    istio("ServiceEntry", name, &format!("{{hosts: [{hosts}], resolution: DNS, ports: {ports}}}"))
}

#[test]
fn invalid_ports_are_rejected() {
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    for (question, number) in [
        (json!({"host": "web", "port": 65536}), "65536"),
        (json!({"host": "web", "port": 0}), "0"),
        (json!({"host": "web:70000"}), "70000"),
        (json!({"host": "web:99999999999"}), "99999999999"),
        (json!({"to": {"namespace": "shop"}, "port": 70000}), "70000"),
    ] {
        let expected = Err(format!("port {number} is not valid: ports are 1 to 65535"));
        assert_eq!(ask(&manifests, &question).map(|answer| answer.outcome), expected, "{question}");
    }
}

#[test]
fn invalid_addresses_are_rejected() {
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    for side in [json!({"host": "web.shop"}), json!({"to": {"namespace": "shop"}, "port": 80})] {
        for field in ["address", "sourceIp"] {
            let mut question = side.clone();
            question[field] = "here".into();
            let answer = ask(&manifests, &question).map(|answer| answer.outcome);
            assert_eq!(answer, Err(format!("{field} `here` is not a valid address")), "{question}");
        }
    }
}

#[test]
fn the_most_specific_wildcard_host_is_used() {
    let manifests = entry("a-wide", "'*.example'", "[{number: 8080, name: http, protocol: HTTP}]")
        + &entry("b-narrow", "'*.shop.example'", "[{number: 9090, name: http, protocol: HTTP}]");
    let answer = ask(&manifests, &json!({"host": "a.shop.example"})).unwrap();
    assert_eq!(answer.destinations[0].cluster, "outbound|9090||*.shop.example");
}

#[test]
fn sni_implies_tls_for_inbound_requests_too() {
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: own, namespace: shop}\nspec: {mtls: {mode: PERMISSIVE}}\n";
    let question = json!({"to": {"namespace": "shop", "labels": {"app": "web"}}, "port": 80, "sni": "web.example"});
    // An HTTP port accepts plaintext and mutual TLS, but not TLS of other clients.
    assert_eq!(goes_to(&manifests, &question), "refused");
}

#[test]
fn tls_requests_use_a_port_that_accepts_tls() {
    let two = |second: &str| {
        let ports = format!("[{{name: http, port: 80}}, {second}]");
        service("shop", "web", &format!("{{selector: {{app: web}}, ports: {ports}}}"))
    };
    for (port, expected) in [
        ("{name: https, port: 9443}", "outbound|9443||web.shop.svc.cluster.local"),
        ("{port: 9443}", "outbound|9443||web.shop.svc.cluster.local"),
        ("{name: tcp, port: 9443}", "outbound|9443||web.shop.svc.cluster.local"),
        ("{name: http2, port: 9443}", "PassthroughCluster"),
    ] {
        assert_eq!(goes_to(&two(port), &json!({"host": "web.shop", "tls": "tls"})), expected, "{port}");
    }
}
