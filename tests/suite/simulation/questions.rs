//! What a question means where it leaves something open.

use serde_json::json;

use super::{ask, goes_to, istio, service};

fn entry(name: &str, hosts: &str, ports: &str) -> String {
    istio("ServiceEntry", name, &format!("{{hosts: [{hosts}], resolution: DNS, ports: {ports}}}"))
}

#[test]
fn numbers_beyond_those_of_ports_are_refused() {
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    for (question, number) in [
        (json!({"host": "web", "port": 65536}), "65536"),
        (json!({"host": "web", "port": 0}), "0"),
        (json!({"host": "web:70000"}), "70000"),
        (json!({"host": "web:99999999999"}), "99999999999"),
        (json!({"to": {"namespace": "shop"}, "port": 70000}), "70000"),
    ] {
        let expected = Err(format!("{number} is no port: ports are 1 to 65535"));
        assert_eq!(ask(&manifests, &question).map(|answer| answer.outcome), expected, "{question}");
    }
}

#[test]
fn of_several_wildcards_the_most_specific_one_is_dialled() {
    let manifests = entry("a-wide", "'*.example'", "[{number: 8080, name: http, protocol: HTTP}]")
        + &entry("b-narrow", "'*.shop.example'", "[{number: 9090, name: http, protocol: HTTP}]");
    let answer = ask(&manifests, &json!({"host": "a.shop.example"})).unwrap();
    assert_eq!(answer.destinations[0].cluster, "outbound|9090||*.shop.example");
}

#[test]
fn a_server_name_alone_means_tls_at_the_server_as_well() {
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: own, namespace: shop}\nspec: {mtls: {mode: PERMISSIVE}}\n";
    let question = json!({"to": {"namespace": "shop", "labels": {"app": "web"}}, "port": 80, "sni": "web.example"});
    // A port for HTTP takes plaintext and TLS of the mesh, no other.
    assert_eq!(goes_to(&manifests, &question), "refused");
}

#[test]
fn tls_is_dialled_on_the_port_that_can_take_it() {
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
