//! Requests that go through gateways on their way.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

use mesh::simulate::{Answer, Expectation, difference};
use serde_json::{Value, json};

use super::{ask, deployment, istio_in, service};

/// An egress gateway in `infra` that selects `istio: egress`, with a service account.
fn egress(servers: &str) -> String {
    let workload = deployment("infra", "egress", "{istio: egress}", "[{containerPort: 80}]")
        .replace("name: main, image: main", "name: istio-proxy, image: auto")
        .replace("spec: {containers", "spec: {serviceAccountName: egress, containers");
    service("infra", "egress", "{selector: {istio: egress}, ports: [{name: http, port: 80}, {name: tls, port: 443}]}")
        + &workload
        + &istio_in("shop", "Gateway", "egress", &format!("{{selector: {{istio: egress}}, servers: [{servers}]}}"))
}

const ENTRY: &str = "{hosts: [api.example], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]}";

/// A VirtualService that sends sidecars to the gateway, and the gateway to the host.
fn through(port: u32) -> String {
    let routes = format!(
        "[{{match: [{{gateways: [mesh], port: 80}}], route: [{{destination: {{host: egress.infra.svc.cluster.local, port: {{number: {port}}}}}}}]}}, \
         {{match: [{{gateways: [egress], port: {port}}}], route: [{{destination: {{host: api.example, port: {{number: 443}}}}}}]}}]"
    );
    istio_in("shop", "ServiceEntry", "api", ENTRY)
        + &istio_in(
            "shop",
            "VirtualService",
            "api",
            &format!("{{hosts: [api.example], gateways: [mesh, egress], http: {routes}}}"),
        )
}

fn rule(name: &str, host: &str, tls: &str) -> String {
    istio_in("shop", "DestinationRule", name, &format!("{{host: {host}, trafficPolicy: {{tls: {tls}}}}}"))
}

fn request() -> Value {
    json!({"host": "api.example", "port": 80, "from": {"namespace": "shop", "labels": {"app": "web"}, "serviceAccount": "web"}})
}

const PLAINTEXT: &str = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [api.example]}";
const MUTUAL: &str =
    "{port: {number: 443, name: https, protocol: HTTPS}, hosts: [api.example], tls: {mode: ISTIO_MUTUAL}}";
const TO_GATEWAY: &str = "egress.infra.svc.cluster.local";

/// The clusters of the legs, and the end of the last one.
fn way(manifests: &str, question: &Value) -> String {
    let answer = ask(manifests, question).unwrap();
    let first = |answer: &mesh::simulate::Answer| {
        answer.destinations.first().map_or(answer.outcome.as_str().to_owned(), |it| it.cluster.clone())
    };
    let legs: Vec<String> = std::iter::once(&answer).chain(answer.legs.iter()).map(first).collect();
    let ends: Vec<String> =
        answer.arrivals.iter().map(|end| format!("{} at {}", end.outcome.as_str(), end.workload)).collect();
    assert!(answer.arrivals.iter().all(|end| answer.destinations.iter().any(|it| it.cluster == end.via)));
    format!("{} => {}", legs.join(" > "), ends.join(", "))
}

#[test]
fn both_hops_of_an_egress_gateway_are_followed() {
    let expected = "outbound|80||egress.infra.svc.cluster.local > outbound|443||api.example => forward at infra/egress";
    assert_eq!(way(&(egress(PLAINTEXT) + &through(80)), &request()), expected);
    let secured =
        egress(MUTUAL) + &through(443) + &rule("egress", TO_GATEWAY, "{mode: ISTIO_MUTUAL, sni: api.example}");
    let expected =
        "outbound|443||egress.infra.svc.cluster.local > outbound|443||api.example => forward at infra/egress";
    assert_eq!(way(&secured, &request()), expected);
    let origination = secured + &rule("api", "api.example", "{mode: SIMPLE}");
    let answer = ask(&origination, &request()).unwrap();
    assert_eq!(answer.legs[0].destinations[0].tls, Some("SIMPLE"));
    assert_eq!(answer.legs[0].gateway.as_deref(), Some("infra/egress"));
}

