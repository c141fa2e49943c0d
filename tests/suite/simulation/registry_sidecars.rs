//! The virtual hosts of a port, the egress listeners of Sidecar resources, and the clusters of destinations.

use serde_json::json;

use super::registry::{bytes, entry, fixed, http};
use super::{goes_to, istio_in, service};

const HTTP: &str = "{number: 80, name: http, protocol: HTTP}";

fn sidecar(namespace: &str, egress: &str) -> String {
    istio_in(namespace, "Sidecar", "own", &format!("{{egress: [{egress}]}}"))
}

fn routes(namespace: &str, name: &str, hosts: &str, to: &str) -> String {
    let route = format!("http: [{{route: [{{destination: {{host: {to}}}}}]}}]");
    istio_in(namespace, "VirtualService", name, &format!("{{hosts: [{hosts}], {route}}}"))
}

/// A Service with an address and ports such as `http: 80`.
fn at(namespace: &str, name: &str, address: &str, ports: &[(&str, u32)]) -> String {
    let ports: Vec<String> = ports.iter().map(|(name, port)| format!("{{name: {name}, port: {port}}}")).collect();
    let spec = format!("{{clusterIP: {address}, selector: {{app: {name}}}, ports: [{}]}}", ports.join(", "));
    service(namespace, name, &spec)
}

fn cluster(port: u32, name: &str, namespace: &str) -> String {
    format!("outbound|{port}||{name}.{namespace}.svc.cluster.local")
}

/// A wildcard host that overlaps with a service has no virtual host of its own, and routes only for the services that it
/// covers.
#[test]
fn a_wildcard_route_beside_a_wider_entry_has_no_effect() {
    let web = at("shop", "web", "10.96.0.1", &[("http", 80), ("http-b", 8080)]);
    let wildcard = |host: &str| web.clone() + &routes("shop", "wild", &format!("'{host}'"), "web");
    let wide = fixed("shop", "*.example.com", "", HTTP);
    let asked = http("shop", "any.api.example.com", 80);
    let narrow = wildcard("*.api.example.com");
    assert_eq!(goes_to(&narrow, &asked), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&(narrow.clone() + &wide), &asked), "outbound|80||*.example.com");
    // One service below the wildcard is enough, whatever it speaks.
    let tcp = fixed("shop", "db.api.example.com", "240.1.1.1", "{number: 80, name: tcp, protocol: TCP}");
    assert_eq!(goes_to(&(narrow + &tcp), &asked), "PassthroughCluster");
    // The most specific VirtualService routes for a service.
    let both = wildcard("*.example.com")
        + &routes("shop", "x", "'*.api.example.com'", "other")
        + &fixed("shop", "a.api.example.com", "", HTTP);
    assert_eq!(goes_to(&both, &http("shop", "a.api.example.com", 80)), cluster(80, "other", "shop") + " (no-cluster)");
    assert_eq!(goes_to(&both, &http("shop", "b.example.com", 80)), "PassthroughCluster");
}

/// At ports other than 80, a VirtualService needs a service with the port. Then all its hosts count, unless none of its
/// services speaks HTTP.
#[test]
fn hosts_without_a_service_need_one_that_has_the_port() {
    let web = at("shop", "web", "10.96.0.1", &[("http", 8080), ("tcp", 9000)])
        + &at("shop", "open", "10.96.0.2", &[("http", 9000)]);
    let both = web.clone() + &routes("shop", "both", "web, bar.example.com", "web");
    assert_eq!(goes_to(&both, &http("shop", "bar.example.com", 8080)), cluster(8080, "web", "shop"));
    assert_eq!(goes_to(&both, &http("shop", "bar.example.com", 9000)), "PassthroughCluster");
    let alone = web + &routes("shop", "alone", "bar.example.com", "web");
    assert_eq!(goes_to(&alone, &http("shop", "bar.example.com", 8080)), "PassthroughCluster");
}

/// A port that is not HTTP has no virtual host, also for a host that a VirtualService names. Its other hosts have one at
/// port 80.
#[test]
fn a_port_that_is_not_http_has_no_virtual_host() {
    let manifests = at("shop", "db", "10.96.0.1", &[("tcp", 80)])
        + &at("shop", "web", "10.96.0.2", &[("http", 80)])
        + &routes("shop", "db", "db, ghost", "web");
    let asked = |host: &str| json!({"host": host, "address": "203.0.113.1", "port": 80, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&manifests, &asked("db")), "PassthroughCluster");
    assert_eq!(goes_to(&manifests, &asked("ghost.shop.svc.cluster.local")), cluster(80, "web", "shop"));
    // A host without a service has no short names.
    assert_eq!(goes_to(&manifests, &asked("ghost")), "PassthroughCluster");
}

