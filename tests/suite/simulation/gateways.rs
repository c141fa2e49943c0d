//! What gateways listen on, and where they send what comes in.

use serde_json::json;

use super::{deployment, goes_to, istio, istio_in, service};

const TO_WEB: &str = "route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}]";
const WEB: &str = "outbound|80||web.shop.svc.cluster.local";

fn web() -> String {
    service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
}

/// A Gateway of the Gateway API that istiod runs beside one of Istio's.
#[test]
fn gateways_of_other_namespaces_do_not_join_one_that_istiod_runs() {
    let listeners = "[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]";
    let managed = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra}}\nspec: {{gatewayClassName: istio, listeners: {listeners}}}\n---\n"
    );
    let asked = json!({
        "gateway": {"namespace": "infra", "labels": {"gateway.networking.k8s.io/gateway-name": "edge"}},
        "host": "web.example", "port": 8080,
    });
    let with_classic = |namespace: &str| {
        let servers = "[{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]";
        let selector = "{gateway.networking.k8s.io/gateway-name: edge}";
        let gateway = istio_in(namespace, "Gateway", "own", &format!("{{selector: {selector}, servers: {servers}}}"));
        let routes = format!("{{hosts: [web.example], gateways: [{namespace}/own], http: [{{{TO_WEB}}}]}}");
        goes_to(&(managed.clone() + &web() + &gateway + &istio("VirtualService", "web", &routes)), &asked)
    };
    assert_eq!(with_classic("infra"), WEB);
    assert_eq!(with_classic("shop"), "refused");
}

/// Its Service tells the namespace of a gateway whose Deployment is not among the manifests.
#[test]
fn the_service_of_a_gateway_tells_where_it_runs() {
    let manifests = service(
        "istio-system",
        "ingress",
        "{selector: {app: ingress, istio: ingress}, ports: [{name: http, port: 80, targetPort: 8080}]}",
    ) + &istio(
        "Gateway",
        "edge",
        "{selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
    ) + &istio(
        "VirtualService",
        "web",
        &format!("{{hosts: [web.example], gateways: [edge], exportTo: [istio-system], http: [{{{TO_WEB}}}]}}"),
    ) + &web();
    assert_eq!(goes_to(&manifests, &json!({"gateway": "shop/edge", "host": "web.example"})), WEB);
}

/// The Service leads to a port of the container by its name, and a server is written with the number of that.
#[test]
fn the_named_target_of_a_gateways_service_is_looked_up() {
    let manifests =
        service("infra", "edge", "{selector: {app: edge}, ports: [{name: web, port: 80, targetPort: listen}]}")
            + &deployment("infra", "edge", "{app: edge}", "[{name: listen, containerPort: 8080}]")
            + &istio_in(
                "infra",
                "Gateway",
                "edge",
                "{selector: {app: edge}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]}",
            )
            + &istio(
                "VirtualService",
                "web",
                &format!("{{hosts: [web.example], gateways: [infra/edge], http: [{{{TO_WEB}}}]}}"),
            )
            + &web();
    assert_eq!(goes_to(&manifests, &json!({"gateway": "infra/edge", "host": "web.example", "port": 80})), WEB);
    assert_eq!(goes_to(&manifests, &json!({"gateway": "infra/edge", "host": "web.example", "port": 8080})), WEB);
}
