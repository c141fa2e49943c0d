//! Ports and destinations of gateways.

use serde_json::json;

use super::{deployment, goes_to, istio, istio_in, service};

const TO_WEB: &str = "route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}]";
const WEB: &str = "outbound|80||web.shop.svc.cluster.local";

fn web() -> String {
    service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
}

/// An Istio Gateway that selects the workload of a Gateway API Gateway.
#[test]
fn gateways_of_other_namespaces_do_not_use_managed_workloads() {
    let listeners = "[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]";
    let managed = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra}}\nspec: {{gatewayClassName: istio, listeners: {listeners}}}\n---\n"
    );
    let question = json!({
        "gateway": {"namespace": "infra", "labels": {"gateway.networking.k8s.io/gateway-name": "edge"}},
        "host": "web.example", "port": 8080,
    });
    let with_gateway = |namespace: &str| {
        let servers = "[{port: {number: 8080, name: http, protocol: HTTP}, hosts: ['*']}]";
        let selector = "{gateway.networking.k8s.io/gateway-name: edge}";
        let gateway = istio_in(namespace, "Gateway", "own", &format!("{{selector: {selector}, servers: {servers}}}"));
        let routes = format!("{{hosts: [web.example], gateways: [{namespace}/own], http: [{{{TO_WEB}}}]}}");
        goes_to(&(managed.clone() + &web() + &gateway + &istio("VirtualService", "web", &routes)), &question)
    };
    assert_eq!(with_gateway("infra"), WEB);
    assert_eq!(with_gateway("shop"), "refused");
}

/// If the manifests do not have the Deployment of a gateway, it runs in the namespace of its Service.
#[test]
fn a_gateway_without_deployment_runs_in_the_namespace_of_its_service() {
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

/// `targetPort` of the Service names a port of the container, and the server has the number of that port.
#[test]
fn a_named_target_port_of_a_gateways_service_is_resolved() {
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

/// A Gateway `edge` with servers, and a VirtualService `web` that is bound to it.
fn edge(servers: &str, routes: &str) -> String {
    istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: [{servers}]}}"))
        + &istio("VirtualService", "web", &format!("{{hosts: ['*'], gateways: [edge], {routes}}}"))
        + &web()
}