#[test]
fn client_and_gateway_must_agree_on_tls() {
    let end = |servers: &str, port: u32, tls: &str| {
        let answer = ask(&(egress(servers) + &through(port) + &rule("egress", TO_GATEWAY, tls)), &request()).unwrap();
        answer.arrivals.iter().map(|it| it.outcome.as_str()).collect::<Vec<_>>().join(", ")
    };
    let server = |mode: &str| {
        format!(
            "{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [api.example], tls: {{mode: {mode}, credentialName: c}}}}"
        )
    };
    assert_eq!(end(MUTUAL, 443, "{mode: ISTIO_MUTUAL, sni: api.example}"), "forward");
    assert_eq!(end(MUTUAL, 443, "{mode: ISTIO_MUTUAL}"), "refused", "the server name is that of the cluster");
    assert_eq!(end(MUTUAL, 443, "{mode: SIMPLE, sni: api.example}"), "refused", "no certificate of the client");
    assert_eq!(end(MUTUAL, 443, "{mode: DISABLE}"), "refused");
    assert_eq!(end(&server("SIMPLE"), 443, "{mode: SIMPLE, sni: api.example}"), "forward");
    assert_eq!(
        end(&server("SIMPLE"), 443, "{mode: ISTIO_MUTUAL, sni: api.example}"),
        "refused",
        "not a certificate of the mesh"
    );
    assert_eq!(end(&server("MUTUAL"), 443, "{mode: SIMPLE, sni: api.example}"), "refused");
    let own = "{mode: MUTUAL, sni: api.example, clientCertificate: /c, privateKey: /k}";
    assert_eq!(end(&server("MUTUAL"), 443, own), "forward");
    assert_eq!(end(&server("OPTIONAL_MUTUAL"), 443, "{mode: SIMPLE, sni: api.example}"), "forward");
    assert_eq!(end(PLAINTEXT, 80, "{mode: ISTIO_MUTUAL}"), "refused");
}