/// A VirtualService alone makes no listener.
#[test]
fn a_table_needs_an_http_service() {
    let manifests = at("shop", "web", "10.96.0.1", &[("http", 8080)])
        + &at("shop", "www", "10.96.0.2", &[("http", 80)])
        + &routes("shop", "ghost", "ghost.example.com", "web")
        + &sidecar("narrow", "{hosts: ['shop/ghost.example.com', 'shop/web.shop.svc.cluster.local']}");
    let asked = |namespace: &str| goes_to(&manifests, &http(namespace, "ghost.example.com", 80));
    assert_eq!(asked("shop"), cluster(80, "web", "shop") + " (no-cluster)");
    assert_eq!(asked("narrow"), "PassthroughCluster");
}

/// The route table of a port is that of the egress listener for the port, wherever the listener comes from.
#[test]
fn the_egress_listener_of_a_port_has_its_routes() {
    let manifests = at("shop", "web", "10.96.0.1", &[("http", 80)])
        + &at("far", "api", "10.96.0.2", &[("http", 80), ("any", 7000)])
        + &at("shop", "own", "10.96.0.3", &[("http", 7000)])
        + &routes("shop", "local", "ghost.example.com", "web")
        + &sidecar(
            "shop",
            "{port: {number: 80, protocol: HTTP, name: http}, hosts: ['./*']}, {port: {number: 7000, protocol: HTTP, name: b}, hosts: ['./*']}, {hosts: ['*/*']}",
        );
    assert_eq!(goes_to(&manifests, &http("shop", "web", 80)), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&manifests, &http("shop", "ghost.example.com", 80)), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&manifests, &http("shop", "api.far", 80)), "PassthroughCluster");
    // The listener at the address of a service comes from the other egress listener, with a table that is empty.
    let asked = json!({"host": "api.far", "address": "10.96.0.2", "port": 7000, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&manifests, &asked), "no-route 404");
    assert_eq!(goes_to(&manifests, &bytes("shop", "10.96.0.2", 7000)), cluster(7000, "api", "far"));
}

/// Without a service of the namespace at the port, the listener comes from the egress listener for all ports.
#[test]
fn an_egress_listener_without_services_leaves_the_listener_to_the_next() {
    let manifests = at("far", "api", "10.96.0.2", &[("http", 80)])
        + &routes("shop", "local", "ghost.example.com", "api.far.svc.cluster.local")
        + &sidecar("shop", "{port: {number: 80, protocol: HTTP, name: http}, hosts: ['./*']}, {hosts: ['*/*']}");
    assert_eq!(goes_to(&manifests, &http("shop", "ghost.example.com", 80)), cluster(80, "api", "far"));
    assert_eq!(goes_to(&manifests, &http("shop", "api.far", 80)), "PassthroughCluster");
}

/// The protocol of an egress listener decides what it listens for, that of the service which routes it has.
#[test]
fn the_protocol_of_an_egress_listener_makes_the_listener() {
    let services = at("shop", "web", "10.96.0.1", &[("http", 80)]) + &at("shop", "db", "10.96.0.2", &[("tcp", 9000)]);
    let with = |port: u32, protocol: &str, more: &str| {
        let port = format!("{{port: {{number: {port}, protocol: {protocol}, name: own}}, {more}hosts: ['./*']}}");
        services.clone() + &sidecar("shop", &port)
    };
    let at_address = |host: &str, address: &str, port: u32| json!({"host": host, "address": address, "port": port, "from": {"namespace": "shop"}});
    // An HTTP listener for a TCP service has no virtual host.
    assert_eq!(goes_to(&with(9000, "HTTP", ""), &at_address("db", "10.96.0.2", 9000)), "PassthroughCluster");
    // A TCP listener for an HTTP service is at the address of the service.
    assert_eq!(goes_to(&with(80, "TCP", ""), &at_address("web", "10.96.0.1", 80)), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&with(80, "TCP", ""), &at_address("web", "203.0.113.1", 80)), "PassthroughCluster");
    // An address replaces that of the service.
    let bound = with(9000, "TCP", "bind: 127.0.0.2, ");
    assert_eq!(goes_to(&bound, &bytes("shop", "127.0.0.2", 9000)), cluster(9000, "db", "shop"));
    assert_eq!(goes_to(&bound, &bytes("shop", "10.96.0.2", 9000)), "PassthroughCluster");
    // Without capture, the listener is at the loopback address.
    let open = with(80, "HTTP", "captureMode: NONE, ");
    assert_eq!(goes_to(&open, &at_address("web", "127.0.0.1", 80)), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&open, &at_address("web", "10.96.0.1", 80)), "PassthroughCluster");
    // On one address, HTTP is not detected, so other bytes do not pass.
    assert_eq!(goes_to(&open, &bytes("shop", "127.0.0.1", 80)), "refused 400");
    // No other port has a listener.
    assert_eq!(goes_to(&open, &bytes("shop", "10.96.0.2", 9000)), "PassthroughCluster");
}

