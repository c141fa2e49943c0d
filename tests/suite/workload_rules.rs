//! What the rules about workloads, Services, labels and annotations say, and where they are silent on purpose. Their
//! pages show the plain cases.

use mesh::config::Config;
use mesh::lint::{self, Severity};
use mesh::load::Snapshot;
use mesh::world::{Settings, World};

/// The findings of a rule.
fn found(rule: &str, manifests: &[&str]) -> Vec<(Severity, String)> {
    let text = manifests.join("---\n");
    let snapshot = Snapshot::of_texts([("all.yaml", text.as_str())]);
    assert!(snapshot.problems.is_empty(), "{:?} in {text}", snapshot.problems);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let diagnostics = lint::run(&world).diagnostics;
    diagnostics.into_iter().filter(|it| it.rule.name == rule).map(|it| (it.severity, it.message)).collect()
}

fn severities(rule: &str, manifests: &[&str]) -> Vec<Severity> {
    found(rule, manifests).into_iter().map(|(severity, _)| severity).collect()
}

fn service(name: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn namespace(labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {labels}}}\n")
}

/// A Deployment: the metadata of its pods, and their spec.
fn deployment(metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec: {{selector: {{matchLabels: {{app: shop}}}}, template: {{metadata: {metadata}, spec: {spec}}}}}\n"
    )
}

const SHOP: &str = "{labels: {app: shop}}";

#[test]
fn protocols_are_declared_by_the_word_before_the_dash() {
    for (port, expected) in [
        ("{name: http, port: 80}", 0),
        ("{name: HTTP-web, port: 80}", 0),
        ("{name: grpc-web-shop, port: 80}", 0),
        ("{name: web, appProtocol: kubernetes.io/h2c, port: 80}", 0),
        ("{name: http, appProtocol: web, port: 80}", 1),
        ("{port: 3306}", 0),
        ("{protocol: UDP, port: 80}", 0),
        ("{name: httpx, port: 80}", 1),
        ("{port: 80}", 1),
    ] {
        assert_eq!(found("port-name", &[&service("a", &format!("{{ports: [{port}]}}"))]).len(), expected, "{port}");
    }
}

#[test]
fn a_service_selects_what_pods_are_made_from_in_its_namespace() {
    let shop = deployment(SHOP, "{}");
    let select = |selector: &str, more: &str| {
        severities("service-selects-nothing", &[&service("a", &format!("{{selector: {selector}}}")), &shop, more]).len()
    };
    assert_eq!(select("{app: shop}", ""), 0);
    assert_eq!(select("{app: web}", ""), 1);
    // No workload has such a label: a controller may make them.
    assert_eq!(select("{strimzi.io/cluster: kafka}", ""), 0);
    assert_eq!(select("{gateway.networking.k8s.io/gateway-name: web}", ""), 0);
    let entry = "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm}\nspec: {address: 10.0.0.1, labels: {app: web}}\n";
    assert_eq!(select("{app: web}", entry), 0);
}

#[test]
fn target_ports_are_those_of_containers() {
    use Severity::{Error, Info, Warning};
    let check = |ports: &str, containers: &str| {
        let service = service("a", &format!("{{selector: {{app: shop}}, ports: {ports}}}"));
        severities("unknown-target-port", &[&service, &deployment(SHOP, &format!("{{containers: {containers}}}"))])
    };
    let named = "[{name: a, ports: [{name: web, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]}]";
    assert_eq!(check("[{port: 80, targetPort: web}]", named), []);
    assert_eq!(check("[{port: 80, targetPort: http}]", named), [Error]);
    assert_eq!(check("[{port: 53, targetPort: dns}]", named), [Error]);
    assert_eq!(check("[{port: 53, targetPort: dns, protocol: UDP}]", named), []);
    assert_eq!(check("[{port: 80, targetPort: 8080}]", named), []);
    assert_eq!(check("[{port: 80}]", named), [Warning]);
    assert_eq!(check("[{port: 80, targetPort: 8080}, {port: 9090}]", named), [Info]);
    assert_eq!(check("[{port: 15020}]", named), []);
    assert_eq!(check("[{port: 80}]", "[{name: a}]"), []);
    assert_eq!(check("[{port: 80}]", "[{name: istio-proxy, image: auto, ports: [{containerPort: 1}]}]"), []);
}

