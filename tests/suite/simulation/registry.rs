//! The corners of the registry: services of equal age, several definitions of one host, and aliases.

use serde_json::{Value, json};

use super::{ask, goes_to, istio_in, service};

pub(super) fn entry(namespace: &str, name: &str, spec: &str) -> String {
    istio_in(namespace, "ServiceEntry", name, spec)
}

/// A ServiceEntry with one host, one port and fixed endpoints.
pub(super) fn fixed(namespace: &str, host: &str, address: &str, port: &str) -> String {
    let name = host.trim_start_matches("*.").replace('.', "-");
    let addresses = if address.is_empty() { String::new() } else { format!("addresses: [{address}], ") };
    let rest = format!("resolution: STATIC, endpoints: [{{address: 192.0.2.1}}], ports: [{port}]");
    entry(namespace, &name, &format!("{{hosts: ['{host}'], {addresses}{rest}}}"))
}

/// Bytes from a client to an address and port.
pub(super) fn bytes(namespace: &str, address: &str, port: u32) -> Value {
    json!({"address": address, "port": port, "protocol": "tcp", "from": {"namespace": namespace}})
}

/// A plaintext request from a client to a host.
pub(super) fn http(namespace: &str, host: &str, port: u32) -> Value {
    json!({"host": host, "port": port, "from": {"namespace": namespace}})
}

const TCP: &str = "{number: 9000, name: tcp, protocol: TCP}";
const TLS: &str = "{number: 9000, name: tls, protocol: TLS}";
const HTTP: &str = "{number: 80, name: http, protocol: HTTP}";

#[test]
fn the_first_service_by_host_gets_a_shared_address() {
    let both = fixed("a", "zz.example.com", "240.1.1.1", TCP) + &fixed("z", "aa.example.com", "240.1.1.1", TCP);
    assert_eq!(goes_to(&both, &bytes("client", "240.1.1.1", 9000)), "outbound|9000||aa.example.com");
    let notes = ask(&both, &bytes("client", "240.1.1.1", 9000)).unwrap().notes().join("\n");
    assert!(notes.contains("ServiceEntry `a/zz-example-com`") && notes.contains("the older one"), "{notes}");
    // TLS at the address of a service is not told apart by server name either. A wildcard sorts before letters.
    let both = fixed("a", "aa.example.com", "240.1.1.1", TLS) + &fixed("a", "*.example.com", "240.1.1.1", TLS);
    let asked = json!({"address": "240.1.1.1", "port": 9000, "sni": "aa.example.com", "from": {"namespace": "client"}});
    assert_eq!(goes_to(&both, &asked), "outbound|9000||*.example.com");
    // An older one comes first, and then there is nothing to note.
    let older = both.replacen("metadata: {", "metadata: {creationTimestamp: '2020-01-01T00:00:00Z', ", 1)
        + &fixed("b", "0.example.com", "240.1.1.2", TLS);
    assert!(older.contains("2020"));
}

#[test]
fn an_older_service_comes_first() {
    let aged = |host: &str, year: u32| {
        fixed("a", host, "240.1.1.1", TCP).replacen(
            "metadata: {",
            &format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', "),
            1,
        )
    };
    let answer = ask(&(aged("aa.example.com", 2021) + &aged("zz.example.com", 2020)), &bytes("a", "240.1.1.1", 9000));
    let answer = answer.unwrap();
    assert_eq!(answer.destinations[0].cluster, "outbound|9000||zz.example.com");
    assert_eq!(answer.notes(), Vec::<String>::new());
}

/// A Kubernetes Service is ordered by its short name: `ab` comes before `ab-x.example.com`, its host would come after.
#[test]
fn kubernetes_services_are_ordered_by_their_short_names() {
    let manifests = fixed("a", "ab-x.example.com", "10.96.0.9", TCP)
        + &service("zed", "ab", "{clusterIP: 10.96.0.9, selector: {app: ab}, ports: [{name: tcp, port: 9000}]}");
    assert_eq!(goes_to(&manifests, &bytes("c", "10.96.0.9", 9000)), "outbound|9000||ab.zed.svc.cluster.local");
}