/// The egress listener for all ports adds the listeners of other addresses only.
#[test]
fn an_address_belongs_to_the_first_egress_listener() {
    let manifests = at("shop", "web", "10.96.0.1", &[("http", 80)])
        + &at("shop", "www", "10.96.0.2", &[("http", 80)])
        + &sidecar(
            "shop",
            "{port: {number: 80, protocol: TCP, name: own}, hosts: ['./web.shop.svc.cluster.local']}, {hosts: ['./*']}",
        );
    let asked = |host: &str, address: &str| json!({"host": host, "address": address, "port": 80, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&manifests, &bytes("shop", "10.96.0.1", 80)), cluster(80, "web", "shop"));
    // All HTTP of the port is on another listener, whose table has `web` only.
    assert_eq!(goes_to(&manifests, &asked("web", "10.96.0.2")), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&manifests, &asked("www", "10.96.0.2")), "PassthroughCluster");
}

/// With only exact hosts, istiod looks up one service for each host, and so leaves out the ServiceEntries beside it.
#[test]
fn exact_hosts_import_one_service_each() {
    let host = "web.shop.svc.cluster.local";
    let both = at("shop", "web", "10.96.0.1", &[("http", 80)]) + &fixed("shop", host, "240.1.1.1", HTTP);
    let exact = both.clone() + &sidecar("client", &format!("{{hosts: ['shop/{host}']}}"));
    let wild = both + &sidecar("client", "{hosts: ['shop/*']}");
    let asked = |manifests: &str, address: &str| goes_to(manifests, &http("client", address, 80));
    let web = cluster(80, "web", "shop");
    assert_eq!(
        [asked(&exact, "10.96.0.1"), asked(&exact, "240.1.1.1")],
        [web.clone(), "PassthroughCluster".to_owned()]
    );
    assert_eq!([asked(&wild, "240.1.1.1"), asked(&wild, "10.96.0.1")], [web, "PassthroughCluster".to_owned()]);
}

#[test]
fn excluded_hosts_exclude_virtual_services() {
    let manifests = at("shop", "web", "10.96.0.1", &[("http", 80)])
        + &at("shop", "www", "10.96.0.2", &[("http", 80)])
        + &routes("shop", "web", "ghost.example.com", "web")
        + &sidecar("client", "{hosts: ['shop/*', '~shop/*.example.com']}");
    assert_eq!(goes_to(&manifests, &http("shop", "ghost.example.com", 80)), cluster(80, "web", "shop"));
    assert_eq!(goes_to(&manifests, &http("client", "ghost.example.com", 80)), "PassthroughCluster");
}

/// A destination has clusters for the ports that the routes name, for all ports if one names none. It needs no import.
#[test]
fn destinations_have_clusters_outside_of_the_imported_hosts() {
    let to = |port: &str| {
        let http = format!(
            "http: [{{match: [{{uri: {{prefix: /a}}}}], route: [{{destination: {{host: far.other.svc.cluster.local, port: {{number: 81}}}}}}]}}, {{route: [{{destination: {{host: far.other.svc.cluster.local{port}}}}}]}}]"
        );
        at("shop", "web", "10.96.0.1", &[("http", 80), ("http-b", 82)])
            + &at("other", "far", "10.96.0.2", &[("http", 80), ("http-a", 81), ("http-b", 82)])
            + &istio_in("shop", "VirtualService", "web", &format!("{{hosts: [web], {http}}}"))
            + &sidecar("shop", "{hosts: ['./*']}")
    };
    let far = |port| cluster(port, "far", "other");
    assert_eq!(goes_to(&to(""), &http("shop", "web", 80)), far(80));
    // The listener determines the port of a destination without one.
    assert_eq!(goes_to(&to(""), &http("shop", "web", 82)), far(82));
    assert_eq!(goes_to(&to(", port: {number: 82}"), &http("shop", "web", 80)), far(82));
    assert_eq!(goes_to(&to(", port: {number: 83}"), &http("shop", "web", 80)), far(83) + " (no-cluster)");
    // But the host itself is unknown.
    assert_eq!(goes_to(&to(""), &http("shop", "far.other", 81)), "PassthroughCluster");
}

