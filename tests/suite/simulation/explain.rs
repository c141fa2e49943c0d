//! Explanations: the way of a request, and what is nearest to something that is missing.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Explained, GatewayRef, Request, Simulator, Tls};
use mesh::world::{Settings, World};

use super::{istio, service};

fn explain(host: &str, port: Option<u32>, gateway: Option<&str>, path: &str) -> Explained {
    let gateway = gateway.map(|name| GatewayRef::Name(name.to_owned()));
    let path = Some(path.to_owned());
    explained(&Request { host: Some(host.to_owned()), port, gateway, path, ..Request::default() })
}

fn explain_with_tls(host: &str) -> Explained {
    let host = Some(host.to_owned());
    explained(&Request { host, port: Some(8080), tls: Some(Tls::Tls), ..Request::default() })
}

fn explained(request: &Request) -> Explained {
    let servers = "[{port: {number: 80, name: http, protocol: HTTP}, hosts: [web.example.com]}]";
    let manifests = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 8080}]}"),
        istio(
            "VirtualService",
            "web",
            "{hosts: [web.example.com], gateways: [edge], http: [{match: [{uri: {prefix: /api}}], \
             route: [{destination: {host: web, subset: v1}, weight: 100}, {destination: {host: ghost}, weight: 0}]}, \
             {match: [{uri: {prefix: /other}}], route: [{destination: {host: web.elsewhere.svc.cluster.local}}]}]}",
        ),
        istio("DestinationRule", "web", "{host: web, subsets: [{name: v2, labels: {version: v2}}]}"),
        istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: {servers}}}")),
    ];
    let snapshot = Snapshot::of_texts([("all.yaml", manifests.concat())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    Simulator::new(&world).explain(request)
}

#[test]
fn what_is_missing_has_something_near() {
    let hint = |explained: Explained| explained.hints.join("; ");
    let cases = [
        (explain("wep.shop", None, None, "/"), "did you mean `web.shop`?"),
        (explain("b", None, None, "/"), "the only service is `web.shop`"),
        (explain("api.example.com", None, Some("shop/edge"), "/"), "it serves `web.example.com`"),
        (explain("web.shop", Some(80), None, "/"), "`web.shop` has port 8080, not 80"),
        (explain_with_tls("web.shop"), "is an HTTP port, and the client sends TLS"),
        (
            explain("web.example.com", None, None, "/"),
            "Gateway `shop/edge` serves this host: add `--gateway shop/edge`",
        ),
        (explain("wep.example.com", None, Some("shop/edge"), "/"), "did you mean `web.example.com`?"),
        (explain("web.example.com", Some(443), Some("shop/edge"), "/"), "has servers at port 80, none at port 443"),
        (explain("web.example.com", None, Some("shop/edge"), "/nowhere"), ": path starts with /api"),
        (explain("web.example.com", None, Some("shop/edge"), "/api"), "defines only `v2`, not `v1`"),
    ];
    for (explained, expected) in cases {
        let hints = hint(explained);
        assert!(hints.contains(expected), "{expected}: {hints}");
    }
}

#[test]
fn the_way_names_what_decides_and_where() {
    let explained = explain("web.example.com", None, Some("shop/edge"), "/api");
    let place = |text: &str| format!("(all.yaml:{text}");
    let way = explained.way.join("\n");
    for expected in ["Gateway shop/edge ", "VirtualService shop/web http[0].match[0] ", "DestinationRule shop/web "] {
        assert!(way.contains(&(expected.to_owned() + &place(""))), "{expected}: {way}");
    }
}

#[test]
fn a_destination_that_may_exist_has_no_problem() {
    let explained = explain("web.example.com", None, Some("shop/edge"), "/other");
    let answer = explained.result.unwrap();
    assert_eq!((answer.destinations[0].problem, answer.flag), (None, None));
    assert!(answer.destinations[0].assumption.as_ref().unwrap().contains("namespace `elsewhere`"));
    assert!(answer.notes().iter().any(|note| note.contains("namespace `elsewhere`")), "{:?}", answer.notes());
}

#[test]
fn the_listeners_of_a_gateway_are_one_gateway() {
    let manifests = [
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: \
         {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 8080, protocol: HTTP}]}\n\
         ---\n"
            .to_owned(),
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
    ];
    let snapshot = Snapshot::of_texts([("all.yaml", manifests.concat())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let explain = |port| {
        let gateway = Some(GatewayRef::Name("shop/edge".to_owned()));
        let request =
            Request { host: Some("web.example.com".to_owned()), port: Some(port), gateway, ..Request::default() };
        let explained = Simulator::new(&world).explain(&request);
        (explained.way.join("\n"), explained.hints.join("\n"))
    };
    let (_, hints) = explain(9000);
    assert!(hints.contains("has servers at ports 80 and 8080, none at port 9000"), "{hints}");
    let (way, hints) = explain(8080);
    assert!(way.contains("port 8080: no route is for this port"), "{way}");
    assert!(hints.contains("no route is for port 8080"), "{hints}");
}

#[test]
fn hidden_services_are_not_suggested() {
    let manifests = service("bank", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        .replace("namespace: bank", "namespace: bank, annotations: {networking.istio.io/exportTo: .}")
        + &service("shop", "cart", "{selector: {app: cart}, ports: [{name: http, port: 80}]}");
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let from = mesh::simulate::WorkloadRef { namespace: Some("shop".to_owned()), ..Default::default() };
    let request = Request { host: Some("web.elsewhere".to_owned()), from: Some(from), ..Request::default() };
    let hints = Simulator::new(&world).explain(&request).hints.join("\n");
    assert!(!hints.contains("web.bank"), "{hints}");
}

#[test]
fn the_way_says_why_a_server_denies_a_request() {
    let text = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web, sidecar.istio.io/inject: \"true\"}}\n\
         spec: {containers: [{name: web, ports: [{containerPort: 80}]}]}\n---\n"
            .to_owned(),
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: web, namespace: shop}\nspec: {selector: \
         {matchLabels: {app: web}}, action: ALLOW, rules: [{to: [{operation: {paths: [/open]}}]}]}\n---\n"
            .to_owned(),
    ];
    let snapshot = Snapshot::of_texts([("all.yaml", text.concat())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let way = |path: &str| {
        let request = Request { host: Some("web.shop".to_owned()), path: Some(path.to_owned()), ..Request::default() };
        Simulator::new(&world).explain(&request).way.join("\n")
    };
    let denied = way("/closed");
    assert!(denied.contains("denies the request with 403: no ALLOW rule"), "{denied}");
    assert!(!denied.contains("; denied"), "{denied}");
    assert!(way("/open").contains("rules[0] (all.yaml:"), "{}", way("/open"));
}

#[test]
fn placeholders_of_istiod_are_not_shown() {
    let servers = "[{port: {number: 80, name: http, protocol: HTTP}, hosts: [web.example.com]}]";
    let gateway = istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: {servers}}}"));
    let snapshot = Snapshot::of_texts([("all.yaml", gateway)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let gateway = Some(GatewayRef::Name("shop/edge".to_owned()));
    let host = Some("web.example.com".to_owned());
    let Explained { way, hints, .. } = Simulator::new(&world).explain(&Request { host, gateway, ..Request::default() });
    assert!(way.contains(&"port 80: no route is for this port".to_owned()), "{way:?}");
    assert_eq!(hints, ["no route is for port 80"]);
}