#[test]
fn services_that_are_exported_by_name_come_before_public_ones() {
    let own = "hosts: [zz.example.com], addresses: [240.1.1.1], exportTo: ['.'], resolution: STATIC";
    let manifests = fixed("a", "aa.example.com", "240.1.1.1", TCP)
        + &entry("shop", "own", &format!("{{{own}, endpoints: [{{address: 192.0.2.2}}], ports: [{TCP}]}}"));
    assert_eq!(goes_to(&manifests, &bytes("shop", "240.1.1.1", 9000)), "outbound|9000||zz.example.com");
    assert_eq!(goes_to(&manifests, &bytes("other", "240.1.1.1", 9000)), "outbound|9000||aa.example.com");
}

#[test]
fn services_without_an_address_share_the_listener_of_all_addresses() {
    let open = fixed("a", "b.example.com", "", TCP) + &fixed("a", "a.example.com", "", TCP);
    assert_eq!(goes_to(&open, &bytes("c", "203.0.113.9", 9000)), "outbound|9000||a.example.com");
    // A network is more specific; of two equal networks the first counts.
    let networks = open
        + &fixed("a", "y.example.com", "10.1.2.0/24", TCP)
        + &fixed("a", "x.example.com", "10.1.2.9/24", TCP)
        + &fixed("a", "0.example.com", "10.1.0.0/16", TLS);
    assert_eq!(goes_to(&networks, &bytes("c", "10.1.2.3", 9000)), "outbound|9000||x.example.com");
    assert_eq!(goes_to(&networks, &bytes("c", "203.0.113.9", 9000)), "outbound|9000||a.example.com");
    // TLS in the network of another service, with a name that no chain has, goes to the service without an address.
    let asked = |name: &str| json!({"address": "10.1.9.9", "port": 9000, "sni": name, "from": {"namespace": "c"}});
    assert_eq!(goes_to(&networks, &asked("0.EXAMPLE.com")), "outbound|9000||0.example.com");
    assert_eq!(goes_to(&networks, &asked("other.example.com")), "outbound|9000||a.example.com");
}

#[test]
fn protocols_that_share_a_listener_are_detected() {
    let http =
        service("shop", "web", "{clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 9000}]}");
    let with = |port: &str| http.clone() + &fixed("shop", "db.example.com", "", port);
    let web = "outbound|9000||web.shop.svc.cluster.local";
    let db = "outbound|9000||db.example.com";
    let asked = [http_at("web.shop", "203.0.113.1"), bytes("shop", "203.0.113.1", 9000)];
    let both = |port: &str| asked.iter().map(|it| goes_to(&with(port), it)).collect::<Vec<_>>();
    assert_eq!(both(TCP), [web, db]);
    assert_eq!(both("{number: 9000, name: any}"), [web, db]);
    // `db.example.com` sorts before `web`. Detection would break MongoDB, so the later listener is dropped.
    assert_eq!(both("{number: 9000, name: mongo, protocol: MONGO}"), [db, db]);
}

fn http_at(host: &str, address: &str) -> Value {
    json!({"host": host, "address": address, "port": 9000, "from": {"namespace": "shop"}})
}

#[test]
fn one_namespace_counts_for_a_host() {
    let of = |namespace: &str, address: &str, port: &str| fixed(namespace, "ext.example.com", address, port);
    let manifests = of("red", "240.1.1.1", HTTP) + &of("blue", "240.1.1.2", TCP);
    // A client elsewhere gets the first namespace only, with its ports only.
    assert_eq!(goes_to(&manifests, &bytes("client", "240.1.1.2", 9000)), "outbound|9000||ext.example.com");
    assert_eq!(goes_to(&manifests, &http("client", "ext.example.com", 80)), "PassthroughCluster");
    assert_eq!(goes_to(&manifests, &http("red", "ext.example.com", 80)), "outbound|80||ext.example.com");
    let notes = ask(&manifests, &bytes("client", "240.1.1.2", 9000)).unwrap().notes().join("\n");
    assert!(notes.contains("ServiceEntry `red/ext-example-com`"), "{notes}");
    assert_eq!(ask(&manifests, &http("red", "ext.example.com", 80)).unwrap().notes(), Vec::<String>::new());
    // A Service takes precedence, but not over an entry of the client's own namespace.
    let host = "web.blue.svc.cluster.local";
    let manifests = fixed("a", host, "240.1.1.1", TCP)
        + &fixed("red", host, "240.1.1.3", TCP)
        + &service("blue", "web", "{clusterIP: 10.96.0.2, selector: {app: web}, ports: [{name: tcp, port: 9000}]}");
    assert_eq!(goes_to(&manifests, &bytes("client", "240.1.1.1", 9000)), "PassthroughCluster");
    assert_eq!(goes_to(&manifests, &bytes("client", "10.96.0.2", 9000)), format!("outbound|9000||{host}"));
    assert_eq!(goes_to(&manifests, &bytes("red", "240.1.1.3", 9000)), format!("outbound|9000||{host}"));
    assert_eq!(goes_to(&manifests, &bytes("red", "10.96.0.2", 9000)), "PassthroughCluster");
}

