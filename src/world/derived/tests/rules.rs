//! Backends, and what istiod drops.

use super::{GATEWAY, derived, ignored, with_world};
use crate::world::{Origin, Refusal};

fn route(rules: &str) -> String {
    format!(
        "{GATEWAY}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec:
  parentRefs: [{{name: gw, namespace: edge}}]
  rules: {rules}
---
"
    )
}

/// The rules of the only VirtualService.
fn rules(manifests: &str) -> Vec<String> {
    derived(manifests).into_iter().skip(1).collect()
}

#[test]
fn shares_are_weights_without_the_zeros() {
    let two = "[{backendRefs: [{name: a, port: 1}, {name: b, port: 2, weight: 9}, {name: c, port: 3, weight: 0}]}]";
    assert_eq!(rules(&route(two)), ["  r#0.- [^/] -> a.shop:1 x1, b.shop:2 x9"]);
    let one = "[{backendRefs: [{name: a, port: 1, weight: 7}, {name: b, port: 2, weight: 0}]}]";
    assert_eq!(rules(&route(one)), ["  r#0.- [^/] -> a.shop:1"]);
}

#[test]
fn without_backends_the_answer_is_500() {
    let zero = "[{backendRefs: [{name: a, port: 1, weight: 0}]}, {matches: [{path: {value: /none}}]}]";
    assert_eq!(rules(&route(zero)), ["  r#1.0 [^/none] -> status 500", "  r#0.- [^/] -> status 500"]);
    assert_eq!(Origin::GatewayApi.missing_cluster_status(), 500);
    assert_eq!(Origin::VirtualService.missing_cluster_status(), 503);
}

#[test]
fn a_backend_of_another_namespace_needs_a_grant() {
    let manifests =
        route("[{backendRefs: [{name: a, port: 1, namespace: pay}, {name: b, port: 2, kind: Bucket, group: x.io}]}]");
    assert_eq!(rules(&manifests), ["  r#0.- [^/] -> nowhere x1, nowhere x1"]);
    with_world(&manifests, |world| {
        let refused = &world.derived.virtual_services[0].sources[0].refused;
        let reasons: Vec<Refusal> = refused.iter().map(|it| it.refusal).collect();
        assert_eq!(reasons, [Refusal::NotGranted, Refusal::UnsupportedKind]);
        assert!(world.snapshot.sources.text(refused[0].span).starts_with("{name: a"));
    });
    let grant = |to: &str| {
        format!(
            "{manifests}apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {{name: g, namespace: pay}}\nspec: {{from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}}], to: [{{group: '', kind: Service{to}}}]}}\n"
        )
    };
    assert_eq!(rules(&grant("")), ["  r#0.- [^/] -> a.pay:1 x1, nowhere x1"]);
    assert_eq!(rules(&grant(", name: a")), ["  r#0.- [^/] -> a.pay:1 x1, nowhere x1"]);
    assert_eq!(rules(&grant(", name: z")), ["  r#0.- [^/] -> nowhere x1, nowhere x1"]);
}

#[test]
fn a_backend_may_be_a_host_name() {
    let hostname = "[{backendRefs: [{name: api.example.com, port: 443, kind: Hostname, group: networking.istio.io}]}]";
    assert_eq!(rules(&route(hostname)), ["  r#0.- [^/] -> api.example.com:443"]);
}

#[test]
fn some_mistakes_drop_the_whole_route() {
    for (rule, reason) in [
        ("{backendRefs: [{name: a}]}", "the backend has no port"),
        ("{backendRefs: [{name: a.shop, port: 1}]}", "the backend is a host name, not the name of a Service"),
        ("{filters: [{type: ExtensionRef}]}", "Istio does not support filter `ExtensionRef` here"),
    ] {
        let manifests = route(&format!("[{{backendRefs: [{{name: good, port: 1}}]}}, {rule}]"));
        assert_eq!(derived(&manifests), Vec::<String>::new(), "{rule}");
        assert_eq!(ignored(&manifests), [format!("HTTPRoute r: {reason}, so istiod drops the whole route")]);
    }
}

#[test]
fn a_route_without_rules_takes_everything() {
    assert_eq!(rules(&route("[]")), ["  r#0.- [^/] -> status 500"]);
}

#[test]
fn spans_are_those_of_the_route() {
    let manifests = route("[{matches: [{path: {value: /cart/}}], backendRefs: [{name: a, port: 1}]}]");
    with_world(&manifests, |world| {
        let service = &world.derived.virtual_services[0];
        let text = |span| world.snapshot.sources.text(span);
        let rule = &service.spec.http[0];
        let uri = rule.r#match[0].uri.as_ref().unwrap().prefix.as_ref().unwrap();
        assert_eq!((uri.as_str(), text(uri.span)), ("/cart", "/cart/"));
        assert_eq!(text(rule.r#match[0].span), "{path: {value: /cart/}}");
        assert_eq!(text(rule.route[0].span), "{name: a, port: 1}");
        assert_eq!(text(service.bound_to[0].span.unwrap()), "{name: gw, namespace: edge}");
        assert!(service.binds(&world.derived.gateways[0].name));
    });
}
