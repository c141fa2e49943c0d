//! What gateways listen on, and where they send what comes in.

use serde_json::json;

use super::{deployment, goes_to, istio, istio_in, service};

const TO_WEB: &str = "route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}]";
const WEB: &str = "outbound|80||web.shop.svc.cluster.local";

fn web() -> String {
    service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
}

/// A Gateway of the Gateway API that istiod runs beside one of Istio's.
#[test]
fn gateways_of_other_namespaces_do_not_join_one_that_istiod_runs() {
    let listeners = "[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]";
    let managed = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra}}\nspec: {{gatewayClassName: istio, listeners: {listeners}}}\n---\n"
    );
    let asked = json!({
        "gateway": {"namespace": "infra", "labels": {"gateway.networking.k8s.io/gateway-name": "edge"}},
        "host": "web.example", "port": 8080,
    });
    let with_classic = |namespace: &str| {
        let servers = "[{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]";
        let selector = "{gateway.networking.k8s.io/gateway-name: edge}";
        let gateway = istio_in(namespace, "Gateway", "own", &format!("{{selector: {selector}, servers: {servers}}}"));
        let routes = format!("{{hosts: [web.example], gateways: [{namespace}/own], http: [{{{TO_WEB}}}]}}");
        goes_to(&(managed.clone() + &web() + &gateway + &istio("VirtualService", "web", &routes)), &asked)
    };
    assert_eq!(with_classic("infra"), WEB);
    assert_eq!(with_classic("shop"), "refused");
}

/// Its Service tells the namespace of a gateway whose Deployment is not among the manifests.
#[test]
fn the_service_of_a_gateway_tells_where_it_runs() {
    let manifests = service(
        "istio-system",
        "ingress",
        "{selector: {app: ingress, istio: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}",
    ) + &istio(
        "Gateway",
        "edge",
        "{selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
    ) + &istio(
        "VirtualService",
        "web",
        &format!("{{hosts: [web.example], gateways: [edge], exportTo: [istio-system], http: [{{{TO_WEB}}}]}}"),
    ) + &web();
    assert_eq!(goes_to(&manifests, &json!({"gateway": "shop/edge", "host": "web.example"})), WEB);
}

/// The Service leads to a port of the container by its name, and a server is written with the number of that.
#[test]
fn the_named_target_of_a_gateways_service_is_looked_up() {
    let manifests =
        service("infra", "edge", "{selector: {app: edge}, ports: [{name: web, port: 80, targetPort: listen}]}")
            + &deployment("infra", "edge", "{app: edge}", "[{name: listen, containerPort: 8080}]")
            + &istio_in(
                "infra",
                "Gateway",
                "edge",
                "{selector: {app: edge}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]}",
            )
            + &istio(
                "VirtualService",
                "web",
                &format!("{{hosts: [web.example], gateways: [infra/edge], http: [{{{TO_WEB}}}]}}"),
            )
            + &web();
    assert_eq!(goes_to(&manifests, &json!({"gateway": "infra/edge", "host": "web.example", "port": 80})), WEB);
    assert_eq!(goes_to(&manifests, &json!({"gateway": "infra/edge", "host": "web.example", "port": 8080})), WEB);
}

/// A gateway workload `edge` with servers, and a VirtualService `web` bound to it.
fn edge(servers: &str, routes: &str) -> String {
    istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: [{servers}]}}"))
        + &istio("VirtualService", "web", &format!("{{hosts: ['*'], gateways: [edge], {routes}}}"))
        + &web()
}

