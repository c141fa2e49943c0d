//! Requests as proxies receive and change them: trusted headers, header operations, malformed requests.

use serde_json::{Value, json};

use super::{ask, istio, istio_in, service};

/// A gateway whose pods have some annotations, with a policy, in front of `web`.
fn edge(server: &str, annotations: &str, policy: &str) -> String {
    let gateway = format!(
        "{{selector: {{istio: edge}}, servers: [{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: ['*']{server}}}]}}"
    );
    let pod = |namespace: &str, name: &str, more: &str, containers: &str, address: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, {more}}}\nspec: {{containers: [{containers}]}}\nstatus: {{podIP: {address}}}\n---\n"
        )
    };
    let of_gateway = format!("labels: {{istio: edge}}, annotations: {{{annotations}}}");
    let proxy = "{name: istio-proxy, image: auto}";
    let injected = "{name: main, image: main}, {name: istio-proxy, image: proxyv2}";
    [
        istio_in("infra", "Gateway", "edge", &gateway),
        service("infra", "edge", "{selector: {istio: edge}, ports: [{name: http, port: 80}]}"),
        pod("infra", "edge", &of_gateway, proxy, "10.0.0.7"),
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}"),
        pod("shop", "web", "labels: {app: web}", injected, "10.0.0.8"),
        istio(
            "VirtualService",
            "web",
            "{hosts: ['*'], gateways: [infra/edge], http: [{route: [{destination: {host: web}}]}]}",
        ),
        policy.to_owned(),
    ]
    .concat()
}

fn policy(namespace: &str, rule: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: {namespace}}}\nspec: {{action: DENY, rules: [{rule}]}}\n---\n"
    )
}

const TRUSTS_ONE: &str = "proxy.istio.io/config: '{\"gatewayTopology\": {\"numTrustedProxies\": 1}}'";

fn through_gateway(more: &Value) -> Value {
    let mut question = json!({"gateway": "infra/edge", "host": "web.example", "port": 80, "sourceIp": "9.9.9.9"});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

#[test]
fn gateways_believe_only_trusted_proxies() {
    let blocks = |address: &str| policy("infra", &format!("{{from: [{{source: {{remoteIpBlocks: [{address}]}}}}]}}"));
    let denied = |annotations: &str, address: &str, forwarded: &str| {
        let request = through_gateway(&json!({"headers": {"x-forwarded-for": forwarded}}));
        ask(&edge("", annotations, &blocks(address)), &request).unwrap().status == Some(403)
    };
    assert!(!denied("", "1.1.1.1", "1.1.1.1"));
    assert!(denied("", "9.9.9.9", "1.1.1.1"));
    assert!(denied(TRUSTS_ONE, "1.1.1.1", "2.2.2.2, 1.1.1.1"));
    assert!(!denied(TRUSTS_ONE, "2.2.2.2", "2.2.2.2, 1.1.1.1"));
    // The gateway adds the address of its client, so the server behind it sees that.
    let behind = |address: &str, request: Value| {
        let rule = format!("{{from: [{{source: {{remoteIpBlocks: [{address}]}}}}]}}");
        ask(&edge("", "", &policy("shop", &rule)), &request).unwrap().arrivals[0].status
    };
    let forged = || through_gateway(&json!({"headers": {"x-forwarded-for": "1.1.1.1"}}));
    assert_eq!(behind("1.1.1.1", forged()), None);
    assert_eq!(behind("9.9.9.9", forged()), Some(403));
    // Without the address of the client, nobody knows it there either.
    let mut unknown = forged();
    unknown["sourceIp"] = json!("");
    assert_eq!(behind("1.1.1.1", unknown), None);
}

#[test]
fn a_trusted_proxy_can_have_ended_tls() {
    let redirects = |annotations: &str, headers: Value| {
        let manifests = edge(", tls: {httpsRedirect: true}", annotations, "");
        ask(&manifests, &through_gateway(&json!({ "headers": headers }))).unwrap().outcome.as_str()
    };
    let https = || json!({"x-forwarded-proto": "https"});
    assert_eq!(redirects("", https()), "redirect");
    assert_eq!(redirects(TRUSTS_ONE, https()), "forward");
    assert_eq!(redirects(TRUSTS_ONE, json!({})), "redirect");
}

#[test]
fn the_proxy_protocol_is_noted() {
    let annotation = "proxy.istio.io/config: '{\"gatewayTopology\": {\"proxyProtocol\": {}}}'";
    let answer = ask(&edge("", annotation, ""), &through_gateway(&json!({}))).unwrap();
    assert!(answer.notes()[0].contains("PROXY protocol"), "{:?}", answer.notes());
}

#[test]
fn the_destination_address_is_that_of_the_pod() {
    let rule = |address: &str| format!("{{when: [{{key: destination.ip, values: [{address}]}}]}}");
    let at_server = |address: &str| {
        let manifests = edge("", "", &policy("shop", &rule(address)));
        ask(&manifests, &json!({"host": "web.shop", "port": 80})).unwrap().arrivals[0].status
    };
    assert_eq!((at_server("10.0.0.8"), at_server("10.0.0.7")), (Some(403), None));
    let at_gateway = edge("", "", &policy("infra", &rule("10.0.0.7")));
    assert_eq!(ask(&at_gateway, &through_gateway(&json!({}))).unwrap().status, Some(403));
}

/// The answer for a request to `web.shop`, for which routes are written.
fn routed(http: &str, request: &Value) -> mesh::simulate::Answer {
    let manifests = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        service("shop", "old", "{selector: {app: old}, ports: [{name: http, port: 80}]}"),
        istio("VirtualService", "web", &format!("{{hosts: [web], http: [{http}]}}")),
    ];
    let mut question = json!({"host": "web.shop", "port": 80});
    question.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
    ask(&manifests.concat(), &question).unwrap()
}