fn authorization(namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: allow, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

/// The gateway knows its clients if its server uses mutual TLS of the mesh.
#[test]
fn policies_of_gateways_see_the_principal_of_the_client() {
    let allow = |account: &str| {
        authorization(
            "infra",
            &format!(
                "{{selector: {{matchLabels: {{istio: egress}}}}, rules: [{{from: [{{source: {{principals: [cluster.local/ns/shop/sa/{account}]}}}}]}}]}}"
            ),
        )
    };
    let base = egress(MUTUAL) + &through(443) + &rule("egress", TO_GATEWAY, "{mode: ISTIO_MUTUAL, sni: api.example}");
    let end = |more: &str| ask(&(base.clone() + more), &request()).unwrap().arrivals[0].outcome.as_str();
    assert_eq!(end(&allow("web")), "forward");
    assert_eq!(end(&allow("other")), "denied");
    let plain = egress(PLAINTEXT) + &through(80) + &allow("web");
    assert_eq!(ask(&plain, &request()).unwrap().arrivals[0].outcome.as_str(), "denied", "plaintext shows no principal");
    let direct = |account: &str| {
        let question = json!({"gateway": "shop/egress", "host": "api.example", "port": 443, "tls": "mtls", "from": {"namespace": "shop", "serviceAccount": account}});
        ask(&(base.clone() + &allow("web")), &question).unwrap().outcome.as_str()
    };
    assert_eq!((direct("web"), direct("other")), ("forward", "denied"));
}

#[test]
fn mutual_servers_require_a_certificate() {
    let server = |mode: &str| {
        format!(
            "{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [api.example], tls: {{mode: {mode}, credentialName: c}}}}"
        )
    };
    let outcome = |mode: &str, tls: &str| {
        let question = json!({"gateway": "shop/egress", "host": "api.example", "port": 443, "tls": tls});
        ask(&(egress(&server(mode)) + &through(443)), &question).unwrap().outcome.as_str()
    };
    assert_eq!((outcome("MUTUAL", "tls"), outcome("MUTUAL", "mtls")), ("refused", "forward"));
    assert_eq!((outcome("OPTIONAL_MUTUAL", "tls"), outcome("OPTIONAL_MUTUAL", "mtls")), ("forward", "forward"));
    assert_eq!((outcome("SIMPLE", "tls"), outcome("SIMPLE", "mtls")), ("forward", "forward"));
}

/// A route of the gateway that sends requests to the gateway itself.
#[test]
fn circles_are_cut() {
    let back = istio_in(
        "shop",
        "VirtualService",
        "api",
        "{hosts: [api.example], gateways: [egress], http: [{route: [{destination: {host: egress.infra.svc.cluster.local, port: {number: 80}}}]}]}",
    );
    let question = json!({"gateway": "shop/egress", "host": "api.example", "port": 80});
    let answer = ask(&(egress(PLAINTEXT) + &back), &question).unwrap();
    assert!(answer.legs.len() <= 2, "{}", answer.legs.len());
    assert_eq!(answer.arrivals[0].outcome.as_str(), "refused");
    assert!(answer.arrivals[0].notes[0].contains("the request loops"), "{:?}", answer.arrivals[0].notes);
    // With another host, the request comes back only once.
    let rewritten = back.replace("http: [{", "http: [{rewrite: {authority: other.example}, ");
    let end = &ask(&(egress(PLAINTEXT) + &rewritten), &question).unwrap().arrivals[0].clone();
    assert_eq!((end.outcome.as_str(), end.status), ("no-route", Some(404)));
}

/// The gateway sends the request on to a workload with a sidecar.
#[test]
fn arrivals_are_those_at_the_end_of_the_way() {
    let web = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &deployment("shop", "web", "{app: web}", "[{containerPort: 80}]")
        + &istio_in(
            "shop",
            "VirtualService",
            "web",
            "{hosts: [web.example], gateways: [egress], http: [{route: [{destination: {host: web}}]}]}",
        )
        + &istio_in(
            "shop",
            "ServiceEntry",
            "web",
            "{hosts: [web.example], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], location: MESH_INTERNAL, endpoints: [{address: 1.1.1.1}]}",
        )
        + &istio_in(
            "shop",
            "VirtualService",
            "to-gateway",
            "{hosts: [web.example], http: [{route: [{destination: {host: egress.infra.svc.cluster.local, port: {number: 80}}}]}]}",
        );
    let gateway = egress("{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}");
    let question = json!({"host": "web.example", "port": 80, "from": {"namespace": "shop"}});
    let expected =
        "outbound|80||egress.infra.svc.cluster.local > outbound|80||web.shop.svc.cluster.local => forward at shop/web";
    assert_eq!(way(&(gateway.clone() + &web), &question), expected);
    // The server sees the identity of the gateway.
    let allow = |account: &str| {
        authorization(
            "shop",
            &format!(
                "{{selector: {{matchLabels: {{app: web}}}}, rules: [{{from: [{{source: {{principals: [cluster.local/ns/infra/sa/{account}]}}}}]}}]}}"
            ),
        )
    };
    let end = |account: &str| {
        ask(&(gateway.clone() + &web + &allow(account)), &question).unwrap().arrivals[0].outcome.as_str()
    };
    assert_eq!((end("egress"), end("default")), ("forward", "denied"));
}

/// Nobody knows the service account of a gateway that is not among the manifests.
#[test]
fn an_unknown_gateway_has_an_unknown_identity() {
    let manifests = istio_in(
        "shop",
        "Gateway",
        "edge",
        "{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
    ) + &istio_in(
        "shop",
        "VirtualService",
        "web",
        "{hosts: [web.example], gateways: [edge], http: [{route: [{destination: {host: web}}]}]}",
    ) + &service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &deployment("shop", "web", "{app: web}", "[{containerPort: 80}]");
    let question = json!({"gateway": "shop/edge", "host": "web.example"});
    let of_web = |source: &str, action: &str| {
        authorization(
            "shop",
            &format!(
                "{{action: {action}, selector: {{matchLabels: {{app: web}}}}, rules: [{{from: [{{source: {{principals: [{source}]}}}}]}}]}}"
            ),
        )
    };
    let end = |more: &str| ask(&(manifests.clone() + more), &question).unwrap();
    for action in ["ALLOW", "DENY"] {
        let answer = end(&of_web("cluster.local/ns/istio-system/sa/istio-ingressgateway", action));
        assert_eq!(answer.arrivals[0].outcome.as_str(), "forward", "{action}");
        assert!(answer.arrivals[0].notes[0].contains("identity of the gateway"), "{:?}", answer.arrivals[0].notes);
    }
    // A policy of the application's namespace is for its own workloads.
    let answer = end(&authorization("shop", "{rules: [{to: [{operation: {paths: [/x]}}]}]}"));
    assert_eq!(answer.outcome.as_str(), "forward");
    assert!(answer.notes().iter().any(|note| note.contains("not known whether")), "{:?}", answer.notes());
    let root = authorization(
        "istio-system",
        "{selector: {matchLabels: {istio: ingressgateway}}, rules: [{to: [{operation: {paths: [/x]}}]}]}",
    );
    assert_eq!(end(&root).outcome.as_str(), "denied", "a policy of the root namespace certainly applies");
}

fn east_west(more: &str) -> String {
    egress("{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}")
        + &service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}, {name: auto, port: 81}]}")
        + &deployment("shop", "web", "{app: web}", "[{containerPort: 80}]")
        + more
}