/// On a sidecar, an HTTP destination without a port has that of the listener, even if its service has another only one.
#[test]
fn only_ports_count_for_connections_and_gateways() {
    let to = |section: &str| {
        let route = format!("{section}: [{{route: [{{destination: {{host: one}}}}]}}]");
        at("shop", "front", "10.96.0.1", &[("http", 80), ("tcp", 9000)])
            + &at("shop", "one", "10.96.0.2", &[("http", 8080)])
            + &istio_in("shop", "VirtualService", "front", &format!("{{hosts: [front], {route}}}"))
    };
    assert_eq!(goes_to(&to("http"), &http("shop", "front", 80)), cluster(80, "one", "shop") + " (no-cluster)");
    assert_eq!(goes_to(&to("tcp"), &bytes("shop", "10.96.0.1", 9000)), cluster(8080, "one", "shop"));
}

/// A service that is hidden from its own namespace has clusters where a route leads to it, but no endpoints if it is
/// exported to nobody.
#[test]
fn services_exported_to_nobody_have_no_endpoints() {
    let hidden = |to: &str| {
        at("shop", "web", "10.96.0.1", &[("http", 80)]).replacen(
            "name: web,",
            &format!("name: web, annotations: {{networking.istio.io/exportTo: '{to}'}},"),
            1,
        ) + &super::deployment("shop", "web", "{app: web}", "[]")
            + &at("shop", "front", "10.96.0.2", &[("http", 80)])
            + &routes("shop", "front", "front", "web")
    };
    let web = cluster(80, "web", "shop");
    assert_eq!(goes_to(&hidden("tools"), &http("shop", "front", 80)), web);
    assert_eq!(goes_to(&hidden("~"), &http("shop", "front", 80)), web.clone() + " (no-endpoints)");
    assert_eq!(goes_to(&hidden("tools"), &http("other", "front.shop", 80)), web + " (no-cluster)");
}

/// Gateways do not prefer the services of their own namespace.
#[test]
fn gateways_use_the_first_namespace() {
    let of = |namespace: &str, port: u32| {
        let port = format!("{{number: {port}, name: http, protocol: HTTP}}");
        let rest = "resolution: STATIC, endpoints: [{address: 192.0.2.1}]";
        entry(namespace, "ext", &format!("{{hosts: [ext.example.com], {rest}, ports: [{port}]}}"))
    };
    let gateway = istio_in(
        "infra",
        "Gateway",
        "gw",
        "{selector: {istio: gw}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
    );
    let to = "{hosts: [ext.example.com], gateways: [infra/gw], http: [{route: [{destination: {host: ext.example.com, port: {number: 81}}}]}]}";
    let manifests = of("a", 81) + &of("infra", 82) + &gateway + &istio_in("shop", "VirtualService", "ext", to);
    let asked = json!({"host": "ext.example.com", "gateway": "infra/gw"});
    assert_eq!(goes_to(&manifests, &asked), "outbound|81||ext.example.com");
    let notes = super::ask(&manifests, &asked).unwrap().notes().join("\n");
    assert!(notes.contains("ServiceEntry `infra/ext`"), "{notes}");
}

/// Hosts below `svc` have short names, of any number of labels; wildcards have an absolute form as well.
#[test]
fn hosts_of_entries_have_short_names() {
    let manifests = fixed("shop", "a.db.shop.svc.cluster.local", "", HTTP) + &fixed("shop", "*.example.com", "", HTTP);
    for host in ["a.db.shop", "a.db.shop.svc", "a.db.shop.svc.cluster.local."] {
        assert_eq!(goes_to(&manifests, &http("shop", host, 80)), "outbound|80||a.db.shop.svc.cluster.local");
    }
    assert_eq!(goes_to(&manifests, &http("shop", "x.example.com.", 80)), "outbound|80||*.example.com");
}