/// A request to the gateway `edge`, with further fields.
fn question(more: &serde_json::Value) -> serde_json::Value {
    let mut question = json!({"gateway": "shop/edge", "host": "web.example"});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

#[test]
fn servers_listen_on_the_address_that_they_bind() {
    let server = |bind: &str, protocol: &str| {
        format!("{{{bind}port: {{number: 9000, name: p, protocol: {protocol}}}, hosts: ['*']}}")
    };
    let routes = format!("http: [{{{TO_WEB}}}], tcp: [{{{TO_WEB}}}]");
    let ask = |servers: &str, more: serde_json::Value| goes_to(&edge(servers, &routes), &question(&more));
    let bound = server("bind: 10.0.0.1, ", "HTTP");
    assert_eq!(ask(&bound, json!({"port": 9000, "address": "10.0.0.1"})), WEB);
    assert_eq!(ask(&bound, json!({"port": 9000, "address": "10.0.0.2"})), "refused");
    assert_eq!(ask(&bound, json!({"port": 9000})), WEB, "without an address, the only listener gets the request");
    // istiod drops a TCP server after an HTTP server, unless it binds to another address.
    let tcp = |address: &str| json!({"port": 9000, "protocol": "tcp", "address": address});
    let both = |bind: &str| format!("{}, {}", server("", "HTTP"), server(bind, "TCP"));
    assert_eq!(ask(&both("bind: 10.0.0.1, "), tcp("10.0.0.1")), WEB);
    assert_eq!(ask(&both(""), tcp("10.0.0.1")), "refused 400");
}

/// The ports of two HTTPS servers of a Gateway need different names.
#[test]
fn https_servers_need_unique_port_names() {
    let server = |name: &str, host: &str| {
        let tls = "tls: {mode: SIMPLE, credentialName: c}";
        format!("{{port: {{number: 443, name: {name}, protocol: HTTPS}}, {tls}, hosts: [{host}]}}")
    };
    let ask = |second: &str| {
        let servers = format!("{}, {}", server("https", "other.example"), server(second, "web.example"));
        goes_to(&edge(&servers, &format!("http: [{{{TO_WEB}}}]")), &question(&json!({"tls": "tls"})))
    };
    assert_eq!(ask("https-web"), WEB);
    assert_eq!(ask("https"), "refused");
}

#[test]
fn auto_passthrough_excludes_services_outside_the_mesh() {
    let entry = |location: &str| {
        istio(
            "ServiceEntry",
            "api",
            &format!(
                "{{hosts: [api.example], {location}resolution: DNS, ports: [{{number: 443, name: tls, protocol: TLS}}]}}"
            ),
        )
    };
    let server =
        "{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ['*.example']}";
    let ask = |location: &str| {
        let question = question(&json!({"port": 15443, "sni": "outbound_.443_._.api.example", "protocol": "tcp"}));
        goes_to(&(edge(server, "") + &entry(location)), &question)
    };
    assert_eq!(ask("location: MESH_INTERNAL, "), "outbound_.443_._.api.example");
    assert_eq!(ask(""), "refused");
}

/// Servers of a Gateway that listen on the same port share the routes for the port of the first server.
#[test]
fn matches_use_the_port_of_the_first_server() {
    let ports = "[{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: 8080}]";
    let server = |number: u32, host: &str| {
        format!("{{port: {{number: {number}, name: http-{number}, protocol: HTTP}}, hosts: [{host}]}}")
    };
    let servers = format!("{}, {}", server(80, "other.example"), server(81, "web.example"));
    let routes = format!("http: [{{match: [{{port: 81}}], directResponse: {{status: 418}}}}, {{{TO_WEB}}}]");
    let manifests =
        edge(&servers, &routes) + &service("shop", "edge", &format!("{{selector: {{app: edge}}, ports: {ports}}}"));
    assert_eq!(goes_to(&manifests, &question(&json!({"port": 81}))), WEB);
}

/// Of several services with the same host, a gateway uses one that `exportTo` exports to it by name, or else the oldest. Its
/// own namespace does not take precedence.
#[test]
fn gateways_use_the_first_service_of_a_host() {
    let entry = |namespace: &str, name: &str, port: u32, export: &str| {
        let port = format!("{{number: {port}, name: http, protocol: HTTP}}");
        let spec = format!("{{hosts: [api.example], {export}resolution: DNS, ports: [{port}]}}");
        istio_in(namespace, "ServiceEntry", name, &spec)
    };
    let server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    let routes = istio_in(
        "apps",
        "VirtualService",
        "api",
        "{hosts: [web.example], gateways: [shop/edge], http: [{route: [{destination: {host: api.example, port: {number: 80}}}]}]}",
    );
    let gateway = istio("Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: [{server}]}}")) + &routes;
    let ask = |entries: String| goes_to(&(gateway.clone() + &entries), &question(&json!({})));
    let cluster = "outbound|80||api.example";
    assert_eq!(ask(entry("alpha", "a", 80, "") + &entry("shop", "b", 81, "")), cluster);
    assert_eq!(ask(entry("alpha", "a", 81, "") + &entry("beta", "b", 80, "exportTo: [shop], ")), cluster);
    assert_eq!(ask(entry("alpha", "a", 81, "") + &entry("shop", "b", 80, "")), format!("{cluster} (no-cluster)"));
}

