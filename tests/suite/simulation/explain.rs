//! Explanations: the way of a request, and what is nearest to something that is missing.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Explained, GatewayRef, Request, Simulator};
use mesh::world::{Settings, World};

use super::{istio, service};

fn explain(host: &str, port: Option<u32>, gateway: Option<&str>, path: &str) -> Explained {
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
    let gateway = gateway.map(|name| GatewayRef::Name(name.to_owned()));
    let path = Some(path.to_owned());
    Simulator::new(&world).explain(&Request { host: Some(host.to_owned()), port, gateway, path, ..Request::default() })
}

#[test]
fn what_is_missing_has_something_near() {
    let hint = |explained: Explained| explained.hints.join("; ");
    let cases = [
        (explain("wep.shop", None, None, "/"), "did you mean `web"),
        (explain("web.shop", Some(80), None, "/"), "`web.shop` has port 8080, not 80"),
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
