use std::collections::BTreeSet;

use super::Makers;
use crate::config::Config;
use crate::load::Snapshot;
use crate::model::{Kind, LabelSet};
use crate::world::Settings;

/// The resources that controllers make from some manifests in flow style.
fn makers(manifests: &[&str]) -> Makers {
    let text = manifests.join("\n---\n");
    let snapshot = Snapshot::of_texts([("shop/manifests.yaml", text.as_str())]);
    Makers::new(&snapshot, &Settings::new(&Config::default(), &snapshot))
}

fn resource(api_version: &str, kind: &str, name: &str, spec: &str) -> String {
    format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {spec}}}")
}

/// The names of the Services of a namespace, with their ports: `cart:8080 cart-canary:8080`.
fn services(makers: &Makers, namespace: &str) -> String {
    let ports = |name: &str| {
        let ports = makers.service(namespace, name).map(|service| service.ports.to_vec()).unwrap_or_default();
        ports.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    };
    let named = |name: &str| match ports(name) {
        ports if ports.is_empty() => name.to_owned(),
        ports => format!("{name}:{ports}"),
    };
    makers.names(Kind::Service, namespace).map(named).collect::<Vec<_>>().join(" ")
}

#[test]
fn operators_make_services() {
    for (api_version, kind, spec, expected) in [
        (
            "flagger.app/v1beta1",
            "Canary",
            "{targetRef: {kind: Deployment, name: cart}, service: {port: 8080}}",
            "cart:8080 cart-canary:8080 cart-primary:8080",
        ),
        (
            "flagger.app/v1beta1",
            "Canary",
            "{targetRef: {kind: Deployment, name: cart}, service: {name: basket, port: 80}}",
            "basket:80 basket-canary:80 basket-primary:80",
        ),
        ("kibana.k8s.elastic.co/v1", "Kibana", "{count: 1}", "x-kb-http:5601"),
        (
            "elasticsearch.k8s.elastic.co/v1",
            "Elasticsearch",
            "{nodeSets: [{name: hot}, {name: cold}]}",
            "x-es-cold:9200 x-es-hot:9200 x-es-http:9200 x-es-internal-http:9200 x-es-remote-cluster x-es-transport:9300",
        ),
        ("kiali.io/v1alpha1", "Kiali", "{auth: {strategy: openid}}", "kiali:20001,9090"),
        ("kiali.io/v1alpha1", "Kiali", "{deployment: {instance_name: graph}, server: {port: 80}}", "graph:80,9090"),
        ("postgresql.cnpg.io/v1", "Pooler", "{cluster: {name: ledger}}", "x:5432"),
        ("rabbitmq.com/v1beta1", "RabbitmqCluster", "{replicas: 1}", "x x-nodes"),
        ("databases.spotahome.com/v1", "RedisFailover", "{}", "rfr-x:9121 rfrm-x:6379 rfrs-x:6379 rfs-x:26379"),
        ("monitoring.coreos.com/v1", "Prometheus", "{}", "prometheus-operated:9090,10901"),
        ("monitoring.coreos.com/v1", "ServiceMonitor", "{selector: {}}", ""),
        ("grafana.integreatly.org/v1beta1", "Grafana", "{}", "x-service:3000"),
        ("triggers.tekton.dev/v1beta1", "EventListener", "{}", "el-x:8080,8443,9000"),
        ("kubeflow.org/v1", "Notebook", "{}", "x:80 x-tls:443"),
        ("argoproj.io/v1alpha1", "Experiment", "{templates: [{name: a, service: {}}, {name: b}]}", "x-a"),
        ("argoproj.io/v1alpha1", "AppProject", "{}", ""),
        ("messaging.knative.dev/v1", "InMemoryChannel", "{}", "x-kn-channel:80"),
    ] {
        let made = makers(&[&resource(api_version, kind, "x", spec)]);
        assert_eq!(services(&made, "shop"), expected, "{kind} {spec}");
    }
}

#[test]
fn installations_of_knative_make_a_gateway_beside_istio() {
    let made = makers(&[&resource("serving.knative.dev/v1", "Service", "resize", "{traffic: [{tag: next}]}")]);
    assert_eq!(services(&made, "shop"), "next-resize:80 resize:80");
    assert!(made.makes(Kind::Service, "istio-system", "knative-local-gateway"));
    assert!(made.makes(Kind::Gateway, "knative-serving", "knative-ingress-gateway"));
}

