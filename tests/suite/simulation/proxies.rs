//! Clients and servers with a sidecar, without one, and in the ambient mesh.

use serde_json::{Value, json};

use super::{ask, goes_to, istio_in, service};

const REVIEWS: &str = "outbound|80|v2|reviews.shop.svc.cluster.local";

fn namespace(name: &str, labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n---\n")
}

/// A Deployment with one container, and metadata and spec of its pods.
fn workload(namespace: &str, name: &str, metadata: &str, spec: &str) -> String {
    let template = format!(
        "{{metadata: {{labels: {{app: {name}}}{metadata}}}, spec: {{{spec}containers: [{{name: main, image: main}}]}}}}"
    );
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{selector: {{matchLabels: {{app: {name}}}}}, template: {template}}}\n---\n"
    )
}

fn policy(kind: &str, namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{name: policy, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

/// A service with two versions, and routes that only sidecars know.
fn reviews() -> String {
    let version = |version: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: reviews-{version}, namespace: shop}}\nspec: {{selector: {{matchLabels: {{app: reviews, version: {version}}}}}, template: {{metadata: {{labels: {{app: reviews, version: {version}}}}}, spec: {{containers: [{{name: main, image: main}}]}}}}}}\n---\n"
        )
    };
    service("shop", "reviews", "{selector: {app: reviews}, ports: [{name: http, port: 80}]}")
        + &version("v1")
        + &version("v2")
        + &istio_in(
            "shop",
            "DestinationRule",
            "reviews",
            "{host: reviews, subsets: [{name: v2, labels: {version: v2}}]}",
        )
        + &istio_in(
            "shop",
            "VirtualService",
            "reviews",
            "{hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v2}}]}]}",
        )
}

fn from(namespace: &str, app: &str) -> Value {
    json!({"host": "reviews.shop", "port": 80, "from": {"namespace": namespace, "labels": {"app": app}}})
}

