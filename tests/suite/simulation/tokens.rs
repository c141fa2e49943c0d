//! Tokens at gateways, and behind them.

use base64::Engine;
use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::Simulator;
use mesh::world::{Settings, World};
use serde_json::{Value, json};

use super::{ask, istio, istio_in, service};

/// A gateway in `infra` that routes by claims to `web`, whose pods have a sidecar.
fn edge(routes: &str) -> String {
    let gateway =
        "{selector: {istio: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}";
    let pod = |namespace: &str, name: &str, labels: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, labels: {labels}}}\nspec: {{containers: [{{name: main, image: main}}, {{name: istio-proxy, image: proxyv2}}]}}\n---\n"
        )
    };
    let gateway_pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: edge, namespace: infra, labels: {istio: edge}}\nspec: {containers: [{name: istio-proxy, image: auto}]}\n---\n";
    [
        istio_in("infra", "Gateway", "edge", gateway),
        service("infra", "edge", "{selector: {istio: edge}, ports: [{name: http, port: 80}]}"),
        gateway_pod.to_owned(),
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}"),
        pod("shop", "web", "{app: web}"),
        istio("VirtualService", "web", &format!("{{hosts: ['*'], gateways: [infra/edge], http: [{routes}]}}")),
    ]
    .concat()
}

fn authentication(namespace: &str, more: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: tokens, namespace: {namespace}}}\nspec: {{jwtRules: [{{issuer: a{more}}}]}}\n---\n"
    )
}

const TO_WEB: &str = "route: [{destination: {host: web}}]";

fn question(more: &Value) -> Value {
    let mut question = json!({"gateway": "infra/edge", "host": "web.example", "port": 80});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

fn outcome(manifests: &str, more: &Value) -> (String, Option<u32>) {
    let answer = ask(manifests, &question(more)).unwrap();
    (answer.outcome.as_str().to_owned(), answer.status)
}

#[test]
fn routes_see_claims_only_if_the_gateway_accepts_the_token() {
    let by_claim = |condition: &str| edge(&format!("{{match: [{{{condition}}}], {TO_WEB}}}"));
    let groups = by_claim("headers: {'@request.auth.claims.groups': {exact: admin}}");
    let request = json!({"claims": {"iss": "a", "groups": ["user", "admin"]}});
    let with_tokens = format!("{groups}{}", authentication("infra", ""));
    assert_eq!(outcome(&with_tokens, &request), ("forward".to_owned(), None));
    assert_eq!(outcome(&with_tokens, &json!({"claims": {"iss": "a", "groups": ["user"]}})).1, Some(404));
    assert_eq!(outcome(&with_tokens, &json!({})).1, Some(404));
    assert_eq!(outcome(&with_tokens, &json!({"token": "expired"})).1, Some(401));
    assert_eq!(outcome(&with_tokens, &json!({"headers": {"authorization": "Bearer x"}})).1, Some(401));
    // Without a RequestAuthentication for the gateway, there are no claims.
    let elsewhere = format!("{groups}{}", authentication("shop", ""));
    assert_eq!(outcome(&elsewhere, &request).1, Some(404));
    let answer = ask(&elsewhere, &question(&request)).unwrap();
    assert!(answer.notes()[0].contains("ignores tokens"), "{:?}", answer.notes());
    let without = by_claim("withoutHeaders: {'@request.auth.claims.groups': {exact: admin}}");
    assert_eq!(outcome(&format!("{without}{}", authentication("infra", "")), &request).1, Some(404));
    assert_eq!(outcome(&without, &request).0, "forward");
    let words = by_claim("headers: {'@request.auth.claims.roles': {exact: admin}}");
    let spaced = authentication("infra", ", spaceDelimitedClaims: [roles]");
    let request = json!({"claims": {"iss": "a", "roles": "user admin"}});
    assert_eq!(outcome(&format!("{words}{spaced}"), &request).0, "forward");
    assert_eq!(outcome(&format!("{words}{}", authentication("infra", "")), &request).1, Some(404));
}

#[test]
fn routes_see_the_headers_that_the_gateway_writes_from_claims() {
    let routes = edge(&format!("{{match: [{{headers: {{x-sub: {{exact: ann}}}}}}], {TO_WEB}}}"));
    let tokens = authentication("infra", ", outputClaimToHeaders: [{header: x-sub, claim: sub}]");
    let manifests = format!("{routes}{tokens}");
    let with_header = |sub: &str| json!({"headers": {"x-sub": "ann"}, "claims": {"iss": "a", "sub": sub}});
    assert_eq!(outcome(&manifests, &json!({"claims": {"iss": "a", "sub": "ann"}})).0, "forward");
    assert_eq!(outcome(&manifests, &with_header("bob")).1, Some(404));
    let answer = ask(&manifests, &question(&with_header("ann"))).unwrap();
    assert_eq!(answer.request.unwrap().headers["x-sub"], "ann");
    // Without a token, the route sees the header of the client. The server does not.
    let forged = ask(&manifests, &question(&json!({"headers": {"x-sub": "ann"}}))).unwrap();
    assert_eq!(
        (forged.outcome.as_str(), forged.request.unwrap().removed_headers),
        ("forward", vec!["x-sub".to_owned()])
    );
}

#[test]
fn a_gateway_that_reads_a_token_does_not_forward_it_by_default() {
    let needs_token = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: shop}\nspec: {rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}\n---\n";
    let behind = |at_gateway: &str| {
        let manifests =
            [edge(&format!("{{{TO_WEB}}}")), at_gateway.to_owned(), authentication("shop", ""), needs_token.to_owned()]
                .concat();
        let answer = ask(&manifests, &question(&json!({"claims": {"iss": "a", "sub": "ann"}}))).unwrap();
        answer.arrivals[0].status
    };
    assert_eq!(behind(""), None);
    assert_eq!(behind(&authentication("infra", "")), Some(403));
    assert_eq!(behind(&authentication("infra", ", forwardOriginalToken: true")), None);
}

