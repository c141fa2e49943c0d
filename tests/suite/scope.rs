//! Rules about which proxies a resource is for: what their pages' examples do not show.

use mesh::config::Config;
use mesh::lint;
use mesh::load::Snapshot;
use mesh::world::{Settings, World};

/// What one rule finds, each as `severity field`; what it leaves unchecked counts as `unchecked`.
fn found(rule: &str, manifests: &[String]) -> Vec<String> {
    let snapshot = Snapshot::of_texts([("all.yaml", manifests.concat().as_str())]);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let report = lint::run(&world);
    let of_rule = report.diagnostics.iter().filter(|it| it.rule.name == rule);
    let mut lines: Vec<String> = of_rule
        .map(|it| {
            let subject = it.subject.as_ref().expect("it lies in a resource");
            format!("{} {}/{}", it.severity.as_str(), subject.resource.name, subject.field)
        })
        .collect();
    lines.extend(report.unchecked.iter().filter(|it| it.rule == rule).map(|_| "unchecked".to_owned()));
    lines
}

fn resource(group: &str, kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

fn sidecar(namespace: &str, name: &str, spec: &str) -> String {
    resource("networking.istio.io/v1", "Sidecar", namespace, name, spec)
}

fn telemetry(namespace: &str, name: &str, spec: &str) -> String {
    resource("telemetry.istio.io/v1", "Telemetry", namespace, name, spec)
}

fn envoy_filter(namespace: &str, name: &str, spec: &str) -> String {
    resource("networking.istio.io/v1alpha3", "EnvoyFilter", namespace, name, spec)
}

fn service(namespace: &str, name: &str, port: u32, target: u32) -> String {
    let spec = format!("{{selector: {{app: {name}}}, ports: [{{name: http, port: {port}, targetPort: {target}}}]}}");
    resource("v1", "Service", namespace, name, &spec)
}

fn workload(namespace: &str, app: &str, labels: &str) -> String {
    let spec = format!(
        "{{template: {{metadata: {{labels: {{app: {app}{labels}}}}}, spec: {{containers: [{{name: a, image: b}}]}}}}}}"
    );
    resource("apps/v1", "Deployment", namespace, app, &spec)
}

fn namespace(name: &str, labels: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n---\n")
}

const AMBIENT: &str = "istio.io/dataplane-mode: ambient";

#[test]
fn telemetries_compete_only_where_both_say_something() {
    let both = |one: &str, other: &str| {
        let selector = "selector: {matchLabels: {app: a}}";
        let manifests = [
            workload("shop", "a", ""),
            telemetry("shop", "one", &format!("{{{selector}, {one}}}")),
            telemetry("shop", "other", &format!("{{{selector}, {other}}}")),
        ];
        found("competing-resources", &manifests).len()
    };
    let (tracing, metrics) =
        ("tracing: [{randomSamplingPercentage: 1}]", "metrics: [{providers: [{name: prometheus}]}]");
    assert_eq!(both(tracing, metrics), 0);
    assert_eq!(both(tracing, tracing), 2);
    let to = |name: &str| {
        let target = format!("{{group: gateway.networking.k8s.io, kind: Gateway, name: {name}}}");
        telemetry("shop", name, &format!("{{targetRefs: [{target}], {tracing}}}"))
    };
    assert!(found("competing-resources", &[to("one"), to("other")]).is_empty());
}

#[test]
fn selectors_of_the_root_namespace_reach_as_far_as_their_kind() {
    let of_kind = |rule: &str, text: String| found(rule, &[workload("shop", "a", ""), text]);
    let filter = envoy_filter("istio-system", "f", "{workloadSelector: {labels: {app: a}}, configPatches: []}");
    assert!(of_kind("selector-selects-nothing", filter.clone()).is_empty());
    assert!(of_kind("root-namespace-selector", filter).is_empty());
    let one = sidecar("istio-system", "s", "{workloadSelector: {labels: {app: a}}, egress: [{hosts: ['./*']}]}");
    assert!(of_kind("selector-selects-nothing", one.clone()).is_empty());
    assert_eq!(of_kind("root-namespace-selector", one.clone()), ["warning s/spec.workloadSelector.labels"]);
    assert!(found("root-namespace-selector", &[workload("istio-system", "a", ""), one]).is_empty());
}

#[test]
fn entries_of_a_workload_group_can_be_selected() {
    let group = resource(
        "networking.istio.io/v1",
        "WorkloadGroup",
        "shop",
        "g",
        "{metadata: {labels: {app: vm}}, template: {}}",
    );
    let selecting = sidecar("shop", "s", "{workloadSelector: {labels: {app: vm}}, egress: [{hosts: ['./*']}]}");
    let rule = "selector-selects-nothing";
    assert!(found(rule, &[workload("shop", "a", ""), group, selecting.clone()]).is_empty());
    assert_eq!(found(rule, &[workload("shop", "a", ""), selecting]), ["warning s/spec.workloadSelector.labels"]);
}

#[test]
fn hosts_of_a_sidecar_stand_for_services_of_their_namespace() {
    let host = |host: &str| {
        let manifests = [
            service("shop", "cart", 80, 8080),
            service("bank", "pay", 80, 8080),
            sidecar("shop", "s", &format!("{{egress: [{{hosts: ['{host}']}}]}}")),
        ];
        found("sidecar-unknown-host", &manifests)
    };
    let wrong = ["warning s/spec.egress[0].hosts[0]"];
    for fine in [
        "*/*",
        "./*",
        "bank/*",
        "bank/pay.bank.svc.cluster.local",
        "*/pay.bank.svc.cluster.local",
        "bank/*.cluster.local",
    ] {
        assert!(host(fine).is_empty(), "{fine}");
    }
    for mistaken in ["shop/pay.bank.svc.cluster.local", "bank/pai.bank.svc.cluster.local", "bank/pay.svc", "*/pay.bank"]
    {
        assert_eq!(host(mistaken), wrong, "{mistaken}");
    }
    for open in ["bank/api.example.com", "far/away.far.svc.cluster.local", "far/*"] {
        assert_eq!(host(open), ["unchecked"], "{open}");
    }
    assert!(host("~/*").is_empty());
}

#[test]
fn a_port_that_other_listeners_make_up_for_is_a_warning() {
    let listeners = |listeners: &str| {
        let manifests = [service("bank", "pay", 80, 8080), sidecar("shop", "s", &format!("{{egress: [{listeners}]}}"))];
        found("sidecar-unserved-port", &manifests)
    };
    let of_port = |port: u32| format!("{{port: {{number: {port}, protocol: HTTP, name: http}}, hosts: ['bank/*']}}");
    assert_eq!(listeners(&of_port(8080)), ["error s/spec.egress[0].port.number"]);
    assert_eq!(
        listeners(&format!("{}, {{hosts: ['bank/*']}}", of_port(8080))),
        ["warning s/spec.egress[0].port.number"]
    );
    assert!(listeners(&of_port(80)).is_empty());
    assert!(listeners("{port: {number: 3128, protocol: HTTP_PROXY, name: proxy}, hosts: ['bank/*']}").is_empty());
    assert_eq!(listeners("{port: {number: 9, protocol: TCP, name: tcp}, hosts: ['*/*']}"), ["unchecked"]);
}

#[test]
fn the_sidecar_of_the_clients_counts() {
    let routes = resource(
        "networking.istio.io/v1",
        "VirtualService",
        "shop",
        "cart",
        "{hosts: [cart.example.com], http: [{match: [{sourceLabels: {app: a}}], route: [{destination: {host: cart.example.com}}]}]}",
    );
    let narrow = sidecar("shop", "narrow", "{workloadSelector: {labels: {app: b}}, egress: [{hosts: ['far/*']}]}");
    let wide = sidecar("shop", "wide", "{egress: [{hosts: ['./*']}]}");
    let of_mesh = sidecar("istio-system", "mesh", "{egress: [{hosts: ['./*']}]}");
    let with = |others: &[&String]| {
        let manifests: Vec<String> =
            others.iter().map(|it| (*it).clone()).chain([workload("shop", "a", ""), routes.clone()]).collect();
        found("sidecar-hides-route", &manifests)
    };
    assert!(with(&[&narrow, &wide]).is_empty(), "it is another workload's");
    assert!(with(&[&of_mesh]).is_empty(), "a dot in the mesh's default is the workload's namespace");
    let own = sidecar("shop", "own", "{workloadSelector: {labels: {app: a}}, egress: [{hosts: ['far/*']}]}");
    assert_eq!(with(&[&own, &wide]), ["error own/spec.egress[0].hosts[0]"]);
}

#[test]
fn providers_are_inherited_and_known_by_the_mesh_config() {
    let mesh = "extensionProviders: [{name: Otel}]\n---\n".to_owned();
    let logs = |spec: &str| telemetry("shop", "t", spec);
    let check = |manifests: &[String]| found("telemetry-provider", manifests);
    assert_eq!(check(&[logs("{accessLogging: [{}]}")]), ["unchecked"]);
    assert_eq!(check(&[mesh.clone(), logs("{accessLogging: [{}]}")]), ["warning t/spec.accessLogging[0]"]);
    assert!(check(&[mesh.clone(), logs("{accessLogging: [{disabled: true}]}")]).is_empty());
    let above = telemetry("istio-system", "mesh", "{accessLogging: [{providers: [{name: envoy}]}]}");
    assert!(check(&[mesh.clone(), above, logs("{accessLogging: [{match: {mode: CLIENT}}]}")]).is_empty());
    assert!(check(&[mesh.clone(), logs("{tracing: [{providers: [{name: otel}]}]}")]).is_empty());
    let unknown = logs("{tracing: [{providers: [{name: otle}]}]}");
    assert_eq!(check(&[mesh.clone(), unknown]), ["warning t/spec.tracing[0].providers[0].name"]);
    let sampling = logs("{tracing: [{randomSamplingPercentage: 5}]}");
    assert_eq!(check(&[mesh.clone(), sampling.clone()]), ["warning t/spec.tracing[0]"]);
    let defaults = "defaultProviders: {tracing: [otel]}\n---\n".to_owned();
    assert!(check(&[mesh, defaults, sampling]).is_empty());
}

#[test]
fn patches_are_ordered_by_priority_before_age() {
    let manager = "name: envoy.filters.network.http_connection_manager";
    let add = |name: &str| {
        format!(
            "{{applyTo: HTTP_FILTER, match: {{listener: {{filterChain: {{filter: {{{manager}}}}}}}}}, patch: {{operation: INSERT_FIRST, value: {{name: {name}}}}}}}"
        )
    };
    let before = |name: &str| {
        format!(
            "{{applyTo: HTTP_FILTER, match: {{listener: {{filterChain: {{filter: {{{manager}, subFilter: {{name: {name}}}}}}}}}}}, patch: {{operation: INSERT_BEFORE, value: {{name: mine}}}}}}"
        )
    };
    let filter = |namespace: &str, name: &str, priority: i32, patches: &[String]| {
        envoy_filter(namespace, name, &format!("{{priority: {priority}, configPatches: [{}]}}", patches.join(", ")))
    };
    let check = |manifests: &[String]| found("envoy-filter-order", manifests);
    let place = |severity: &str, index: u32| {
        [format!("{severity} b/spec.configPatches[{index}].match.listener.filterChain.filter.subFilter.name")]
    };
    assert!(check(&[filter("shop", "b", 0, &[before("envoy.filters.http.router")])]).is_empty());
    assert_eq!(check(&[filter("shop", "b", 0, &[before("other")])]), place("info", 0));
    assert!(check(&[filter("shop", "b", 0, &[add("x"), before("x")])]).is_empty());
    assert_eq!(check(&[filter("shop", "b", 0, &[before("x"), add("x")])]), place("warning", 0));
    let mine = filter("shop", "b", 0, &[before("x")]);
    assert_eq!(check(&[filter("shop", "a", 0, &[add("x")]), mine.clone()]), place("warning", 0));
    assert!(check(&[filter("shop", "a", -1, &[add("x")]), mine.clone()]).is_empty());
    assert!(check(&[filter("istio-system", "a", 0, &[add("x")]), mine.clone()]).is_empty());
    assert_eq!(check(&[filter("far", "a", 0, &[add("x")]), mine]), place("info", 0));
}

#[test]
fn workloads_may_differ_from_their_ambient_namespace() {
    let policy = |spec: &str| resource("security.istio.io/v1", "AuthorizationPolicy", "shop", "p", spec);
    let http = "selector: {matchLabels: {app: a}}, rules: [{to: [{operation: {methods: [GET]}}]}]";
    let check = |labels: &str, spec: &str| {
        let manifests = [namespace("shop", AMBIENT), workload("shop", "a", labels), policy(&format!("{{{spec}}}"))];
        found("waypoint-required", &manifests)
    };
    let method = ["error p/spec.rules[0].to[0].operation.methods[0]"];
    assert_eq!(check("", http), method);
    assert_eq!(check("", &format!("action: DENY, {http}")), method);
    assert!(check(", 'sidecar.istio.io/inject': 'true'", http).is_empty());
    assert!(check("", "rules: [{from: [{source: {namespaces: [web]}}]}]").is_empty());
    assert_eq!(check("", &format!("action: AUDIT, {http}")), ["warning p/spec.action"]);
    let target = policy("{targetRefs: [{group: '', kind: Service, name: a}], rules: [{}]}");
    let with = |labels: &str| {
        found("waypoint-required", &[namespace("shop", labels), service("shop", "a", 80, 8080), target.clone()])
    };
    assert_eq!(with(AMBIENT), ["warning p/spec.targetRefs[0].name"]);
    assert!(with("istio.io/use-waypoint: w").is_empty());
    assert_eq!(with("istio.io/use-waypoint: none"), ["warning p/spec.targetRefs[0].name"]);
}

#[test]
fn a_waypoint_is_for_what_it_says() {
    let gateway = |labels: &str, from: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: w, namespace: mesh, labels: {{{labels}}}}}\nspec: {{gatewayClassName: istio-waypoint, listeners: [{{name: mesh, port: 15008, protocol: HBONE{from}}}]}}\n---\n"
        )
    };
    let use_it = "istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: mesh";
    let all = ", allowedRoutes: {namespaces: {from: All}}";
    let label = r#"metadata.labels["istio.io/use-waypoint"]"#;
    let of_namespace = |gateway: String| found("unknown-waypoint", &[gateway, namespace("shop", use_it)]);
    assert!(of_namespace(gateway("", all)).is_empty());
    assert_eq!(of_namespace(gateway("", "")), [format!("error shop/{label}")]);
    let of_pods =
        |gateway: String| found("unknown-waypoint", &[gateway, workload("shop", "a", &format!(", {use_it}"))]);
    assert_eq!(of_pods(gateway("", all)), [format!("error a/spec.template.{label}")]);
    assert!(of_pods(gateway("istio.io/waypoint-for: all", all)).is_empty());
    assert_eq!(found("unknown-waypoint", &[namespace("shop", "istio.io/use-waypoint: w")]), ["unchecked"]);
}

