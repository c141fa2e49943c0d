//! Services and ServiceEntries: which of them apply, and how clients connect to their workloads.

use serde_json::json;

use super::{ask, deployment, goes_to, istio, service};

/// The arrivals at workloads, as `workload tls outcome`.
fn arrivals(manifests: &str, question: &serde_json::Value) -> Vec<String> {
    let answer = ask(manifests, question).unwrap();
    let text = |it: &mesh::simulate::Arrived| format!("{} {} {}", it.workload, it.tls, it.outcome.as_str());
    answer.arrivals.iter().map(text).collect()
}

#[test]
fn the_tls_mode_label_decides_whether_a_workload_gets_mutual_tls() {
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

/// The server name of mutual TLS is the cluster, unless a DestinationRule sets `sni`. TLS that the proxy passes through keeps
/// its server name.
#[test]
fn servers_see_the_server_name_of_the_clients_proxy() {
    let workload = service(
        "shop",
        "web",
        "{selector: {app: web}, ports: [{name: http, port: 80}, {name: tcp, port: 90}, {name: https, port: 443}]}",
    ) + &deployment("shop", "web", "{app: web}", "[]");
    let names = [
        ("outbound_.80_._.web.shop.svc.cluster.local", json!({"port": 80})),
        ("outbound_.90_._.web.shop.svc.cluster.local", json!({"port": 90, "protocol": "tcp"})),
    ];
    let denying = |name: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: deny, namespace: shop}}\nspec: {{action: DENY, rules: [{{when: [{{key: connection.sni, values: ['{name}']}}]}}]}}\n---\n"
        )
    };
    let is_denied = |manifests: &str, name: &str, question: &serde_json::Value| {
        let mut question = question.clone();
        question["host"] = "web.shop".into();
        let arrived = arrivals(&(workload.clone() + manifests + &denying(name)), &question);
        arrived == [format!("shop/web {} denied", if manifests.contains("DISABLE") { "plaintext" } else { "mtls" })]
    };
    for (name, question) in &names {
        assert!(is_denied("", name, question), "{question}");
        assert!(!is_denied("", "other", question), "{question}");
    }
    let rule = |tls: &str| istio("DestinationRule", "web", &format!("{{host: web, trafficPolicy: {{tls: {tls}}}}}"));
    assert!(is_denied(&rule("{mode: ISTIO_MUTUAL, sni: own.example}"), "own.example", &names[0].1));
    let passed = json!({"port": 443, "sni": "own.example", "protocol": "tcp"});
    assert!(is_denied(&rule("{mode: DISABLE}"), "own.example", &passed));
}

/// If the manifests have no Service, each host of `tcp` and `tls` routes is assumed to be a service.
#[test]
fn tcp_and_tls_routes_apply_without_services() {
    let route = |host: &str| format!("route: [{{destination: {{host: {host}, port: {{number: 9000}}}}}}]");
    let tcp = |name: &str, entry: &str| {
        istio(
            "VirtualService",
            name,
            &format!("{{hosts: [{name}], tcp: [{{{entry}{}}}]}}", route(&format!("{name}-v2"))),
        )
    };
    let manifests = tcp("one", "match: [{port: 5432}], ")
        + &tcp("two", "")
        + &istio(
            "VirtualService",
            "three",
            &format!("{{hosts: [three], tls: [{{match: [{{sniHosts: [a.example]}}], {}}}]}}", route("three-v2")),
        );
    let ask = |host: &str, port: u32| goes_to(&manifests, &json!({"host": host, "port": port, "protocol": "tcp"}));
    assert_eq!(ask("one.shop", 5432), "outbound|9000||one-v2.shop.svc.cluster.local");
    assert_eq!(ask("two.shop", 5432), "outbound|9000||two-v2.shop.svc.cluster.local");
    assert_eq!(ask("one.shop", 5433), "PassthroughCluster");
    let without_port = json!({"host": "one.shop", "protocol": "tcp"});
    assert_eq!(goes_to(&manifests, &without_port), "outbound|9000||one-v2.shop.svc.cluster.local");
    let tls = |sni: &str| goes_to(&manifests, &json!({"host": "three.shop", "port": 443, "sni": sni}));
    assert_eq!(tls("a.example"), "outbound|9000||three-v2.shop.svc.cluster.local");
    assert_eq!(tls("b.example"), "PassthroughCluster");
}