#[test]
fn destinations_can_have_requests_of_their_own() {
    let to = |host: &str, headers: &str| {
        format!("{{destination: {{host: {host}}}, weight: 50, headers: {{request: {{{headers}}}}}}}")
    };
    let answer = |route: &str| routed(&format!("{{route: [{route}]}}"), &json!({"headers": {"x": "1"}}));
    let same = answer(&format!("{}, {}", to("web", "set: {host: new}"), to("old", "set: {host: new}")));
    assert_eq!(same.request.as_ref().unwrap().authority, "new");
    assert!(same.destinations.iter().all(|it| it.request.is_none()));
    let differ = answer(&format!("{}, {}", to("web", "set: {host: new, x: '2'}"), to("old", "add: {x: '3'}")));
    let of = |index: usize| {
        let request = differ.destinations[index].request.as_ref().unwrap();
        (request.authority.as_str(), request.headers["x"].as_str())
    };
    assert_eq!((of(0), of(1)), (("new", "2"), ("web.shop", "1,3")));
    let common = differ.request.as_ref().unwrap();
    assert_eq!((common.authority.as_str(), common.headers.len()), ("web.shop", 0));
}

#[test]
fn values_of_headers_can_have_commands() {
    let route = "{headers: {request: {set: {x-from: '%REQ(x-user)%@%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', x-pod: '%UPSTREAM_HOST%', x-none: '%REQ(nope)%'}}}, route: [{destination: {host: web}}]}";
    let answer = routed(route, &json!({"headers": {"x-user": "ann"}, "sourceIp": "10.1.1.1"}));
    let headers = answer.request.unwrap().headers;
    assert_eq!((headers["x-from"].as_str(), headers["x-pod"].as_str()), ("ann@10.1.1.1", "%UPSTREAM_HOST%"));
    assert!(!headers.contains_key("x-none"));
}

#[test]
fn durations_are_answered_as_they_are_written() {
    let route = "{timeout: 1500ms, retries: {attempts: 1, perTryTimeout: '0.50s'}, fault: {delay: {percentage: {value: 1}, fixedDelay: 90s}}, route: [{destination: {host: web}}]}";
    let answer = routed(route, &json!({}));
    assert_eq!(answer.timeout.as_deref(), Some("1500ms"));
    assert_eq!(answer.retries.as_ref().unwrap().per_try_timeout.as_deref(), Some("500ms"));
    assert_eq!(answer.fault.as_ref().unwrap().delay.as_ref().unwrap().fixed_delay, "90s");
}

#[test]
fn malformed_requests_are_rejected_before_routing() {
    let route = "{route: [{destination: {host: web}}]}";
    let rejected = |request: Value| {
        let answer = routed(route, &request);
        (answer.outcome.as_str(), answer.status, answer.flag)
    };
    assert_eq!(rejected(json!({"path": "/a%00"})), ("direct-response", Some(400), None));
    assert_eq!(rejected(json!({"path": "/a#b"})), ("direct-response", Some(400), None));
    assert_eq!(rejected(json!({"path": "/a b"})), ("refused", Some(400), Some("DPE")));
    assert_eq!(rejected(json!({"method": "get"})), ("refused", Some(400), Some("DPE")));
    // So are bytes that are not HTTP, at a gateway. A client that begins TLS cannot read the status.
    let at_gateway = |request: Value| {
        let answer = ask(&edge("", "", ""), &through_gateway(&request)).unwrap();
        (answer.outcome.as_str(), answer.status, answer.flag)
    };
    assert_eq!(at_gateway(json!({"protocol": "tcp"})), ("refused", Some(400), Some("DPE")));
    assert_eq!(at_gateway(json!({"tls": "tls"})), ("refused", None, Some("DPE")));
    // A server rejects the same.
    let at_server = json!({"to": {"namespace": "shop", "labels": {"app": "web"}}, "port": 80, "path": "/a%00"});
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    assert_eq!(ask(&manifests, &at_server).unwrap().status, Some(400));
}
