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
        ("{name: tcp-ssh, port: 22}", "PassthroughCluster"),
    ] {
        assert_eq!(goes_to(&two(port), &json!({"host": "web.shop", "tls": "tls"})), expected, "{port}");
    }
}

#[test]
fn the_default_port_fits_what_the_client_sends() {
    let port = |ports: &str, question: serde_json::Value| {
        let manifests = entry("vm", "vm.example", ports);
        ask(&manifests, &question).unwrap().destinations.first().map(|it| it.cluster.clone())
    };
    let to = |number: u32| Some(format!("outbound|{number}||vm.example"));
    let outside = || Some("PassthroughCluster".to_owned());
    let https = json!({"host": "vm.example", "tls": "tls"});
    let http = json!({"host": "vm.example"});
    let grpc = json!({"host": "vm.example", "protocol": "grpc"});
    let tls = json!({"host": "vm.example", "protocol": "tcp", "tls": "tls"});
    let tcp = json!({"host": "vm.example", "protocol": "tcp"});
    let ssh = "[{number: 80, name: http, protocol: HTTP}, {number: 22, name: ssh, protocol: TCP}]";
    // Nobody speaks HTTPS to the port of SSH.
    assert_eq!(port(ssh, https.clone()), outside());
    assert_eq!((port(ssh, tls.clone()), port(ssh, tcp), port(ssh, grpc.clone())), (to(22), to(22), to(80)));
    let only_tls = "[{number: 443, name: https, protocol: HTTPS}]";
    assert_eq!((port(only_tls, http.clone()), port(only_tls, grpc.clone())), (outside(), outside()));
    assert_eq!((port(only_tls, https), port(only_tls, tls)), (to(443), to(443)));
    // The number tells the scheme of a port without a declared protocol.
    let undeclared =
        |number: u32| service("shop", "web", &format!("{{selector: {{app: web}}, ports: [{{port: {number}}}]}}"));
    for (number, tls, expected) in
        [(443, "plaintext", false), (80, "tls", false), (443, "tls", true), (80, "plaintext", true)]
    {
        let reached = goes_to(&undeclared(number), &json!({"host": "web.shop", "tls": tls}));
        assert_eq!(reached.starts_with("outbound|"), expected, "{number} {tls}: {reached}");
    }
}

#[test]
fn tls_in_tls_is_noted() {
    let wrapped = |protocol: &str, mode: &str, question: serde_json::Value| {
        let manifests = entry("vm", "vm.example", &format!("[{{number: 443, name: port, protocol: {protocol}}}]"))
            + &istio(
                "DestinationRule",
                "vm",
                &format!("{{host: vm.example, trafficPolicy: {{tls: {{mode: {mode}}}}}}}"),
            );
        let answer = ask(&manifests, &question).unwrap();
        assert_eq!(answer.destinations[0].cluster, "outbound|443||vm.example", "{question}");
        answer.notes().iter().any(|note| note.contains("gets TLS in TLS"))
    };
    let tls = || json!({"host": "vm.example", "port": 443, "tls": "tls"});
    for protocol in ["TLS", "TCP"] {
        assert!(wrapped(protocol, "SIMPLE", tls()));
        assert!(wrapped(protocol, "MUTUAL, clientCertificate: a, privateKey: b", tls()));
        // The proxy of the server unwraps the mutual TLS of the mesh.
        assert!(!wrapped(protocol, "ISTIO_MUTUAL", tls()) && !wrapped(protocol, "DISABLE", tls()));
    }
    // Plaintext needs to be wrapped.
    assert!(!wrapped("TCP", "SIMPLE", json!({"host": "vm.example", "port": 443, "protocol": "tcp"})));
}
