//! The policies and routes of waypoints.

use mesh::simulate::Answer;
use serde_json::{Value, json};

use super::{deployment, istio, service};

const WAYPOINT: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: wp, namespace: shop}\nspec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n---\n";

/// Namespace `shop` with a waypoint and the services `web` and `copy`.
fn shop(routes: &str) -> String {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: wp}}\n---\n";
    let services: String = ["web", "copy"]
        .map(|name| {
            service("shop", name, &format!("{{selector: {{app: {name}}}, ports: [{{name: http, port: 80}}]}}"))
                + &deployment("shop", name, &format!("{{app: {name}}}"), "[{containerPort: 80}]")
        })
        .concat();
    let web = istio("VirtualService", "web", &format!("{{hosts: [web], http: [{routes}]}}"));
    namespace.to_owned() + WAYPOINT + &services + &web
}

fn policy(kind: &str, spec: &str) -> String {
    let target = "targetRefs: [{kind: Service, group: '', name: web}]";
    format!(
        "apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec: {{{target}, {spec}}}\n---\n"
    )
}

fn ask(manifests: &str, more: &Value) -> Answer {
    let from = json!({"namespace": "shop", "labels": {"app": "curl"}, "serviceAccount": "curl"});
    let mut question = json!({"host": "web.shop.svc.cluster.local", "port": 80, "from": from});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    super::ask(manifests, &question).unwrap()
}

const TO_WEB: &str = "{route: [{destination: {host: web}}]}";

#[test]
fn a_malformed_request_is_rejected_before_the_policies() {
    let manifests = shop(TO_WEB) + &policy("AuthorizationPolicy", "action: ALLOW");
    assert_eq!(ask(&manifests, &json!({"path": "/a"})).status, Some(403));
    assert_eq!(ask(&manifests, &json!({"path": "/a#b"})).status, Some(400));
}

#[test]
fn routes_see_the_claims_that_a_waypoint_accepts() {
    let routes =
        "{match: [{headers: {'@request.auth.claims.group': {exact: a}}}], route: [{destination: {host: web}}]}";
    let tokens = policy("RequestAuthentication", "jwtRules: [{issuer: i, outputPayloadToHeader: x-claims}]");
    let request = json!({"claims": {"iss": "i", "group": "a"}});
    assert_eq!(ask(&shop(routes), &request).status, Some(404));
    let manifests = shop(routes) + &tokens;
    let answer = ask(&manifests, &request);
    assert_eq!(answer.outcome.as_str(), "forward");
    assert!(answer.request.as_ref().unwrap().headers.contains_key("x-claims"), "{:?}", answer.request);
    assert_eq!(ask(&manifests, &json!({"claims": {"iss": "i", "group": "b"}})).status, Some(404));
    assert_eq!(ask(&manifests, &json!({"token": "expired"})).status, Some(401));
}

#[test]
fn answers_have_the_notes_and_the_trace_of_policies_that_allow() {
    let rules = "rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}, {to: [{operation: {methods: [GET]}}]}]";
    let answer = ask(&(shop(TO_WEB) + &policy("AuthorizationPolicy", rules)), &json!({"trace": true}));
    assert_eq!(answer.outcome.as_str(), "forward");
    assert!(answer.notes().iter().any(|note| note.contains("sourceIp")), "{:?}", answer.notes());
    let is_policy: Vec<bool> = answer.trace.iter().map(|step| step.policy.is_some()).collect();
    assert_eq!(is_policy, [true, true, false]);
}

#[test]
fn mirrors_have_the_names_of_the_waypoint() {
    let routes =
        "{route: [{destination: {host: web}}], mirrors: [{destination: {host: web}}, {destination: {host: copy}}]}";
    let answer = ask(&shop(routes), &json!({}));
    let mirrors: Vec<&str> = answer.mirrors.iter().map(|mirror| mirror.cluster.as_str()).collect();
    assert_eq!(mirrors, ["inbound-vip|80|http|web.shop.svc.cluster.local", "outbound|80||copy.shop.svc.cluster.local"]);
}

#[test]
fn a_waypoint_is_no_gateway_to_ask() {
    let error = super::ask(WAYPOINT, &json!({"host": "web.shop", "gateway": "shop/wp"})).unwrap_err();
    assert!(error.contains("Gateway `shop/wp` is a waypoint"), "{error}");
}
