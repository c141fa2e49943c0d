//! The services, ports and DestinationRules that a sidecar has.

use serde_json::json;

use super::{goes_to, istio, istio_in, service};

const WEB: &str = "outbound|80||web.shop.svc.cluster.local";

/// istiod looks no further than the first namespace with a DestinationRule for the host, whichever workloads it selects.
#[test]
fn a_workload_selector_hides_the_destination_rule_of_the_service() {
    let subsets = "{host: web, subsets: [{name: v1, labels: {version: v1}}]}";
    let manifests = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &istio("DestinationRule", "web", subsets)
        + &istio_in("tools", "DestinationRule", "all", "{host: '*', workloadSelector: {matchLabels: {app: batch}}}")
        + &istio("VirtualService", "web", "{hosts: [web], http: [{route: [{destination: {host: web, subset: v1}}]}]}");
    let from = |namespace: &str, app: &str| {
        goes_to(&manifests, &json!({"host": "web.shop", "from": {"namespace": namespace, "labels": {"app": app}}}))
    };
    let cluster = "outbound|80|v1|web.shop.svc.cluster.local";
    assert_eq!(from("other", "curl"), cluster);
    assert_eq!(from("tools", "curl"), format!("{cluster} (no-cluster)"));
    assert_eq!(from("tools", "batch"), format!("{cluster} (no-cluster)"));
}

/// A route brings a service of the client's namespace into scope, even if that is not exported to it.
#[test]
fn routes_import_services_of_the_clients_namespace() {
    let hidden = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, annotations: {networking.istio.io/exportTo: infra}}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n---\n";
    let manifests = hidden.to_owned()
        + &service("shop", "front", "{selector: {app: front}, ports: [{name: http, port: 80}]}")
        + &istio("VirtualService", "front", "{hosts: [front], http: [{route: [{destination: {host: web}}]}]}");
    let from = |namespace: &str| goes_to(&manifests, &json!({"host": "front.shop", "from": {"namespace": namespace}}));
    assert_eq!(from("shop"), WEB);
    assert_eq!(from("tools"), format!("{WEB} (no-cluster)"));
}

/// An egress listener for one port imports only that port of services.
#[test]
fn egress_listeners_of_a_port_import_only_that_port() {
    let listener = "{port: {number: 80, protocol: HTTP, name: http}, hosts: ['shop/*']}";
    let manifests = service(
        "shop",
        "web",
        "{selector: {app: web}, ports: [{name: http, port: 80}, {name: http-admin, port: 8080}]}",
    ) + &service("shop", "front", "{selector: {app: front}, ports: [{name: http, port: 80}]}")
        + &istio_in("tools", "Sidecar", "own", &format!("{{egress: [{listener}]}}"))
        + &istio(
            "VirtualService",
            "front",
            "{hosts: [front], http: [{route: [{destination: {host: web, port: {number: 8080}}}]}]}",
        );
    let from = |namespace: &str| goes_to(&manifests, &json!({"host": "front.shop", "from": {"namespace": namespace}}));
    let cluster = "outbound|8080||web.shop.svc.cluster.local";
    assert_eq!(from("other"), cluster);
    assert_eq!(from("tools"), format!("{cluster} (no-cluster)"));
}

/// A sidecar looks up an ExternalName Service among the services that have the port of the listener.
#[test]
fn aliases_without_the_port_of_the_listener_are_not_resolved() {
    let alias = |ports: &str| {
        service("shop", "alias", &format!("{{type: ExternalName, externalName: web.shop.svc.cluster.local{ports}}}"))
    };
    let routes = "{hosts: [front], http: [{route: [{destination: {host: alias, port: {number: 80}}}]}]}";
    let rest = service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &service("shop", "front", "{selector: {app: front}, ports: [{name: http, port: 80}]}")
        + &istio("VirtualService", "front", routes);
    let question = json!({"host": "front.shop", "from": {"namespace": "shop"}});
    let unresolved = "outbound|80||alias.shop.svc.cluster.local (no-cluster)";
    assert_eq!(goes_to(&(alias("") + &rest), &question), unresolved);
    assert_eq!(goes_to(&(alias(", ports: [{name: http, port: 80}]") + &rest), &question), WEB);
}