#[test]
fn istio_operators_make_gateways() {
    let operator = |spec: &str| {
        format!(
            "{{apiVersion: install.istio.io/v1alpha1, kind: IstioOperator, metadata: {{namespace: istio-system}}, spec: {spec}}}"
        )
    };
    for (spec, namespace, expected) in [
        ("{}", "istio-system", "istio-ingressgateway:15021,80,443 istiod:15010,15012,443,15014"),
        ("{profile: minimal, revision: next}", "istio-system", "istiod-next:15010,15012,443,15014"),
        (
            "{profile: empty, components: {ingressGateways: [{name: edge, namespace: front, label: {istio: edge}}]}}",
            "front",
            "edge:15021,80,443",
        ),
        (
            "{profile: empty, components: {egressGateways: [{name: out, namespace: front, k8s: {service: {ports: [{port: 8443}]}}}]}}",
            "front",
            "out:8443",
        ),
        ("{components: {ingressGateways: [{name: off, namespace: front, enabled: false}]}}", "front", ""),
    ] {
        assert_eq!(services(&makers(&[&operator(spec)]), namespace), expected, "{spec}");
    }
    let spec = "{profile: empty, components: {ingressGateways: [{name: edge, label: {istio: edge}}]}}";
    let made = makers(&[&operator(spec)]);
    let fits = |labels: &[(&'static str, &'static str)]| {
        made.makes_known_pods("istio-system", &labels.iter().copied().collect::<LabelSet<'_>>()).is_some()
    };
    assert!(fits(&[("istio", "edge")]) && fits(&[("app", "istio-ingressgateway"), ("istio", "edge")]));
    assert!(!fits(&[("istio", "ingressgateway")]));
}

#[test]
fn istiod_makes_services_of_managed_gateways() {
    let gateway = |class: &str, more: &str| {
        resource(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            "edge",
            &format!("{{gatewayClassName: {class}, listeners: [{{name: http, port: 80, protocol: HTTP}}]{more}}}"),
        )
    };
    let class = "{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: own}, \
        spec: {controllerName: istio.io/gateway-controller}}";
    for (class_name, more, expected) in [
        ("istio", "", "edge-istio:15021,80"),
        ("istio-waypoint", "", "edge:15021,80"),
        ("own", "", "edge-own:15021,80"),
        ("nginx", "", ""),
        ("istio-remote", "", ""),
        ("istio", ", addresses: [{type: Hostname, value: ingress.istio-system}]", ""),
        ("istio", ", addresses: [{type: IPAddress, value: 10.0.0.1}]", "edge-istio:15021,80"),
    ] {
        let made = makers(&[&gateway(class_name, more), class]);
        assert_eq!(services(&made, "shop"), expected, "{class_name} {more}");
    }
    let made = makers(&[&gateway("istio", "")]);
    assert!(made.makes(Kind::ServiceAccount, "shop", "edge-istio"));
}

#[test]
fn controllers_make_secrets() {
    let annotated = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x, namespace: shop, \
        annotations: {cert-manager.io/cluster-issuer: le}}, spec: {tls: [{secretName: web-cert}]}}";
    let plain = annotated.replace("cert-manager.io/cluster-issuer: le", "a: b");
    let certificate = resource("cert-manager.io/v1", "Certificate", "x", "{secretName: web-cert}");
    let external = resource("external-secrets.io/v1", "ExternalSecret", "x", "{target: {name: web-cert}}");
    let external_by_name = resource("external-secrets.io/v1", "ExternalSecret", "web-cert", "{}");
    let sealed = resource("bitnami.com/v1alpha1", "SealedSecret", "web-cert", "{encryptedData: {}}");
    let vault = resource("secrets.hashicorp.com/v1beta1", "VaultStaticSecret", "x", "{destination: {name: web-cert}}");
    let pushed = resource("external-secrets.io/v1alpha1", "PushSecret", "web-cert", "{}");
    let generated = "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: x}, \
        spec: {rules: [{name: copy, generate: {kind: Secret, name: web-cert}}]}}";
    for (manifest, expected) in [
        (annotated, true),
        (&plain, false),
        (&certificate, true),
        (&external, true),
        (&external_by_name, true),
        (&sealed, true),
        (&vault, true),
        (&pushed, false),
        (generated, true),
    ] {
        assert_eq!(makers(&[manifest]).makes(Kind::Secret, "shop", "web-cert"), expected, "{manifest}");
    }
}