/// Two ServiceEntries of the same host and namespace are one service if only their ports differ.
#[test]
fn service_entries_of_one_host_are_merged() {
    let entry = |name: &str, more: &str, port: &str| {
        istio("ServiceEntry", name, &format!("{{hosts: [api.example], {more}, ports: [{port}]}}"))
    };
    let first =
        entry("a", "resolution: STATIC, endpoints: [{address: 10.0.0.1}]", "{number: 80, name: http, protocol: HTTP}");
    let port = "{number: 8080, name: http-alt, protocol: HTTP}";
    let ask = |second: &str| goes_to(&(first.clone() + second), &json!({"host": "api.example", "port": 8080}));
    let alike = entry("b", "resolution: STATIC, endpoints: [{address: 10.0.0.2}]", port);
    assert_eq!(ask(&alike), "outbound|8080||api.example");
    let other = entry("b", "resolution: DNS", port);
    assert_eq!(ask(&other), "outbound|8080||api.example (no-cluster)");
    // A service can have the port of one ServiceEntry and the endpoints of another, if the ports have the same name.
    let without = entry("b", "resolution: STATIC", port);
    let endpoints = entry("c", "resolution: STATIC, endpoints: [{address: 10.0.0.3}]", port);
    assert_eq!(ask(&without), "outbound|8080||api.example (no-endpoints)");
    assert_eq!(ask(&(without + &endpoints)), "outbound|8080||api.example");
}

/// Routes can use a port that the second ServiceEntry adds.
#[test]
fn routes_use_ports_of_both_service_entries() {
    let entry = |name: &str, port: &str| {
        istio("ServiceEntry", name, &format!("{{hosts: [api.example], resolution: DNS, ports: [{port}]}}"))
    };
    let route = "http: [{route: [{destination: {host: api.example, port: {number: 443}}}]}]";
    let manifests = entry("a", "{number: 80, name: http, protocol: HTTP}")
        + &entry("b", "{number: 443, name: tls, protocol: TLS}")
        + &istio("VirtualService", "api", &format!("{{hosts: [api.example], {route}}}"));
    assert_eq!(goes_to(&manifests, &json!({"host": "api.example", "port": 80})), "outbound|443||api.example");
}

#[test]
fn original_destination_clusters_have_no_load_balancer() {
    let balancer = |manifests: &str, host: &str| {
        let answer = ask(manifests, &json!({"host": host})).unwrap();
        answer.destinations[0].load_balancer.clone()
    };
    let port = "ports: [{name: http, port: 80}]";
    let manifests = service("shop", "web", &format!("{{selector: {{app: web}}, {port}}}"))
        + &service("shop", "pods", &format!("{{selector: {{app: web}}, clusterIP: None, {port}}}"))
        + &istio("ServiceEntry", "api", "{hosts: [api.example], ports: [{number: 80, name: http, protocol: HTTP}]}");
    assert_eq!(balancer(&manifests, "web.shop").as_deref(), Some("LEAST_REQUEST"));
    assert_eq!(balancer(&manifests, "pods.shop"), None);
    assert_eq!(balancer(&manifests, "api.example"), None);
}

/// The egress proxy must be in the scope of the sidecar, like any other host.
#[test]
fn the_egress_proxy_must_be_in_scope() {
    let port = "ports: [{name: http, port: 80}]";
    let services = service("shop", "web", &format!("{{selector: {{app: web}}, {port}}}"))
        + &service("infra", "relay", &format!("{{selector: {{app: relay}}, {port}}}"));
    let ask = |hosts: &str| {
        let relay = "{host: relay.infra.svc.cluster.local, port: {number: 80}}";
        let policy = format!("outboundTrafficPolicy: {{mode: ALLOW_ANY, egressProxy: {relay}}}");
        let sidecar = istio("Sidecar", "own", &format!("{{egress: [{{hosts: [{hosts}]}}], {policy}}}"));
        let question = json!({"host": "unknown.example", "from": {"namespace": "shop"}});
        goes_to(&(services.clone() + &sidecar), &question)
    };
    let cluster = "outbound|80||relay.infra.svc.cluster.local";
    assert_eq!(ask("'./*', 'infra/*'"), cluster);
    assert_eq!(ask("'./*'"), format!("{cluster} (no-cluster)"));
}

/// A protocol whose server sends first cannot share a port with one that Envoy detects by the first bytes of the client.
#[test]
fn mongo_and_mysql_do_not_share_ports() {
    let entry = |name: &str, protocol: &str| {
        let port = format!("{{number: 27017, name: p, protocol: {protocol}}}");
        istio("ServiceEntry", name, &format!("{{hosts: [{name}.example], ports: [{port}]}}"))
    };
    let mongo_first = entry("a", "MONGO") + &entry("b", "HTTP");
    let http = |host: &str| json!({"host": host, "port": 27017, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&mongo_first, &http("b.example")), "outbound|27017||a.example");
    let mongo_last = entry("a", "HTTP") + &entry("b", "MYSQL");
    assert_eq!(goes_to(&mongo_last, &http("a.example")), "outbound|27017||a.example");
    let bytes = json!({"host": "b.example", "port": 27017, "protocol": "tcp"});
    assert_eq!(goes_to(&mongo_last, &bytes), "PassthroughCluster");
    assert_eq!(goes_to(&(entry("a", "MONGO") + &entry("b", "MONGO")), &bytes), "outbound|27017||a.example");
}