#[test]
fn ports_that_lead_to_one_port_declare_one_protocol() {
    let check = |a: &str, b: &str, pods: &str, more: &str| {
        let selecting =
            |name: &str, port: &str| service(name, &format!("{{selector: {{app: shop}}, ports: [{port}]}}"));
        let (a, b, shop) = (selecting("a", a), selecting("b", b), deployment(pods, "{}"));
        found("conflicting-port-protocols", &[&a, &b, &shop, more]).len()
    };
    let http = "{name: http, port: 80, targetPort: 8080}";
    let grpc = "{name: grpc, port: 90, targetPort: 8080}";
    assert_eq!(check(http, grpc, SHOP, ""), 1);
    assert_eq!(check(http, "{name: http, port: 90, targetPort: 8080}", SHOP, ""), 0);
    assert_eq!(check(http, "{name: web, port: 90, targetPort: 8080}", SHOP, ""), 0);
    assert_eq!(check(http, "{name: tls, port: 8080}", SHOP, ""), 1);
    assert_eq!(check("{name: tls, port: 8080}", "{name: tcp, port: 8080}", SHOP, ""), 0);
    assert_eq!(check("{name: dns-tcp, port: 53}", "{name: dns, port: 53, protocol: UDP}", SHOP, ""), 0);
    assert_eq!(check(http, grpc, "{labels: {app: shop, sidecar.istio.io/inject: 'false'}}", &namespace("{}")), 0);
    let sidecar = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: all}\nspec: {ingress: [{port: {number: 8080, protocol: HTTP, name: http}, defaultEndpoint: '127.0.0.1:8080'}]}\n";
    assert_eq!(check(http, grpc, SHOP, sidecar), 0);
}

#[test]
fn users_and_ports_of_the_proxy_are_its_own() {
    let spec = "{securityContext: {runAsUser: 1337}, initContainers: [{name: i, securityContext: {runAsUser: 1337}}], containers: [{name: a, ports: [{containerPort: 15021}]}]}";
    let both = |namespace: &str| {
        let manifests = [deployment(SHOP, spec), namespace.to_owned()];
        let manifests = [manifests[0].as_str(), manifests[1].as_str()];
        (severities("proxy-uid", &manifests).len(), severities("reserved-port", &manifests))
    };
    assert_eq!(both(""), (1, vec![Severity::Warning]));
    assert_eq!(both(&namespace("{istio-injection: enabled}")), (1, vec![Severity::Error]));
    assert_eq!(both(&namespace("{istio.io/dataplane-mode: ambient}")), (0, vec![]));
    assert_eq!(both(&namespace("{istio-injection: disabled}")), (0, vec![]));
}

#[test]
fn pods_are_injected_by_namespace_label_or_revision() {
    let gateway = |metadata: &str, namespace: &str| {
        let pods = deployment(metadata, "{containers: [{name: istio-proxy, image: auto}]}");
        severities("image-without-injection", &[&pods, namespace])
    };
    let elsewhere = "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n";
    assert_eq!(gateway(SHOP, ""), []);
    assert_eq!(gateway(SHOP, elsewhere), [Severity::Warning]);
    assert_eq!(gateway(SHOP, &namespace("{}")), [Severity::Error]);
    assert_eq!(gateway(SHOP, &namespace("{istio.io/rev: canary}")), []);
    assert_eq!(gateway("{labels: {sidecar.istio.io/inject: 'true'}}", &namespace("{}")), []);
    assert_eq!(gateway("{labels: {istio.io/rev: canary}}", &namespace("{}")), []);
    let annotated = "{labels: {app: shop}, annotations: {sidecar.istio.io/inject: 'true'}}";
    assert_eq!(gateway(annotated, &namespace("{}")), [Severity::Error]);
    let by_default = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector, namespace: istio-system}\ndata: {values: '{\"sidecarInjectorWebhook\": {\"enableNamespacesByDefault\": true}}'}\n";
    assert_eq!(gateway(SHOP, &[namespace("{}").as_str(), by_default].join("---\n")), []);
}