/// Each entry of `tls` of an Ingress is a server, and so has a port name of its own.
#[test]
fn an_ingress_can_have_several_certificates() {
    let manifests = "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: own}, spec: {controller: istio.io/ingress-controller}}\n---\n\
        apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop}\nspec:\n  ingressClassName: own\n  \
        tls: [{hosts: [a.example], secretName: a}, {hosts: [b.example], secretName: b}]\n  \
        rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]\n---\n"
        .to_owned()
        + &web();
    let gateway = json!({"namespace": "istio-system", "labels": {"istio": "ingressgateway"}});
    for host in ["a.example", "b.example"] {
        let question = json!({"gateway": gateway, "host": host, "port": 443, "tls": "tls", "sni": host});
        assert_eq!(goes_to(&manifests, &question), WEB, "{host}");
    }
}

/// istiod compares hosts with the namespaces before them, Envoy only the server names.
#[test]
fn envoy_rejects_a_listener_with_equal_filter_chains() {
    let gateway = |namespace: &str, hosts: &str| {
        let tls = "tls: {mode: SIMPLE, credentialName: cert}";
        let server = format!("{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [{hosts}], {tls}}}");
        istio_in(namespace, "Gateway", "edge", &format!("{{selector: {{app: edge}}, servers: [{server}]}}"))
    };
    let route = istio(
        "VirtualService",
        "web",
        &format!("{{hosts: [web.example], gateways: [shop/edge, bank/edge], http: [{{{TO_WEB}}}]}}"),
    );
    let ask = |first: &str, second: &str| {
        let manifests = gateway("shop", first) + &gateway("bank", second) + &web() + &route;
        let gateway = json!({"namespace": "infra", "labels": {"app": "edge"}});
        let question = json!({"gateway": gateway, "host": "web.example", "port": 443, "tls": "tls"});
        let answer = super::ask(&manifests, &question).unwrap();
        (answer.outcome.as_str(), answer.notes().iter().any(|note| note.contains("Envoy rejects the listener")))
    };
    assert_eq!(ask("./*", "./*"), ("refused", true));
    assert_eq!(ask("./web.example", "./web.example, ./other.example"), ("refused", true));
    assert_eq!(ask("./web.example", "./other.example"), ("forward", false));
    // istiod drops the second server.
    assert_eq!(ask("shop/web.example", "shop/web.example"), ("forward", false));
}

/// A ListenerSet in another namespace opens a port of the workload that istiod runs for the Gateway.
#[test]
fn the_workload_of_the_gateway_serves_listener_sets() {
    let gateway_api = |kind: &str, namespace: &str, name: &str, spec: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
        )
    };
    let parent = "group: gateway.networking.k8s.io, kind";
    let manifests = gateway_api(
        "Gateway",
        "infra",
        "edge",
        "{gatewayClassName: istio, allowedListeners: {namespaces: {from: All}}, listeners: [{name: http, port: 80, protocol: HTTP}]}",
    ) + &gateway_api(
        "ListenerSet",
        "shop",
        "more",
        &format!(
            "{{parentRef: {{{parent}: Gateway, name: edge, namespace: infra}}, listeners: [{{name: alt, port: 8080, protocol: HTTP}}]}}"
        ),
    ) + &gateway_api(
        "HTTPRoute",
        "shop",
        "web",
        &format!(
            "{{parentRefs: [{{{parent}: ListenerSet, name: more}}], rules: [{{backendRefs: [{{name: web, port: 80}}]}}]}}"
        ),
    ) + &web();
    let ask = |gateway: &str, port: u32| {
        goes_to(&manifests, &json!({"gateway": gateway, "host": "web.example", "port": port}))
    };
    assert_eq!(ask("infra/edge", 8080), WEB);
    assert_eq!(ask("shop/more", 8080), WEB);
    assert_eq!(ask("infra/edge", 80), "no-route 404");
    // The Service that istiod makes has the port, too.
    let through_sidecar = json!({"host": "edge-istio.infra", "port": 8080, "from": {"namespace": "shop"}});
    assert_eq!(goes_to(&manifests, &through_sidecar), "outbound|8080||edge-istio.infra.svc.cluster.local");
}