/// The listeners of the sidecar itself conflict with HTTP listeners on the same ports.
#[test]
fn http_on_the_sidecars_own_ports_is_blocked() {
    let ports = "[{name: http, port: 15006}, {name: http-1, port: 15001}, {name: tcp, port: 15007}]";
    let manifests = service("shop", "web", &format!("{{selector: {{app: web}}, ports: {ports}}}"));
    for port in [15001, 15006] {
        assert_eq!(goes_to(&manifests, &json!({"host": "web.shop", "port": port})), "blackhole", "{port}");
    }
}

/// Routes of an HTTP proxy have no service port, so a destination without a port uses the only port of its service.
#[test]
fn an_http_proxy_serves_hosts_without_port_for_port_80() {
    let entry = |host: &str, ports: &str| {
        istio("ServiceEntry", host, &format!("{{hosts: [{host}.example], resolution: DNS, ports: [{ports}]}}"))
    };
    let http = |number: u32| format!("{{number: {number}, name: http-{number}, protocol: HTTP}}");
    let manifests = entry("plain", &http(80))
        + &entry("other", &http(8080))
        + &entry("routed", &(http(80) + ", " + &http(81)))
        + &istio(
            "VirtualService",
            "routed",
            "{hosts: [routed.example], http: [{match: [{port: 15080}], route: [{destination: {host: plain.example}}]}, {route: [{destination: {host: other.example}}]}]}",
        )
        + &istio(
            "Sidecar",
            "own",
            "{egress: [{port: {number: 15080, name: proxy, protocol: HTTP_PROXY}, bind: 127.0.0.1, hosts: ['./*']}]}",
        );
    let ask = |host: &str| goes_to(&manifests, &json!({"host": host, "port": 15080, "from": {"namespace": "shop"}}));
    assert_eq!(ask("plain.example"), "outbound|80||plain.example");
    assert_eq!(ask("plain.example:80"), "outbound|80||plain.example");
    assert_eq!(ask("routed.example"), "outbound|8080||other.example");
    assert_eq!(ask("other.example:8080"), "PassthroughCluster");
}

/// Envoy resolves the name that the client requests only for some protocols, and not for subsets.
#[test]
fn dynamic_dns_supports_some_protocols_only() {
    let ports = "[{number: 80, name: http, protocol: HTTP}, {number: 81, name: web, protocol: GRPC-WEB}, {number: 443, name: tls, protocol: TLS}]";
    let entry = format!("{{hosts: ['*.example'], addresses: [10.1.1.1], resolution: DYNAMIC_DNS, ports: {ports}}}");
    let rule = "{host: '*.example', subsets: [{name: v1}]}";
    let route = "http: [{match: [{port: 80}], route: [{destination: {host: '*.example', subset: v1}}]}]";
    let plain = istio("ServiceEntry", "all", &entry) + &istio("DestinationRule", "all", rule);
    let routed = plain.clone() + &istio("VirtualService", "all", &format!("{{hosts: ['*.example'], {route}}}"));
    let http = |port: u32| json!({"host": "a.example", "port": port, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&plain, &http(80)), "outbound|80||*.example");
    assert_eq!(goes_to(&plain, &http(81)), "outbound|81||*.example (no-cluster)");
    assert_eq!(goes_to(&routed, &http(80)), "outbound|80|v1|*.example (no-cluster)");
    let tls = |sni: &str| json!({"address": "10.1.1.1", "sni": sni, "port": 443, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&plain, &tls("a.example")), "outbound|443||*.example");
    assert_eq!(goes_to(&plain, &tls("a.example.org")), "PassthroughCluster");
}

