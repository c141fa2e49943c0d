//! Validation of requests, and defaults for fields that a request leaves out.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{GatewayRef, Request, Simulator};
use mesh::world::{Settings, World};
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

/// The requests to all hosts, as `protocol tls host:port sni gateway`.
fn overview(manifests: &str) -> Vec<String> {
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let rules = Simulator::new(&world).answer_every_rule(&Request::default()).unwrap();
    let text = |question: &Request| {
        let gateway = match &question.gateway {
            Some(GatewayRef::Name(name)) => name.as_str(),
            _ => "-",
        };
        let (host, sni) = (question.host.as_deref().unwrap_or("-"), question.sni.as_deref().unwrap_or("-"));
        format!("{:?} {:?} {host}:{:?} {sni} {gateway}", question.protocol, question.tls, question.port)
    };
    rules.iter().map(|rule| text(&rule.asked)).collect()
}

#[test]
fn requests_to_all_hosts_follow_the_matches_of_routes() {
    let route = "route: [{destination: {host: db}}]";
    let virtual_service = |name: &str, spec: &str| istio("VirtualService", name, &format!("{{{spec}}}"));
    let by_name = "match: [{port: 443, sniHosts: [other.example.net]}]";
    let by_wildcard = "match: [{port: 8443, sniHosts: ['*.example']}]";
    let servers = "[{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}, \
                   {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}]";
    let manifests = [
        virtual_service("a", &format!("hosts: [db], tcp: [{{match: [{{port: 5432}}], {route}}}]")),
        virtual_service(
            "b",
            &format!("hosts: [b.example, c.example.org], tls: [{{{by_name}, {route}}}, {{{by_wildcard}, {route}}}]"),
        ),
        virtual_service("c", &format!("hosts: [web], http: [{{{route}}}], tcp: [{{{route}}}]")),
        virtual_service("d", &format!("hosts: [d.example], gateways: [edge], tcp: [{{{route}}}]")),
        istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: {servers}}}")),
    ];
    let expected = [
        "Some(Tcp) None db.shop.svc.cluster.local:Some(5432) - -",
        "Some(Tcp) Some(Tls) b.example:Some(8443) - -",
        "Some(Tcp) Some(Tls) c.example.org:Some(443) other.example.net -",
        "None None web.shop.svc.cluster.local:None - -",
        "Some(Tcp) None d.example:Some(9000) - shop/edge",
    ];
    assert_eq!(overview(&manifests.concat()), expected);
}