/// Only mutual TLS of the mesh passes, to workloads that accept it, and the gateway adds no TLS.
#[test]
fn auto_passthrough_is_for_mutual_tls() {
    let end = |sni: &str, tls: &str, more: &str| {
        let question = json!({"gateway": "shop/egress", "host": sni, "sni": sni, "port": 443, "tls": tls, "from": {"namespace": "shop", "serviceAccount": "web"}});
        let answer = ask(&east_west(more), &question).unwrap();
        match answer.arrivals.first() {
            Some(end) => format!("{} {}", end.outcome.as_str(), end.tls),
            None => answer.outcome.as_str().to_owned(),
        }
    };
    let web = "outbound_.80_._.web.shop.svc.cluster.local";
    let peer = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: d, namespace: shop}}\nspec: {{mtls: {{mode: {mode}}}}}\n---\n"
        )
    };
    assert_eq!(end(web, "mtls", ""), "forward plaintext");
    assert_eq!(end(web, "mtls", &peer("STRICT")), "forward plaintext");
    assert_eq!(end(web, "tls", &peer("STRICT")), "refused plaintext");
    assert_eq!(end("outbound_.81_._.web.shop.svc.cluster.local", "tls", ""), "refused plaintext");
    assert_eq!(end(web, "mtls", &peer("DISABLE")), "refused");
    assert_eq!(end("outbound_.80_._.ghost.shop.svc.cluster.local", "mtls", ""), "refused");
    assert_eq!(end("outbound|80||web.shop.svc.cluster.local", "mtls", ""), "refused");
    let disabled = istio_in("shop", "DestinationRule", "web", "{host: web, trafficPolicy: {tls: {mode: DISABLE}}}");
    assert_eq!(end(web, "mtls", &disabled), "refused", "proxies send plaintext to it");
    let allow = |account: &str| {
        authorization(
            "shop",
            &format!(
                "{{selector: {{matchLabels: {{app: web}}}}, rules: [{{from: [{{source: {{principals: [cluster.local/ns/shop/sa/{account}]}}}}]}}]}}"
            ),
        )
    };
    assert_eq!(end(web, "mtls", &allow("web")), "forward plaintext");
    assert_eq!(end(web, "mtls", &allow("other")), "denied plaintext");
}

/// Gateways with labels of their own behind Service `egress`, whose VirtualService sends requests to the same Service.
fn in_circles(gateways: usize) -> String {
    let workload = |number: usize| {
        deployment("infra", &format!("egress-{number}"), &format!("{{istio: egress, number: '{number}'}}"), "[]")
            .replace("name: main, image: main", "name: istio-proxy, image: auto")
    };
    let route = "{hosts: [api.example], gateways: [mesh, egress], http: [{route: [{destination: {host: egress.infra.svc.cluster.local, port: {number: 80}}}]}]}";
    let workloads: String = (0..gateways).map(workload).collect();
    egress(PLAINTEXT)
        + &workloads
        + &istio_in("shop", "ServiceEntry", "api", ENTRY)
        + &istio_in("shop", "VirtualService", "api", route)
}