#[test]
fn sidecars_of_clients_see_no_claims() {
    let web = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}");
    let route = istio(
        "VirtualService",
        "web",
        "{hosts: [web], http: [{match: [{headers: {'@request.auth.claims.sub': {exact: ann}}}], route: [{destination: {host: web}}]}]}",
    );
    let request = json!({"host": "web.shop", "port": 80, "claims": {"iss": "a", "sub": "ann"}});
    let answer = ask(&format!("{web}{route}{}", authentication("shop", "")), &request).unwrap();
    assert_eq!(answer.status, Some(404));
}

/// The answer to a request with a JWT of issuer `a`, at a time.
fn at(time: u64, claims: &str) -> (Option<u32>, String) {
    let encoded = |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part);
    let token = [r#"{"alg":"RS256"}"#, claims, "signature"].map(encoded).join(".");
    let manifests = edge(&format!("{{{TO_WEB}}}")) + &authentication("infra", "");
    let snapshot = Snapshot::of_texts([("all.yaml", manifests.as_str())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let request = question(&json!({"headers": {"authorization": format!("Bearer {token}")}}));
    let answer = Simulator::new(&world).at(time).simulate(&serde_json::from_value(request).unwrap()).unwrap();
    let reason = answer.policy.as_ref().and_then(|policy| policy.reason.clone());
    (answer.status, reason.unwrap_or_else(|| answer.notes().join("; ")))
}

#[test]
fn answers_that_depend_on_the_time_say_so() {
    let claims = r#"{"iss":"a","exp":1562182722}"#;
    let (status, said) = at(1_562_182_700, claims);
    assert_eq!(status, None);
    assert!(said.contains("depends on the time: the token expires at 2019-07-03T19:38:42Z"), "{said}");
    let expired = at(1_562_182_800, claims);
    assert_eq!(expired, (Some(401), "the token expired at 2019-07-03T19:38:42Z".to_owned()));
    let early = at(1_562_182_600, r#"{"iss":"a","nbf":1562182722}"#);
    assert_eq!(early, (Some(401), "the token is not valid before 2019-07-03T19:38:42Z".to_owned()));
    let (status, said) = at(1_562_182_700, r#"{"iss":"a"}"#);
    assert!(status.is_none() && !said.contains("time"), "{said}");
    let huge = at(1_562_182_700, r#"{"iss":"a","exp":18446744073709551615}"#);
    assert_eq!(huge.0, Some(401));
}

#[test]
fn the_token_of_a_preflight_is_not_read() {
    let manifests = edge(&format!("{{{TO_WEB}}}")) + &authentication("infra", "");
    let notes = |method: &str| {
        let headers = json!({"origin": "https://a.example.com", "access-control-request-method": "GET"});
        let request = question(&json!({"claims": {"iss": "a"}, "method": method, "headers": headers}));
        ask(&manifests, &request).unwrap().notes().join("; ")
    };
    assert!(notes("OPTIONS").contains("does not read the tokens of CORS preflights"), "{}", notes("OPTIONS"));
    assert!(!notes("GET").contains("preflights"));
}
