//! Mesh-wide settings, wherever the manifests have them.

use serde_json::json;

use super::{ask, goes_to, istio, istio_in, service};

fn in_config_map(mesh_config: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n    {mesh_config}\n---\n"
    )
}

fn web() -> String {
    service("shop", "web", "{ports: [{name: http, port: 80}]}")
}

#[test]
fn the_default_retries_are_those_of_the_mesh() {
    let route = |more: &str| {
        istio(
            "VirtualService",
            "web",
            &format!("{{hosts: [web], http: [{{{more}route: [{{destination: {{host: web}}}}]}}]}}"),
        )
    };
    let retries = |manifests: &str| {
        let answer = ask(&(web() + manifests), &json!({"host": "web.shop"})).unwrap();
        answer.retries.as_ref().map(|retries| {
            let per_try = retries.per_try_timeout.clone().unwrap_or_default();
            format!("{} {} {per_try}", retries.attempts, retries.retry_on.clone().unwrap_or_default())
        })
    };
    let mesh = in_config_map("defaultHttpRetryPolicy: {attempts: 5, perTryTimeout: 2s, retryOn: reset}");
    let of_mesh = Some("5 reset 2s".to_owned());
    assert_eq!(retries(&mesh), of_mesh);
    assert_eq!(retries(&(route("") + &mesh)), of_mesh);
    assert_eq!(retries(&(route("retries: {attempts: 1, retryOn: 5xx}, ") + &mesh)), Some("1 5xx ".to_owned()));
    let none = in_config_map("defaultHttpRetryPolicy: {attempts: 0}");
    assert_eq!(retries(&none), None);
    assert_eq!(retries(&(route("") + &none)), None);
    let installed = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a}\nspec: {meshConfig: {defaultHttpRetryPolicy: {attempts: 5, perTryTimeout: 2s, retryOn: reset}}}\n---\n";
    assert_eq!(retries(installed), of_mesh);
}

#[test]
fn services_of_undiscovered_namespaces_do_not_exist() {
    let namespaces = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {mesh: 'on'}}}\n---\n\
                      {apiVersion: v1, kind: Namespace, metadata: {name: dark}}\n---\n";
    let manifests = namespaces.to_owned()
        + &web()
        + &service("dark", "web", "{ports: [{name: http, port: 80}]}")
        + &in_config_map("discoverySelectors: [{matchLabels: {mesh: 'on'}}]");
    let ask = |host: &str| goes_to(&manifests, &json!({"host": host, "from": {"namespace": "shop"}}));
    assert_eq!(ask("web.shop"), "outbound|80||web.shop.svc.cluster.local");
    assert_eq!(ask("web.dark"), "PassthroughCluster");
}

#[test]
fn settings_that_are_not_simulated_are_noted() {
    let notes = |mesh_config: &str, port: u32| {
        let question = json!({"host": "web.shop", "port": port});
        ask(&(web() + &in_config_map(mesh_config)), &question).unwrap().notes().join(" ")
    };
    assert_eq!(notes("accessLogFile: /dev/stdout", 80), "");
    assert_eq!(notes("configSources: [{address: 'k8s://'}]", 80), "");
    assert!(notes("configSources: [{address: 'xds://other:15010'}]", 80).contains("`configSources`"));
    assert!(notes("defaultConfig: {interceptionMode: NONE}", 80).contains("`interceptionMode: NONE`"));
    assert!(notes("zoneAwareLbSetting: {}", 80).contains("`zoneAwareLbSetting`"));
    assert!(notes("proxyHttpPort: 15002", 15002).contains("`proxyHttpPort`"));
    assert_eq!(notes("proxyHttpPort: 15002", 80), "");
    let failover = "localityLbSetting: {failover: [{from: a, to: b}]}";
    assert!(notes(failover, 80).contains("localities"));
}

/// istiod merges the DestinationRules of a host and namespace that are exported alike, and takes the rule of the first
/// namespace that has the host.
#[test]
fn the_first_namespace_with_a_destination_rule_decides() {
    let subset = |namespace: &str, name: &str, more: &str, subset: &str| {
        let subsets = format!("subsets: [{{name: {subset}, labels: {{version: {subset}}}}}]");
        istio_in(namespace, "DestinationRule", name, &format!("{{host: web.shop.svc.cluster.local, {more}{subsets}}}"))
    };
    let has = |manifests: &str, from: &str, subset: &str| {
        let destination = format!("{{host: web.shop.svc.cluster.local, subset: {subset}}}");
        let route = istio(
            "VirtualService",
            "web",
            &format!("{{hosts: [web], http: [{{route: [{{destination: {destination}}}]}}]}}"),
        );
        let answer = ask(&(web() + manifests + &route), &json!({"host": "web.shop", "from": {"namespace": from}}));
        answer.unwrap().destinations[0].problem != Some("no-cluster")
    };
    // The client's namespace, then that of the service, then the root namespace.
    let all =
        subset("blue", "a", "", "own") + &subset("shop", "a", "", "service") + &subset("istio-system", "a", "", "root");
    assert!(has(&all, "blue", "own") && !has(&all, "blue", "service"));
    assert!(has(&all, "red", "service") && !has(&all, "red", "root"));
    // A rule for other workloads hides those of the namespaces after it.
    let selecting = "workloadSelector: {matchLabels: {app: other}}, ";
    assert!(!has(&(subset("blue", "a", selecting, "own") + &subset("shop", "a", "", "service")), "blue", "service"));
    // Two rules are merged, unless they are exported differently.
    let merged = subset("shop", "a", "", "v1") + &subset("shop", "b", "", "v2");
    assert!(has(&merged, "red", "v1") && has(&merged, "red", "v2"));
    let apart = subset("shop", "a", "", "v1") + &subset("shop", "b", "exportTo: ['*'], ", "v2");
    assert!(!has(&apart, "red", "v1") && has(&apart, "red", "v2"));
    // A rule that is exported to more namespaces is merged into the earlier one, and lost elsewhere.
    let wider = subset("shop", "a", "exportTo: [red], ", "v1") + &subset("shop", "b", "exportTo: [red, blue], ", "v2");
    assert!(has(&wider, "red", "v1") && has(&wider, "red", "v2") && !has(&wider, "blue", "v2"));
}