fn asked(more: &serde_json::Value) -> serde_json::Value {
    let mut question = json!({"gateway": "shop/edge", "host": "web.example"});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

#[test]
fn servers_listen_on_the_address_that_they_bind() {
    let server = |bind: &str, protocol: &str| {
        format!("{{{bind}port: {{number: 9000, name: p, protocol: {protocol}}}, hosts: ['*']}}")
    };
    let routes = format!("http: [{{{TO_WEB}}}], tcp: [{{{TO_WEB}}}]");
    let ask = |servers: &str, more: serde_json::Value| goes_to(&edge(servers, &routes), &asked(&more));
    let bound = server("bind: 10.0.0.1, ", "HTTP");
    assert_eq!(ask(&bound, json!({"port": 9000, "address": "10.0.0.1"})), WEB);
    assert_eq!(ask(&bound, json!({"port": 9000, "address": "10.0.0.2"})), "refused");
    assert_eq!(ask(&bound, json!({"port": 9000})), WEB, "who names no address means the one there is");
    // TCP after HTTP is dropped, unless it has an address of its own.
    let tcp = |address: &str| json!({"port": 9000, "protocol": "tcp", "address": address});
    let both = |bind: &str| format!("{}, {}", server("", "HTTP"), server(bind, "TCP"));
    assert_eq!(ask(&both("bind: 10.0.0.1, "), tcp("10.0.0.1")), WEB);
    assert_eq!(ask(&both(""), tcp("10.0.0.1")), "refused");
}

/// Two HTTPS servers of one Gateway need ports of different names.
#[test]
fn a_name_of_a_port_serves_https_once() {
    let server = |name: &str, host: &str| {
        let tls = "tls: {mode: SIMPLE, credentialName: c}";
        format!("{{port: {{number: 443, name: {name}, protocol: HTTPS}}, {tls}, hosts: [{host}]}}")
    };
    let ask = |second: &str| {
        let servers = format!("{}, {}", server("https", "other.example"), server(second, "web.example"));
        goes_to(&edge(&servers, &format!("http: [{{{TO_WEB}}}]")), &asked(&json!({"tls": "tls"})))
    };
    assert_eq!(ask("https-web"), WEB);
    assert_eq!(ask("https"), "refused");
}

#[test]
fn services_outside_the_mesh_are_not_passed_to_automatically() {
    let entry = |location: &str| {
        istio(
            "ServiceEntry",
            "api",
            &format!(
                "{{hosts: [api.example], {location}resolution: DNS, ports: [{{number: 443, name: tls, protocol: TLS}}]}}"
            ),
        )
    };
    let server =
        "{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ['*.example']}";
    let ask = |location: &str| {
        let question = asked(&json!({"port": 15443, "sni": "outbound_.443_._.api.example", "protocol": "tcp"}));
        goes_to(&(edge(server, "") + &entry(location)), &question)
    };
    assert_eq!(ask("location: MESH_INTERNAL, "), "outbound_.443_._.api.example");
    assert_eq!(ask(""), "refused");
}

/// Servers of one Gateway that listen on one port share what a VirtualService says to the first of them.
#[test]
fn rules_mean_the_port_of_the_first_server() {
    let ports = "[{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: 8080}]";
    let server = |number: u32, host: &str| {
        format!("{{port: {{number: {number}, name: http-{number}, protocol: HTTP}}, hosts: [{host}]}}")
    };
    let servers = format!("{}, {}", server(80, "other.example"), server(81, "web.example"));
    let routes = format!("http: [{{match: [{{port: 81}}], directResponse: {{status: 418}}}}, {{{TO_WEB}}}]");
    let manifests =
        edge(&servers, &routes) + &service("shop", "edge", &format!("{{selector: {{app: edge}}, ports: {ports}}}"));
    assert_eq!(goes_to(&manifests, &asked(&json!({"port": 81}))), WEB);
}

/// Of several services of a name a gateway takes one that is exported to it by name, else the oldest; that is in its own
/// namespace does not matter.
#[test]
fn gateways_take_the_first_service_of_a_name() {
    let entry = |namespace: &str, name: &str, port: u32, export: &str| {
        let port = format!("{{number: {port}, name: http, protocol: HTTP}}");
        let spec = format!("{{hosts: [api.example], {export}resolution: DNS, ports: [{port}]}}");
        istio_in(namespace, "ServiceEntry", name, &spec)
    };
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    let routes = istio_in(
        "apps",
        "VirtualService",
        "api",
        "{hosts: [web.example], gateways: [shop/edge], http: [{route: [{destination: {host: api.example, port: {number: 80}}}]}]}",
    );
    let gateway = istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: [{server}]}}")) + &routes;
    let ask = |entries: String| goes_to(&(gateway.clone() + &entries), &asked(&json!({})));
    let cluster = "outbound|80||api.example";
    assert_eq!(ask(entry("alpha", "a", 80, "") + &entry("shop", "b", 81, "")), cluster);
    assert_eq!(ask(entry("alpha", "a", 81, "") + &entry("beta", "b", 80, "exportTo: [shop], ")), cluster);
    assert_eq!(ask(entry("alpha", "a", 81, "") + &entry("shop", "b", 80, "")), format!("{cluster} (no-cluster)"));
}