#[test]
fn a_waypoint_takes_what_is_beside_it_or_its_service() {
    let labels = format!("{AMBIENT}, istio.io/use-waypoint: w, istio.io/use-waypoint-namespace: mesh");
    let check = |kind: &str, own: &str, spec: &str| {
        let manifests = [
            namespace("shop", &labels),
            service("shop", "a", 80, 8080),
            resource("networking.istio.io/v1", kind, own, "r", spec),
        ];
        found("waypoint-routes", &manifests).len()
    };
    let full = "a.shop.svc.cluster.local";
    let routes = format!("{{hosts: [{full}], http: [{{route: [{{destination: {{host: {full}}}}}]}}]}}");
    let rule = format!("{{host: {full}, trafficPolicy: {{outlierDetection: {{consecutive5xxErrors: 3}}}}}}");
    for (own, of_routes, of_rule) in [("shop", 0, 0), ("mesh", 0, 0), ("far", 1, 1), ("istio-system", 1, 0)] {
        assert_eq!(check("VirtualService", own, &routes), of_routes, "{own}");
        assert_eq!(check("DestinationRule", own, &rule), of_rule, "{own}");
    }
}

#[test]
fn calls_are_told_by_environments_and_policies() {
    let narrow = |mode: &str| {
        sidecar("shop", "s", &format!("{{outboundTrafficPolicy: {{mode: {mode}}}, egress: [{{hosts: ['./*']}}]}}"))
    };
    let policy = resource(
        "security.istio.io/v1",
        "AuthorizationPolicy",
        "bank",
        "p",
        "{selector: {matchLabels: {app: pay}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/default]}}]}]}",
    );
    let check = |sidecar: String| {
        let manifests = [workload("shop", "a", ""), service("bank", "pay", 80, 8080), policy.clone(), sidecar];
        found("sidecar-hides-service", &manifests)
    };
    assert_eq!(check(narrow("REGISTRY_ONLY")), ["warning s/spec.egress[0].hosts[0]"]);
    assert_eq!(check(narrow("ALLOW_ANY")), ["info s/spec.egress[0].hosts[0]"]);
    assert!(check(sidecar("shop", "s", "{egress: [{hosts: ['bank/*']}]}")).is_empty());
}