/// Whether a client uses the routes of the mesh.
fn routes(manifests: &str, namespace: &str, app: &str) -> bool {
    match goes_to(&(reviews() + manifests), &from(namespace, app)).as_str() {
        REVIEWS => true,
        "reviews.shop.svc.cluster.local:80" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn clients_without_a_sidecar_use_no_routes() {
    let enabled = namespace("shop", "{istio-injection: enabled}");
    let curl = |namespace: &str| workload(namespace, "curl", "", "");
    assert!(routes("", "shop", "curl"), "nothing is known");
    assert!(routes(&(enabled.clone() + &curl("shop")), "shop", "curl"));
    assert!(routes(&(namespace("shop", "{}") + &curl("shop")), "shop", "curl"), "other means may label the Namespace");
    let off = |metadata: &str, spec: &str| enabled.clone() + &workload("shop", "curl", metadata, spec);
    assert!(!routes(&off(", annotations: {sidecar.istio.io/inject: 'false'}", ""), "shop", "curl"));
    assert!(!routes(&off("", "hostNetwork: true, "), "shop", "curl"));
    let legacy = |labels: &str| enabled.clone() + &namespace("legacy", labels) + &curl("legacy");
    assert!(!routes(&legacy("{istio-injection: disabled}"), "legacy", "curl"));
    assert!(!routes(&legacy("{}"), "legacy", "curl"), "another Namespace shows that labels are in the manifests");
    assert!(!routes(&legacy("{}"), "legacy", "other"), "a workload that is not among the manifests");
    assert!(routes(&legacy("{istio.io/rev: canary}"), "legacy", "curl"));
    let asking = workload("legacy", "curl", "", "")
        .replace("{app: curl}}, spec", "{app: curl, sidecar.istio.io/inject: 'true'}}, spec");
    assert!(routes(&(enabled.clone() + &namespace("legacy", "{}") + &asking), "legacy", "curl"));
    let system = workload("kube-system", "curl", "", "");
    assert!(!routes(
        &(enabled + &namespace("kube-system", "{istio-injection: enabled}") + &system),
        "kube-system",
        "curl"
    ));
}

#[test]
fn the_kind_of_the_client_can_be_named() {
    let ask = |kind: &str| {
        let mut question = from("shop", "curl");
        question["from"]["kind"] = kind.into();
        goes_to(&reviews(), &question)
    };
    assert_eq!(ask("sidecar"), REVIEWS);
    assert_eq!(ask("none"), "reviews.shop.svc.cluster.local:80");
    assert_eq!(ask("ambient"), "reviews.shop.svc.cluster.local:80");
}

#[test]
fn kubernetes_leads_clients_without_a_sidecar_to_all_pods() {
    let manifests =
        namespace("shop", "{istio-injection: enabled}") + &namespace("legacy", "{istio-injection: disabled}");
    let answer = ask(&(reviews() + &manifests), &from("legacy", "curl")).unwrap();
    assert_eq!(answer.destinations[0].workloads, ["shop/reviews-v1", "shop/reviews-v2"]);
    assert!(answer.notes()[0].contains("has no sidecar"), "{:?}", answer.notes());
    let outcomes: Vec<_> = answer.arrivals.iter().map(|it| (it.outcome.as_str(), it.tls)).collect();
    assert_eq!(outcomes, [("forward", "plaintext"), ("forward", "plaintext")]);
    let dial = |host: &str, port: u32| {
        let question = json!({"host": host, "port": port, "from": {"namespace": "legacy"}});
        goes_to(&(reviews() + &manifests), &question)
    };
    assert_eq!(dial("reviews.shop", 81), "refused", "the Service has no such port");
    assert_eq!(dial("reviews", 80), "refused", "DNS looks in the namespace of the client");
    assert_eq!(dial("example.com", 80), "example.com:80");
}

/// The end of a request to `reviews` from a client with a sidecar, or without one.
fn end(manifests: &str, kind: &str, port: u32) -> String {
    let base = namespace("shop", "{istio-injection: enabled}") + &namespace("legacy", "{istio-injection: disabled}");
    let app = |namespace: &str| {
        service(namespace, "app", "{selector: {app: app}, ports: [{name: http, port: 80}, {name: http-b, port: 81}]}")
            + &workload(namespace, "app", "", "")
    };
    let host = format!("app.{}", if manifests.contains("# legacy") { "legacy" } else { "shop" });
    let question =
        json!({"host": host, "port": port, "from": {"namespace": "shop", "labels": {"app": "x"}, "kind": kind}});
    let answer = ask(&(base + &app("shop") + &app("legacy") + manifests), &question).unwrap();
    let ends: Vec<_> = answer.arrivals.iter().map(|it| format!("{} {}", it.outcome.as_str(), it.tls)).collect();
    ends.join(", ")
}

#[test]
fn servers_without_a_sidecar_do_not_understand_mutual_tls() {
    let rule = |mode: &str| {
        istio_in(
            "shop",
            "DestinationRule",
            "all",
            &format!("{{host: '*.local', trafficPolicy: {{tls: {{mode: {mode}}}}}}}"),
        ) + "# legacy\n"
    };
    assert_eq!(end("# legacy\n", "sidecar", 80), "", "auto mTLS sends plaintext");
    assert_eq!(end(&rule("ISTIO_MUTUAL"), "sidecar", 80), "refused mtls");
    assert_eq!(end(&rule("DISABLE"), "sidecar", 80), "");
    assert_eq!(end(&rule("SIMPLE"), "sidecar", 80), "", "the application may terminate TLS");
    assert_eq!(end(&rule("ISTIO_MUTUAL"), "none", 80), "", "such a client has no DestinationRule");
    let strict = policy("PeerAuthentication", "legacy", "{mtls: {mode: STRICT}}") + "# legacy\n";
    assert_eq!(end(&strict, "none", 80), "", "nobody enforces it");
}

#[test]
fn strict_servers_refuse_clients_without_a_sidecar() {
    let peer = |spec: &str| policy("PeerAuthentication", "shop", spec);
    assert_eq!(end("", "none", 80), "forward plaintext");
    assert_eq!(end(&peer("{mtls: {mode: STRICT}}"), "none", 80), "refused plaintext");
    assert_eq!(end(&peer("{mtls: {mode: STRICT}}"), "sidecar", 80), "forward mtls");
    let by_port =
        peer("{selector: {matchLabels: {app: app}}, mtls: {mode: STRICT}, portLevelMtls: {81: {mode: DISABLE}}}");
    assert_eq!(end(&by_port, "none", 80), "refused plaintext");
    assert_eq!(end(&by_port, "none", 81), "forward plaintext");
    assert_eq!(end(&by_port, "sidecar", 81), "forward plaintext");
    let of_subset = istio_in(
        "shop",
        "DestinationRule",
        "app",
        "{host: app, trafficPolicy: {portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}}",
    );
    let strict = peer("{mtls: {mode: STRICT}}") + &of_subset;
    assert_eq!(end(&strict, "sidecar", 80), "forward mtls");
    assert_eq!(end(&strict, "sidecar", 81), "refused plaintext");
}

/// Envoy does not know the endpoints of headless Services, so the namespace decides for all.
#[test]
fn headless_services_have_one_tls_mode() {
    let app = |cluster_ip: &str| {
        service("shop", "peer", &format!("{{selector: {{app: peer}}, ports: [{{name: http, port: 80}}]{cluster_ip}}}"))
            + &workload("shop", "peer", "", "")
            + &policy(
                "PeerAuthentication",
                "shop",
                "{selector: {matchLabels: {app: peer}}, mtls: {mode: STRICT}, portLevelMtls: {80: {mode: DISABLE}}}",
            )
    };
    let end = |manifests: &str| {
        let question = json!({"host": "peer", "port": 80, "from": {"namespace": "shop", "labels": {"app": "x"}}});
        let answer = ask(manifests, &question).unwrap();
        answer.arrivals.iter().map(|it| format!("{} {}", it.outcome.as_str(), it.tls)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(end(&app("")), "forward plaintext");
    assert_eq!(end(&app(", clusterIP: None")), "refused mtls");
    let passthrough = istio_in(
        "shop",
        "DestinationRule",
        "peer",
        "{host: peer, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}",
    );
    assert_eq!(end(&(app("") + &passthrough)), "refused mtls");
    // One pod without a sidecar turns mutual TLS off.
    let other = workload("shop", "other", ", annotations: {sidecar.istio.io/inject: 'false'}", "")
        .replace("{app: other}}}, ", "{app: peer}}, ")
        .replace("labels: {app: other}", "labels: {app: peer}");
    assert_eq!(end(&(app(", clusterIP: None") + &other)), "forward plaintext");
}

#[test]
fn the_ambient_mesh_has_identities_and_policies_for_connections() {
    let ambient = namespace("shop", "{istio.io/dataplane-mode: ambient}");
    let app = service("shop", "app", "{selector: {app: app}, ports: [{name: http, port: 80}]}")
        + &workload("shop", "app", "", "");
    let end = |more: &str, kind: &str| {
        let question = json!({"host": "app.shop", "port": 80, "from": {"namespace": "other", "labels": {"app": "x"}, "serviceAccount": "x", "kind": kind}});
        let answer = ask(&(ambient.clone() + &app + more), &question).unwrap();
        answer.arrivals.iter().map(|it| format!("{} {}", it.outcome.as_str(), it.tls)).collect::<Vec<_>>().join(", ")
    };
    let strict = policy("PeerAuthentication", "shop", "{mtls: {mode: STRICT}}");
    assert_eq!(end("", "none"), "forward plaintext");
    assert_eq!(end(&strict, "none"), "refused plaintext");
    assert_eq!(end(&strict, "ambient"), "forward mtls");
    assert_eq!(end(&strict, "sidecar"), "forward mtls");
    let allow =
        |source: &str| policy("AuthorizationPolicy", "shop", &format!("{{rules: [{{from: [{{source: {source}}}]}}]}}"));
    assert_eq!(end(&allow("{principals: [cluster.local/ns/other/sa/x]}"), "ambient"), "forward mtls");
    assert_eq!(end(&allow("{principals: [cluster.local/ns/other/sa/y]}"), "ambient"), "denied mtls");
    assert_eq!(end(&allow("{namespaces: [other]}"), "sidecar"), "forward mtls");
    assert_eq!(end(&allow("{namespaces: [other]}"), "none"), "denied plaintext");
}

#[test]
fn a_server_without_a_sidecar_enforces_nothing() {
    let manifests = namespace("legacy", "{istio-injection: disabled}")
        + &service("legacy", "app", "{selector: {app: app}, ports: [{name: http, port: 80}]}")
        + &workload("legacy", "app", "", "")
        + &policy("AuthorizationPolicy", "legacy", "{}")
        + &policy("PeerAuthentication", "legacy", "{mtls: {mode: STRICT}}");
    let outcome = |to: Value, tls: &str| {
        ask(&manifests, &json!({"to": to, "host": "app", "port": 80, "tls": tls})).unwrap().outcome.as_str()
    };
    let to = |kind: &str| json!({"namespace": "legacy", "labels": {"app": "app"}, "kind": kind});
    assert_eq!(outcome(json!({"namespace": "legacy", "labels": {"app": "app"}}), "plaintext"), "forward");
    assert_eq!(outcome(to("none"), "mtls"), "refused");
    assert_eq!(outcome(to("sidecar"), "plaintext"), "refused");
    assert_eq!(outcome(to("sidecar"), "mtls"), "denied");
    assert_eq!(outcome(to("ambient"), "plaintext"), "refused");
}

/// A waypoint applies routes, and policies that target it or the service.
#[test]
fn waypoints_route_the_requests_of_ambient_clients() {
    let waypoint = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: wp, namespace: shop}\nspec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n---\n";
    let base = namespace("shop", "{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp}");
    let ask = |manifests: &str| {
        let mut question = from("shop", "curl");
        question["from"]["serviceAccount"] = "curl".into();
        ask(&(reviews() + &base + manifests), &question).unwrap()
    };
    let first = |answer: &mesh::simulate::Answer| answer.destinations[0].cluster.clone();
    assert_eq!(first(&ask("")), "reviews.shop.svc.cluster.local:80", "the waypoint is not among the manifests");
    let routed = ask(waypoint);
    assert_eq!(first(&routed), "inbound-vip|80|http/v2|reviews.shop.svc.cluster.local");
    assert_eq!(routed.arrivals[0].via, first(&routed));
    let for_workloads = waypoint.replace("{name: wp,", "{name: wp, labels: {istio.io/waypoint-for: workload},");
    assert_eq!(first(&ask(&for_workloads)), "reviews.shop.svc.cluster.local:80");
    let allow = |target: &str, account: &str| {
        let source = format!(
            "rules: [{{from: [{{source: {{principals: [cluster.local/ns/shop/sa/{account}]}}}}], to: [{{operation: {{methods: [GET]}}}}]}}]"
        );
        waypoint.to_owned() + &policy("AuthorizationPolicy", "shop", &format!("{{targetRefs: [{target}], {source}}}"))
    };
    let service = "{kind: Service, group: '', name: reviews}";
    let gateway = "{kind: Gateway, group: gateway.networking.k8s.io, name: wp}";
    for target in [service, gateway] {
        assert_eq!(ask(&allow(target, "curl")).outcome.as_str(), "forward", "{target}");
        assert_eq!(ask(&allow(target, "other")).status, Some(403), "{target}");
    }
    let other = "{kind: Service, group: '', name: other}";
    assert_eq!(ask(&allow(other, "other")).outcome.as_str(), "forward");
}