#[test]
fn many_gateways_are_asked_once_each() {
    let start = std::time::Instant::now();
    let answer = ask(&in_circles(30), &request()).unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(answer.legs.len(), 31);
    assert!(answer.arrivals.iter().any(|end| end.notes.iter().any(|note| note.contains("the request loops"))));
}

#[test]
fn gateways_that_rewrite_paths_in_circles_are_asked_a_limited_number_of_times() {
    let rewrites: Vec<String> = (0..9)
        .map(|number| {
            format!(
                "{{match: [{{gateways: [egress-{number}]}}], rewrite: {{uri: '/{number}/'}}, route: [{{destination: {{host: egress.infra.svc.cluster.local, port: {{number: 80}}}}}}]}}"
            )
        })
        .collect();
    let gateways: String = (0..9)
        .map(|number| {
            let spec = format!("{{selector: {{number: '{number}'}}, servers: [{PLAINTEXT}]}}");
            istio_in("shop", "Gateway", &format!("egress-{number}"), &spec)
        })
        .collect();
    let names: Vec<String> = (0..9).map(|number| format!("egress-{number}")).collect();
    let routes = format!("{{hosts: [api.example], gateways: [{}], http: [{}]}}", names.join(", "), rewrites.join(", "));
    let manifests = in_circles(9) + &gateways + &istio_in("shop", "VirtualService", "rewrites", &routes);
    let start = std::time::Instant::now();
    let answer = ask(&manifests, &request()).unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(answer.legs.len() <= 64 && answer.arrivals.len() < 1_000, "{}", answer.arrivals.len());
}

#[test]
fn gateways_with_the_same_labels_are_asked_once() {
    let twin = deployment("infra", "twin", "{istio: egress}", "[{containerPort: 80}]")
        .replace("name: main, image: main", "name: istio-proxy, image: auto");
    let answer = ask(&(egress(PLAINTEXT) + &twin + &through(80)), &request()).unwrap();
    let ends: Vec<&str> = answer.arrivals.iter().map(|end| end.workload.as_str()).collect();
    assert_eq!((answer.legs.len(), ends), (1, vec!["infra/egress", "infra/twin"]));
}

#[test]
fn a_gateway_without_an_answer_is_an_end() {
    let invalid =
        through(80).replace("{gateways: [egress], port: 80}", "{gateways: [egress], port: 80, uri: {regex: '(?!a)'}}");
    let answer = ask(&(egress(PLAINTEXT) + &invalid), &request()).unwrap();
    let [end] = &*answer.arrivals else { panic!("{:?}", answer.arrivals) };
    assert_eq!((end.workload.as_str(), end.outcome.as_str()), ("infra/egress", "refused"));
    assert!(end.notes[0].contains("RE2"), "{:?}", end.notes);
    assert!(!is_expected(&answer, "api.example"));
}

#[test]
fn each_destination_has_its_own_way() {
    let split = through(80).replace(
        "route: [{destination: {host: egress.infra.svc.cluster.local, port: {number: 80}}}]",
        "route: [{destination: {host: direct}, weight: 50}, {destination: {host: egress.infra.svc.cluster.local, port: {number: 80}}, weight: 50}]",
    );
    let manifests = egress(PLAINTEXT)
        + &split
        + &service("shop", "direct", "{selector: {app: direct}, ports: [{name: http, port: 80}]}")
        + &deployment("shop", "direct", "{app: direct}", "[]");
    let answer = ask(&manifests, &request()).unwrap();
    let via: Vec<&str> = answer.legs.iter().filter_map(|leg| leg.via.as_deref()).collect();
    assert_eq!(via, ["outbound|80||egress.infra.svc.cluster.local"]);
    assert!(!is_expected(&answer, "api.example"));
    assert!(!is_expected(&answer, "direct.shop"));
    let both = ["api.example", "direct.shop"].map(|text| Expectation::parse(text).unwrap());
    assert_eq!(difference(&Ok(answer), &both), None);
}

/// Whether all requests end at a destination.
fn is_expected(answer: &Answer, destination: &str) -> bool {
    difference(&Ok(answer.clone()), &[Expectation::parse(destination).unwrap()]).is_none()
}