#[test]
fn ingress_listens_where_services_lead_to() {
    let check = |port: u32, endpoint: &str| {
        let deployment = workload("shop", "a", "").replace("image: b", "image: b, ports: [{containerPort: 8080}]");
        let ingress = format!(
            "{{ingress: [{{port: {{number: {port}, protocol: HTTP, name: http}}, defaultEndpoint: '{endpoint}'}}]}}"
        );
        found("sidecar-ingress-port", &[deployment, service("shop", "a", 80, 8080), sidecar("shop", "s", &ingress)])
    };
    assert!(check(8080, "127.0.0.1:8080").is_empty());
    assert!(check(8080, "127.0.0.1:9999").is_empty(), "what is declared is the sidecar's port");
    assert_eq!(check(80, "127.0.0.1:8080"), ["warning s/spec.ingress[0].port.number"]);
    let both = ["warning s/spec.ingress[0].port.number", "info s/spec.ingress[0].defaultEndpoint"];
    assert_eq!(check(80, "127.0.0.1:9999"), both);
    assert!(check(8080, "unix:///run/a.sock").is_empty());
    let alone = sidecar("shop", "s", "{ingress: [{port: {number: 80, protocol: HTTP, name: http}}]}");
    assert_eq!(found("sidecar-ingress-port", &[alone]), ["unchecked"]);
}

#[test]
fn namespaces_are_unknown_only_where_some_are_known() {
    let rule = |entry: &str| {
        let spec = format!("{{host: a, exportTo: ['{entry}']}}");
        resource("networking.istio.io/v1", "DestinationRule", "shop", "r", &spec)
    };
    let rule_name = "export-to-unknown-namespace";
    assert_eq!(found(rule_name, &[rule("bank")]), ["unchecked"]);
    assert_eq!(found(rule_name, &[namespace("shop", ""), rule("bank")]), ["warning r/spec.exportTo[0]"]);
    for fine in [".", "*", "shop", "istio-system"] {
        assert!(found(rule_name, &[namespace("shop", ""), rule(fine)]).is_empty(), "{fine}");
    }
    assert_eq!(found(rule_name, &[namespace("shop", ""), rule("istio-ingress")]), ["unchecked"]);
    assert!(found(rule_name, &[namespace("shop", ""), service("bank", "pay", 80, 80), rule("bank")]).is_empty());
}