/// Two servers of different ports share the port of the workload to which a Service leads.
#[test]
fn servers_of_two_ports_share_a_port_of_the_workload() {
    let service = |labels: &str| {
        super::service("infra", "edge", "{selector: {app: edge}, ports: [{name: http, port: 80, targetPort: 8081}]}")
            .replace("name: edge,", &format!("name: edge, labels: {labels},"))
    };
    let gateway = |name: &str, port: u32| {
        let server = format!("{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: [{name}.example]}}");
        istio_in("infra", "Gateway", name, &format!("{{selector: {{app: edge}}, servers: [{server}]}}"))
            + &istio_in(
                "infra",
                "VirtualService",
                name,
                &format!("{{hosts: [{name}.example], gateways: [{name}], http: [{{{TO_WEB}}}]}}"),
            )
    };
    let ask = |labels: &str, host: &str, port: u32| {
        let manifests = service(labels) + &gateway("one", 80) + &gateway("two", 8081) + &web();
        let gateway = json!({"namespace": "infra", "labels": {"app": "edge"}});
        goes_to(&manifests, &json!({"gateway": gateway, "host": host, "port": port}))
    };
    for (host, port) in [("one.example", 80), ("two.example", 80), ("one.example", 8081), ("two.example", 8081)] {
        assert_eq!(ask("{}", host, port), WEB, "{host} {port}");
    }
    // Knative's Service says that servers do not name its ports.
    let untranslated = "{experimental.istio.io/disable-gateway-port-translation: 'true'}";
    assert_eq!(ask(untranslated, "two.example", 80), WEB);
    assert_eq!(ask(untranslated, "one.example", 80), "no-route 404");
}

/// A BackendTLSPolicy adds TLS to what DestinationRules of the namespace set.
#[test]
fn backend_tls_policies_make_clients_originate_tls() {
    let policy = |section: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{name: web, namespace: shop}}\nspec: {{targetRefs: [{{group: '', kind: Service, name: web{section}}}], validation: {{hostname: own.example, wellKnownCACertificates: System}}}}\n---\n"
        )
    };
    let workload = deployment("shop", "web", "{app: web}", "[]");
    let tls = |manifests: &str, from: &str| {
        let all = web() + &workload + manifests;
        let answer = super::ask(&all, &json!({"host": "web.shop", "from": {"namespace": from}})).unwrap();
        let tls = answer.destinations[0].tls.unwrap_or_default();
        (tls, answer.arrivals[0].tls)
    };
    assert_eq!(tls("", "shop"), ("", "mtls"));
    assert_eq!(tls(&policy(""), "shop"), ("SIMPLE", "tls"));
    assert_eq!(tls(&policy(", sectionName: http"), "bank"), ("SIMPLE", "tls"));
    assert_eq!(tls(&policy(", sectionName: other"), "bank"), ("", "mtls"));
    let rule = |namespace: &str, tls: &str| {
        istio_in(
            namespace,
            "DestinationRule",
            "web",
            &format!("{{host: web.shop.svc.cluster.local, trafficPolicy: {{{tls}}}}}"),
        )
    };
    let disable = "tls: {mode: DISABLE}";
    assert_eq!(tls(&(policy("") + &rule("shop", disable)), "bank"), ("DISABLE", "plaintext"));
    assert_eq!(tls(&(policy("") + &rule("shop", "loadBalancer: {simple: RANDOM}")), "bank"), ("SIMPLE", "tls"));
    assert_eq!(tls(&(policy(", sectionName: http") + &rule("shop", disable)), "bank"), ("SIMPLE", "tls"));
    // A DestinationRule in the namespace of the client replaces all of the service's namespace.
    assert_eq!(tls(&(policy("") + &rule("bank", "loadBalancer: {simple: RANDOM}")), "bank"), ("", "mtls"));
}