#[test]
fn entries_of_one_host_and_namespace_add_ports_if_their_settings_are_equal() {
    let of = |name: &str, address: &str, more: &str, port: &str| {
        let rest = format!("resolution: STATIC, endpoints: [{{address: 192.0.2.1}}], ports: [{port}]");
        entry("shop", name, &format!("{{hosts: [ext.example.com], addresses: [{address}], {more}{rest}}}"))
    };
    let other = "{number: 9001, name: tcp-b, protocol: TCP}";
    let merged = of("one", "240.1.1.1", "", TCP) + &of("two", "240.1.1.2", "", other);
    assert_eq!(goes_to(&merged, &bytes("c", "240.1.1.1", 9000)), "outbound|9000||ext.example.com");
    assert_eq!(goes_to(&merged, &bytes("c", "240.1.1.2", 9001)), "outbound|9001||ext.example.com");
    assert_eq!(goes_to(&merged, &bytes("c", "240.1.1.2", 9000)), "PassthroughCluster");
    // No `exportTo` and `*` differ to istiod. The listener is there, the cluster is not.
    let apart = of("one", "240.1.1.1", "", TCP) + &of("two", "240.1.1.2", "exportTo: ['*'], ", other);
    assert_eq!(goes_to(&apart, &bytes("c", "240.1.1.2", 9001)), "outbound|9001||ext.example.com (no-cluster)");
    let notes = ask(&apart, &bytes("c", "240.1.1.2", 9001)).unwrap().notes().join("\n");
    assert!(notes.contains("either of them if both are equally old"), "{notes}");
}

/// Endpoints are kept by host and namespace. Endpoint discovery goes by the name of the port, DNS by its number.
#[test]
fn entries_of_one_host_share_endpoints() {
    let of = |name: &str, resolution: &str, endpoints: &str, port: &str| {
        let rest = format!("resolution: {resolution}, endpoints: [{endpoints}], ports: [{port}]");
        entry("shop", name, &format!("{{hosts: [ext.example.com], addresses: [240.1.1.1], {rest}}}"))
    };
    let subset = istio_in(
        "shop",
        "DestinationRule",
        "ext",
        "{host: ext.example.com, subsets: [{name: v2, labels: {version: v2}}]}",
    );
    let routes = istio_in(
        "shop",
        "VirtualService",
        "ext",
        "{hosts: [ext.example.com], tcp: [{route: [{destination: {host: ext.example.com, subset: v2}}]}]}",
    );
    let cluster = "outbound|9000|v2|ext.example.com";
    let v2 = "{address: 192.0.2.2, labels: {version: v2}}";
    let ask = |first: &str, second: &str| {
        goes_to(&(first.to_owned() + second + &subset + &routes), &bytes("shop", "240.1.1.1", 9000))
    };
    let first = of("a", "STATIC", "{address: 192.0.2.1}", TCP);
    assert_eq!(ask(&first, &of("b", "STATIC", v2, "{number: 9001, name: tcp, protocol: TCP}")), cluster);
    assert_eq!(
        ask(&first, &of("b", "STATIC", v2, "{number: 9000, name: tcp-b, protocol: TCP}")),
        format!("{cluster} (no-endpoints)")
    );
    let named = "{address: y.example.com, labels: {version: v2}}";
    assert_eq!(ask(&first, &of("b", "DNS", named, TCP)), format!("{cluster} (no-endpoints)"));
    let first = of("a", "DNS", "{address: x.example.com}", TCP);
    assert_eq!(ask(&first, &of("b", "STATIC", v2, "{number: 9000, name: tcp-b, protocol: TCP}")), cluster);
}

