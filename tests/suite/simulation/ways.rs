//! The way of a request: what it names, in which order, for each kind of client.

use serde_json::{Value, json};

use super::{deployment, explain, istio, service};

fn way(manifests: &str, question: &Value) -> Vec<String> {
    explain(manifests, question).way
}

#[test]
fn requests_without_a_routing_proxy_have_a_way() {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: strict, namespace: shop}\n\
                  spec: {mtls: {mode: STRICT}}\n---\n";
    let manifests = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        deployment("shop", "web", "{app: web, sidecar.istio.io/inject: \"true\"}", "[{containerPort: 80}]"),
        strict.to_owned(),
    ];
    let question = json!({"host": "web.shop", "from": {"namespace": "legacy", "kind": "none"}});
    let steps = way(&manifests.concat(), &question).join("\n");
    for expected in [
        "client without a sidecar, in namespace legacy\nport 80 of Service shop/web (all.yaml:",
        "\nat shop/web: plaintext; PeerAuthentication shop/strict (all.yaml:",
    ] {
        assert!(steps.contains(expected), "{expected}: {steps}");
    }
    let outside = json!({"host": "example.org", "from": {"namespace": "legacy", "kind": "none"}});
    assert!(way(&manifests.concat(), &outside)[1].starts_with("no service of the cluster has the host"));
}

#[test]
fn the_way_of_ambient_clients_leads_through_the_waypoint() {
    let manifests = [
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, \
         istio.io/use-waypoint: wp}}\n---\n"
            .to_owned(),
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: wp, namespace: shop}\nspec: \
         {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n---\n"
            .to_owned(),
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        deployment("shop", "web", "{app: web}", "[{containerPort: 80}]"),
        istio("VirtualService", "web", "{hosts: [web], http: [{route: [{destination: {host: web}}]}]}"),
    ];
    let question = json!({"host": "web.shop", "from": {"namespace": "shop"}});
    let steps = way(&manifests.concat(), &question).join("\n");
    let places =
        ["client in the ambient mesh", "\nport 80 of Service shop/web (all.yaml:", "\nwaypoint shop/wp (all.yaml:"];
    let after = ["\nVirtualService shop/web http[0] (all.yaml:", "\n100% to web.shop", "\nat shop/web: mutual TLS"];
    let found: Vec<Option<usize>> = places.iter().chain(&after).map(|it| steps.find(it)).collect();
    assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{found:?}: {steps}");
}

#[test]
fn a_denial_names_all_policies_of_which_none_matches() {
    let policy = |name: &str, rules: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: \
             {{selector: {{matchLabels: {{app: web}}}}, action: ALLOW{rules}}}\n---\n"
        )
    };
    let manifests = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        deployment("shop", "web", "{app: web, sidecar.istio.io/inject: \"true\"}", "[{containerPort: 80}]"),
        policy("a-nothing", ""),
        policy("open", ", rules: [{to: [{operation: {paths: [/open]}}]}]"),
    ];
    let steps = way(&manifests.concat(), &json!({"host": "web.shop", "path": "/closed"})).join("\n");
    assert!(steps.contains("no ALLOW rule of `shop/a-nothing` and `shop/open` matches"), "{steps}");
}

#[test]
fn notes_on_policies_say_whose_they_are() {
    let policy = |kind: &str, spec: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: \
             {{matchLabels: {{app: web}}}}, {spec}}}\n---\n"
        )
    };
    let servers = "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]";
    let manifests = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        deployment("shop", "web", "{app: web, sidecar.istio.io/inject: \"true\"}", "[{containerPort: 80}]"),
        istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, {servers}}}")),
        istio(
            "VirtualService",
            "web",
            "{hosts: [web.example], gateways: [edge], http: [{route: [{destination: {host: web}}]}]}",
        ),
        policy("RequestAuthentication", "jwtRules: [{issuer: i, forwardOriginalToken: true}]"),
        policy("AuthorizationPolicy", "rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}, {}]"),
    ];
    let question =
        json!({"host": "web.example", "gateway": "shop/edge", "claims": {"iss": "i"}, "sourceIp": "192.0.2.1"});
    let explained = explain(&manifests.concat(), &question);
    let answer = explained.result.unwrap();
    assert_eq!(answer.notes(), ["no RequestAuthentication selects the gateway, so the gateway ignores tokens"]);
    let steps = explained.way.join("\n");
    assert!(steps.contains("the address of the gateway that sends the request is not known"), "{steps}");
}