#[test]
fn labels_that_ask_for_the_mesh_are_held_against_each_other() {
    for (labels, expected) in [
        ("{istio-injection: enabled, istio.io/rev: canary}", 1),
        ("{istio-injection: enabled, istio.io/dataplane-mode: ambient}", 1),
        ("{istio.io/rev: canary, istio.io/dataplane-mode: ambient}", 1),
        ("{istio.io/rev: canary, istio.io/dataplane-mode: none}", 0),
        ("{istio-injection: disabled, istio.io/dataplane-mode: ambient}", 0),
        ("{istio-injection: disabled, istio.io/rev: canary}", 0),
    ] {
        assert_eq!(found("conflicting-mesh-labels", &[&namespace(labels)]).len(), expected, "{labels}");
    }
    for (labels, expected) in [
        ("{sidecar.istio.io/inject: 'true', istio.io/dataplane-mode: ambient}", 1),
        ("{sidecar.istio.io/inject: 'true', istio.io/rev: canary}", 0),
        ("{sidecar.istio.io/inject: 'false', istio.io/dataplane-mode: ambient}", 0),
    ] {
        let pods = deployment(&format!("{{labels: {labels}}}"), "{}");
        assert_eq!(found("conflicting-mesh-labels", &[&pods]).len(), expected, "{labels}");
    }
}

#[test]
fn labels_and_annotations_belong_where_they_are_read() {
    let of = |rule: &str, metadata: &str, pods: &str| {
        let text = deployment(pods, "{}").replacen("{name: shop}", &format!("{{name: shop, {metadata}}}"), 1);
        found(rule, &[&text]).len()
    };
    let inject = "labels: {sidecar.istio.io/inject: 'false'}";
    assert_eq!(of("misplaced-label", inject, SHOP), 1);
    assert_eq!(of("misplaced-label", inject, &format!("{{{inject}}}")), 0);
    assert_eq!(of("misplaced-label", "labels: {}", "{labels: {istio-injection: enabled}}"), 1);
    let config = "annotations: {proxy.istio.io/config: '{}'}";
    assert_eq!(of("misplaced-annotation", config, SHOP), 1);
    assert_eq!(of("misplaced-annotation", config, &format!("{{{config}}}")), 0);
    assert_eq!(of("unknown-annotation", "annotations: {istio.io/use-waypoint: a}", SHOP), 1);
    assert_eq!(of("unknown-annotation", "annotations: {example.com/use: a, istio-injection: enabled}", SHOP), 0);
    assert_eq!(of("unknown-label", "labels: {istio.io/dataplan-mode: a}", SHOP), 1);
    assert_eq!(of("unknown-label", "labels: {istio.io/something-else: a}", SHOP), 0);
}

#[test]
fn urls_of_webhooks_are_as_the_api_server_wants_them() {
    use Severity::{Error, Info};
    for (url, expected) in [
        ("https://istiod.example.com/inject", vec![]),
        ("https://istiod.example.com:15017/inject/cluster/a", vec![]),
        ("http://istiod.example.com/inject", vec![Error]),
        ("https://", vec![Error]),
        ("https://istiod.example.com:port/inject", vec![Error]),
        ("https://istiod.example.com/inject?a=b", vec![Error]),
        ("https://10.0.0.1/inject", vec![Info]),
        ("https://[fd00::1]:443/inject", vec![Info]),
    ] {
        let text = format!(
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {{name: a}}\nwebhooks: [{{name: validation.istio.io, clientConfig: {{url: '{url}'}}}}]\n"
        );
        assert_eq!(severities("webhook-target", &[&text]), expected, "{url}");
    }
}