#[test]
fn an_entry_for_the_host_of_a_service_has_no_clusters_of_its_own() {
    let host = "web.shop.svc.cluster.local";
    let manifests = service(
        "shop",
        "web",
        "{clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80}, {name: tcp, port: 9000}]}",
    ) + &fixed(
        "shop",
        host,
        "240.1.1.1",
        "{number: 7000, name: tcp-x, protocol: TCP}, {number: 8080, name: http-x, protocol: HTTP}, {number: 80, name: http, protocol: HTTP}",
    );
    assert_eq!(goes_to(&manifests, &http("shop", "web", 80)), format!("outbound|80||{host}"));
    assert_eq!(goes_to(&manifests, &bytes("shop", "10.96.0.1", 9000)), format!("outbound|9000||{host}"));
    assert_eq!(goes_to(&manifests, &bytes("shop", "240.1.1.1", 7000)), format!("outbound|7000||{host} (no-cluster)"));
    assert_eq!(goes_to(&manifests, &http("shop", "web", 8080)), format!("outbound|8080||{host} (no-cluster)"));
    // The entry is the last one, so the route table has its address.
    assert_eq!(goes_to(&manifests, &http("shop", "240.1.1.1", 80)), format!("outbound|80||{host}"));
    assert_eq!(goes_to(&manifests, &http("shop", "10.96.0.1", 80)), "PassthroughCluster");
}

/// An ExternalName Service is the Service of the host, and has no cluster.
#[test]
fn an_entry_for_the_name_of_an_alias_has_no_cluster() {
    let host = "db.shop.svc.cluster.local";
    let alias = service(
        "shop",
        "db",
        "{type: ExternalName, externalName: db.example.com, ports: [{name: tcp, port: 9000}, {name: http, port: 80}]}",
    );
    let manifests = alias + &fixed("shop", host, "240.1.1.1", &format!("{TCP}, {HTTP}"));
    assert_eq!(goes_to(&manifests, &bytes("shop", "240.1.1.1", 9000)), format!("outbound|9000||{host} (no-cluster)"));
    assert_eq!(goes_to(&manifests, &http("shop", "db", 80)), format!("outbound|80||{host} (no-cluster)"));
}

/// The endpoints of an entry for the host of a headless Service have listeners as well.
#[test]
fn entries_add_addresses_to_a_headless_service() {
    let host = "db.shop.svc.cluster.local";
    let manifests = service("shop", "db", "{clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 9000}]}")
        + &fixed("shop", host, "", TCP);
    assert_eq!(goes_to(&manifests, &bytes("shop", "192.0.2.1", 9000)), format!("outbound|9000||{host}"));
    let other = manifests.replace("name: tcp, protocol", "name: tcp-b, protocol");
    let own = bytes("shop", "192.0.2.1", 9000);
    // The entry itself has a listener for all addresses, and still no cluster but that of the Service.
    assert_eq!(goes_to(&other, &own), format!("outbound|9000||{host}"));
}

#[test]
fn an_alias_of_an_alias_is_followed_once() {
    let alias = |name: &str, target: &str| {
        let rest = "ports: [{name: http, port: 80}, {name: tcp, port: 9000}]";
        service("shop", name, &format!("{{type: ExternalName, externalName: {target}.shop.svc.cluster.local, {rest}}}"))
    };
    let ports = "[{name: http, port: 80}, {name: tcp, port: 9000}]";
    let real = service("shop", "real", &format!("{{clusterIP: 10.96.0.1, selector: {{app: real}}, ports: {ports}}}"));
    let front = service("shop", "front", &format!("{{clusterIP: 10.96.0.2, selector: {{app: f}}, ports: {ports}}}"));
    let routes = |target: &str| {
        let to = format!("route: [{{destination: {{host: {target}, port: {{number: 9000}}}}}}]");
        istio_in("shop", "VirtualService", "front", &format!("{{hosts: [front], http: [{{{to}}}], tcp: [{{{to}}}]}}"))
    };
    let all = alias("al", "real") + &alias("al2", "al") + &real + &front;
    let real = "outbound|9000||real.shop.svc.cluster.local";
    let once = "outbound|9000||al.shop.svc.cluster.local (no-cluster)";
    for (target, cluster) in [("al", real), ("al2", once)] {
        let manifests = all.clone() + &routes(target);
        assert_eq!(goes_to(&manifests, &http("shop", "front", 80)), cluster);
        assert_eq!(goes_to(&manifests, &bytes("shop", "10.96.0.2", 9000)), cluster);
    }
    // Requests to any of the names reach the last one.
    for name in ["al", "al2", "al2.shop.svc.cluster.local."] {
        assert_eq!(goes_to(&all, &http("shop", name, 80)), "outbound|80||real.shop.svc.cluster.local");
    }
}

