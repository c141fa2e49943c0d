//! Hints on hosts that a gateway does not route, and the Gateway of a request that names none.

use serde_json::{Value, json};

use super::{explain, istio, istio_in, service};

const GATEWAY: &str = "{selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: \
                       [shop/*.example.com]}, {port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.tls.io'], tls: {mode: \
                       PASSTHROUGH}}, {port: {number: 31400, name: tcp, protocol: TCP}, hosts: ['*']}]}";

fn routes(namespace: &str, name: &str, host: &str, gateway: &str) -> String {
    let route = "http: [{route: [{destination: {host: web}}]}]";
    istio_in(namespace, "VirtualService", name, &format!("{{hosts: ['{host}'], gateways: ['{gateway}'], {route}}}"))
}

fn hints(manifests: &[String], question: &Value) -> String {
    explain(&manifests.concat(), question).hints.join("\n")
}

fn at_edge(host: &str, more: &Value) -> Value {
    let mut question = json!({"host": host, "gateway": "shop/edge"});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

#[test]
fn a_route_for_the_host_has_a_reason_not_to_apply() {
    let manifests = [
        istio("Gateway", "edge", GATEWAY),
        routes("shop", "own", "www.example.com", "shop/edge"),
        routes("other", "foreign", "blog.example.com", "shop/edge"),
        routes("shop", "lost", "news.example.com", "shop/gone"),
        routes("shop", "http", "a.tls.io", "shop/edge"),
    ];
    let tls = json!({"tls": "tls", "port": 443, "protocol": "tcp"});
    for (question, expected) in [
        (at_edge("blog.example.com", &json!({})), "does not allow routes of namespace `other`"),
        (at_edge("news.example.com", &json!({})), "is bound to Gateway `shop/gone`, which does not exist"),
        (at_edge("wwww.example.com", &json!({})), "did you mean `www.example.com`?"),
        (at_edge("a.tls.io", &tls), "the server uses `tls` routes, which it does not have"),
        (at_edge("tls.io", &tls), "`*.tls.io` does not include `tls.io`"),
    ] {
        let hints = hints(&manifests, &question);
        assert!(hints.contains(expected), "{expected}: {hints}");
        assert!(!hints.contains("--gateway"), "{hints}");
    }
    let passed = hints(&manifests, &at_edge("b.tls.io", &tls));
    assert!(passed.contains("no route is for port 443") && !passed.contains("does not serve"), "{passed}");
}

#[test]
fn the_gateway_of_a_request_is_the_one_that_routes_its_host() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ing, namespace: shop}\nspec: {ingressClassName: istio, \
                   rules: [{host: ing.example.net, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, \
                   port: {number: 80}}}}]}}]}\n---\n";
    let class = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: istio}\nspec: {controller: \
                 istio.io/ingress-controller}\n---\n";
    let tcp =
        "{hosts: ['*'], gateways: [shop/edge], tcp: [{match: [{port: 31400}], route: [{destination: {host: web}}]}]}";
    let selector = GATEWAY.replace("app: edge", "istio: ingressgateway");
    let manifests = |class: &str| {
        [
            istio("Gateway", "edge", &selector),
            routes("shop", "own", "www.example.com", "shop/edge"),
            istio("VirtualService", "tcp", tcp),
            ingress.to_owned() + class,
        ]
    };
    let gateway = |host: &str, direction: Option<&str>| {
        let text = manifests(class).concat();
        explain(&text, &json!({"host": host, "direction": direction})).result.unwrap().gateway
    };
    assert_eq!(gateway("www.example.com", Some("gateway")).as_deref(), Some("shop/edge"));
    assert_eq!(gateway("ing.example.net", Some("gateway")).as_deref(), Some("shop/ing"));
    let ignored = hints(&manifests(""), &json!({"host": "ing.example.net"}));
    assert!(ignored.contains("Ingress `shop/ing` (all.yaml:"), "{ignored}");
    assert!(ignored.contains("is for this host, but istiod ignores it: "), "{ignored}");
}

/// A namespace of which the manifests have no Service.
#[test]
fn subsets_and_mirrors_elsewhere_may_exist() {
    let routes = "{hosts: [web.shop.svc.cluster.local], http: [{route: [{destination: {host: ledger.bank.svc.cluster.local, \
                  subset: v1}}], mirror: {host: copy.bank.svc.cluster.local}}]}";
    let manifests = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        istio("VirtualService", "web", routes),
    ];
    let question = json!({"host": "web.shop.svc.cluster.local"});
    let answer = explain(&manifests.concat(), &question).result.unwrap();
    assert_eq!((answer.destinations[0].problem, answer.mirrors[0].problem, answer.flag), (None, None, None));
    let notes = answer.notes().join("; ");
    assert!(
        notes.contains("`ledger.bank.svc.cluster.local`") && notes.contains("`copy.bank.svc.cluster.local`"),
        "{notes}"
    );
    // A subset that the only rule of the host lacks is missing, whether the service exists or not.
    let rule = istio("DestinationRule", "ledger", "{host: ledger.bank.svc.cluster.local, subsets: [{name: v2}]}");
    let complete = istio("DestinationRule", "all", "{host: '*.bank.svc.cluster.local'}");
    for rules in [rule, complete] {
        let answer = explain(&(manifests.concat() + &rules), &question).result.unwrap();
        assert_eq!(answer.destinations[0].problem, Some("no-cluster"), "{rules}");
    }
}