/// A Service that a controller makes is one like any other; one that may exist leaves the answer open.
#[test]
fn made_services_are_assumed_to_exist() {
    const CANARY: &str = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: cart, namespace: shop}\n\
        spec: {targetRef: {kind: Deployment, name: cart}, service: {port: 8080}}\n---\n";
    const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
        metadata: {name: forge, namespace: forge}\nspec: {chart: {spec: {chart: forge}}}\n---\n";
    let route = |host: &str, port: u32| {
        let spec = format!(
            "{{hosts: [cart], http: [{{route: [{{destination: {{host: {host}, port: {{number: {port}}}}}}}]}}]}}"
        );
        istio("VirtualService", "cart", &spec)
    };
    let others = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    let answer = |routes: &str, question: &serde_json::Value| {
        let manifests = format!("{CANARY}{RELEASE}{others}{routes}");
        let notes = ask(&manifests, question).unwrap().notes().join(", ");
        (goes_to(&manifests, question), notes)
    };
    let cart = json!({"host": "cart.shop"});
    let creates = "Canary `shop/cart` creates the Service of host `cart-canary.shop.svc.cluster.local`";
    let (cluster, notes) = answer(&route("cart-canary", 8080), &cart);
    assert_eq!((cluster.as_str(), notes.as_str()), ("outbound|8080||cart-canary.shop.svc.cluster.local", creates));

    let (cluster, notes) = answer("", &json!({"host": "cart-canary.shop", "port": 8080}));
    assert_eq!((cluster.as_str(), notes.as_str()), ("outbound|8080||cart-canary.shop.svc.cluster.local", creates));

    let (cluster, notes) = answer(&route("cart-canary", 99), &cart);
    assert_eq!(cluster, "outbound|99||cart-canary.shop.svc.cluster.local");
    assert!(notes.starts_with("it is not known whether host"), "{notes}");

    let (cluster, notes) = answer(&route("git.forge.svc.cluster.local", 3000), &cart);
    assert_eq!(cluster, "outbound|3000||git.forge.svc.cluster.local");
    assert!(notes.ends_with("HelmRelease `forge/forge` may create Services in namespace `forge`"), "{notes}");

    let (cluster, notes) = answer("", &json!({"host": "git.forge", "port": 3000}));
    assert_eq!(cluster, "PassthroughCluster");
    assert!(notes.ends_with("HelmRelease `forge/forge` may create Services in namespace `forge`"), "{notes}");

    let (cluster, notes) = answer(&route("other", 80), &cart);
    assert_eq!((cluster.as_str(), notes.as_str()), ("outbound|80||other.shop.svc.cluster.local (no-cluster)", ""));

    // A Sidecar resource may hide the Service.
    let sidecar = istio("Sidecar", "default", "{egress: [{hosts: ['other/*']}]}");
    let question = json!({"host": "cart-canary.shop", "port": 8080, "from": {"namespace": "shop"}});
    let (cluster, _) = answer(&sidecar, &question);
    assert_eq!(cluster, "PassthroughCluster");
}

/// A Rollout with `workloadRef` runs the pods of a Deployment, which has no replicas of its own.
#[test]
fn rollouts_run_the_pods_of_deployments() {
    let stopped =
        deployment("shop", "web", "{app: web}", "[]").replace("spec: {selector", "spec: {replicas: 0, selector");
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}") + &stopped;
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web, namespace: shop}\n\
        spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n---\n";
    let cluster = "outbound|80||web.shop.svc.cluster.local";
    let web = json!({"host": "web.shop"});
    assert_eq!(goes_to(&manifests, &web), format!("{cluster} (no-endpoints)"));
    assert_eq!(goes_to(&(manifests + rollout), &web), cluster);
}

/// istiod adds labels to endpoints, which only a WorkloadEntry shows.
#[test]
fn subsets_can_select_by_the_place_of_an_endpoint() {
    let zone = "topology.kubernetes.io/zone: z1";
    let route = "http: [{route: [{destination: {host: web, subset: near}}]}]";
    let subset = format!("{{host: web, subsets: [{{name: near, labels: {{{zone}}}}}]}}");
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &istio("VirtualService", "web", &format!("{{hosts: [web], {route}}}"))
        + &istio("DestinationRule", "web", &subset);
    let ask = |endpoint: &str| {
        let answer = super::ask(&(manifests.clone() + endpoint), &json!({"host": "web.shop"})).unwrap();
        (answer.destinations[0].problem, answer.notes().iter().any(|note| note.contains("topology.kubernetes.io/zone")))
    };
    let other = deployment("shop", "other", "{app: other}", "[]");
    let machine = |locality: &str| {
        other.clone()
            + &istio(
                "WorkloadEntry",
                "web",
                &format!("{{address: 10.0.0.1, labels: {{app: web}}, locality: {locality}}}"),
            )
    };
    assert_eq!(ask(&machine("r1/z1")), (None, false));
    assert_eq!(ask(&machine("r1/z2")), (Some("no-endpoints"), false));
    assert_eq!(ask(&machine("r1")), (Some("no-endpoints"), false));
    assert_eq!(ask(&deployment("shop", "web", "{app: web}", "[]")), (None, true));
}