/// The `exportTo` of an alias does not matter, and neither does its namespace.
#[test]
fn aliases_are_domains_of_the_service_for_all_clients() {
    let hidden = "apiVersion: v1\nkind: Service\nmetadata: {name: al, namespace: tools, annotations: {networking.istio.io/exportTo: '.'}}\nspec: {type: ExternalName, externalName: web.shop.svc.cluster.local}\n---\n";
    let manifests = hidden.to_owned()
        + &service("shop", "web", "{clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &istio_in("narrow", "Sidecar", "own", "{egress: [{hosts: ['shop/web.shop.svc.cluster.local']}]}");
    let web = "outbound|80||web.shop.svc.cluster.local";
    assert_eq!(goes_to(&manifests, &http("client", "al.tools", 80)), web);
    assert_eq!(goes_to(&manifests, &http("narrow", "web.shop", 80)), web);
    assert_eq!(goes_to(&manifests, &http("narrow", "al.tools", 80)), "PassthroughCluster");
}

/// Route tables have hosts in lower case, so the cluster of a host with capitals is not found.
#[test]
fn capitals_in_the_host_of_an_entry_break_http_only() {
    let manifests = fixed("shop", "UP.Example.com", "", HTTP) + &fixed("shop", "Low.Example.com", "240.1.1.1", TLS);
    assert_eq!(goes_to(&manifests, &http("shop", "up.example.com", 80)), "outbound|80||up.example.com (no-cluster)");
    assert_eq!(goes_to(&manifests, &bytes("shop", "240.1.1.1", 9000)), "outbound|9000||Low.Example.com");
    let open = fixed("shop", "UP.Example.com", "", TLS);
    let asked = json!({"address": "203.0.113.1", "port": 9000, "sni": "up.example.COM", "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&open, &asked), "outbound|9000||UP.Example.com");
}

/// A pod without a container port of the name of the target port is not an endpoint of the port.
#[test]
fn pods_without_the_named_target_port_are_no_endpoints() {
    let ports = "[{name: http, port: 80, targetPort: web}, {name: http-admin, port: 81, targetPort: admin}]";
    let manifests = service("shop", "web", &format!("{{selector: {{app: web}}, ports: {ports}}}"))
        + &super::deployment("shop", "web", "{app: web}", "[{name: web, containerPort: 8080}]");
    let host = "web.shop.svc.cluster.local";
    assert_eq!(goes_to(&manifests, &http("shop", "web", 80)), format!("outbound|80||{host}"));
    assert_eq!(goes_to(&manifests, &http("shop", "web", 81)), format!("outbound|81||{host} (no-endpoints)"));
}

/// istiod gives an address that several hosts have to one of them at random.
#[test]
fn an_address_of_several_http_hosts_is_noted() {
    let both = fixed("a", "aa.example.com", "240.1.1.1", HTTP) + &fixed("a", "bb.example.com", "240.1.1.1", HTTP);
    let notes = |host: &str| ask(&both, &http("c", host, 80)).unwrap().notes().join("\n");
    assert!(notes("240.1.1.1").contains("`bb.example.com:80`"), "{}", notes("240.1.1.1"));
    assert_eq!(notes("bb.example.com"), "");
}

/// A copy of the cluster's state has all workloads of a namespace; other manifests may lack them.
#[test]
fn workloads_that_a_copy_of_the_cluster_lacks_do_not_exist() {
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{{labels}}}}}\n---\n")
    };
    let web = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    let ask = |labels: &str| goes_to(&(namespace(labels) + &web), &http("shop", "web", 80));
    let cluster = "outbound|80||web.shop.svc.cluster.local";
    assert_eq!(ask("istio-injection: enabled"), cluster);
    assert_eq!(ask("kubernetes.io/metadata.name: shop"), format!("{cluster} (no-endpoints)"));
}