/// The namespaces of `shop`, `other` and `third` in which unknown Services may exist.
fn partial(manifest: &str) -> String {
    let made = makers(&[manifest]);
    let names: BTreeSet<&str> = ["shop", "other", "third"]
        .into_iter()
        .filter(|namespace| made.may_make(Kind::Service, namespace, "anything").is_some())
        .collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn charts_make_namespaces_partial() {
    let flux = |spec: &str| resource("helm.toolkit.fluxcd.io/v2", "HelmRelease", "x", spec);
    let argo = |spec: &str| resource("argoproj.io/v1alpha1", "Application", "x", spec);
    let set = |elements: &str, source: &str| {
        let template = format!("{{spec: {{source: {source}, destination: {{namespace: '{{{{ns}}}}'}}}}}}");
        let spec = format!("{{generators: [{{list: {{elements: {elements}}}}}], template: {template}}}");
        resource("argoproj.io/v1alpha1", "ApplicationSet", "x", &spec)
    };
    for (manifest, expected) in [
        (flux("{chart: {spec: {chart: forge}}}"), "shop"),
        (flux("{targetNamespace: other, chart: {spec: {chart: forge}}}"), "other"),
        (flux("{targetNamespace: '${NS}'}"), "other shop third"),
        (resource("helm.cattle.io/v1", "HelmChart", "x", "{targetNamespace: other}"), "other"),
        (resource("helm.cattle.io/v1", "HelmChartConfig", "x", "{}"), ""),
        (resource("operators.coreos.com/v1alpha1", "Subscription", "x", "{}"), "shop"),
        (argo("{source: {chart: forge}, destination: {namespace: other}}"), "other"),
        (argo("{source: {path: shop}, destination: {namespace: other}}"), ""),
        (argo("{source: {path: elsewhere}, destination: {namespace: other}}"), "other"),
        (argo("{source: {path: shop, helm: {releaseName: a}}, destination: {namespace: other}}"), "other"),
        (argo("{source: {chart: forge}, destination: {server: a}}"), "other shop third"),
        (argo("{sources: [{ref: values}, {chart: forge}], destination: {namespace: other}}"), "other"),
        (set("[{ns: other}, {ns: third}]", "{chart: forge}"), "other third"),
        (set("[{name: other}]", "{chart: forge}"), "other shop third"),
        (set("[{ns: other}]", "{path: 'shop/{{name}}'}"), ""),
        (resource("example.com/v1", "Gizmo", "x", "{}"), "shop"),
        ("{apiVersion: example.com/v1, kind: Gizmo, metadata: {name: x}}".to_owned(), ""),
        (resource("cert-manager.io/v1", "Issuer", "x", "{}"), ""),
        (resource("ec2.aws.upbound.io/v1beta1", "VPC", "x", "{}"), ""),
        (resource("kafka.strimzi.io/v1beta2", "KafkaTopic", "x", "{}"), ""),
    ] {
        assert_eq!(partial(&manifest), expected, "{manifest}");
    }
}

#[test]
fn names_contain_that_of_the_resource() {
    let made = makers(&[&resource("kafka.strimzi.io/v1beta2", "Kafka", "events", "{}")]);
    for (name, expected) in [
        ("events-kafka-bootstrap", true),
        ("events-kafka-external-bootstrap", true),
        ("my-events-0", true),
        // A misspelling of a made name.
        ("events-kafka-bootstrp", false),
        ("myevents", false),
        ("orders", false),
    ] {
        assert_eq!(made.may_make(Kind::Service, "shop", name).is_some(), expected, "{name}");
    }
}

#[test]
fn istio_charts_make_known_pods() {
    let made = makers(&[&resource(
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        "istio-edge",
        "{chart: {spec: {chart: gateway}}}",
    )]);
    assert_eq!(services(&made, "shop"), "istio-edge:15021,80,443");
    assert!(made.makes_known_pods("shop", &LabelSet::from([("istio", "edge")])).is_some());
    assert!(made.makes_known_pods("shop", &LabelSet::from([("istio", "ingress")])).is_none());
}
