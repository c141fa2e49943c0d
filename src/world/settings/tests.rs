//! Tests of the settings that a MeshConfig makes.

use super::Settings;
use crate::config::Config;
use crate::load::Snapshot;
use crate::model::mesh_config::MeshConfig;
use crate::world::{ExportTo, World};

/// The use of a field of MeshConfig.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    /// Answers follow it.
    Read,
    /// Answers have a note.
    Noted,
    /// Only rules use it.
    Lint,
    /// It has no effect on listeners, routes, clusters, endpoints, policies and retries, as far as answers show them.
    Nothing,
}

/// All fields of MeshConfig (istio.io/api: `mesh/v1alpha1/config.proto`).
const FIELDS: &[(&str, Use)] = &[
    ("proxyListenPort", Use::Read),
    ("proxyInboundListenPort", Use::Read),
    ("proxyHttpPort", Use::Noted),
    // Timeouts of connections.
    ("connectTimeout", Use::Nothing),
    ("hboneIdleTimeout", Use::Nothing),
    ("protocolDetectionTimeout", Use::Nothing),
    ("tcpKeepalive", Use::Nothing),
    ("ingressClass", Use::Read),
    ("ingressService", Use::Read),
    ("ingressControllerMode", Use::Read),
    ("ingressSelector", Use::Read),
    ("enableTracing", Use::Nothing),
    ("accessLogFile", Use::Nothing),
    ("accessLogFormat", Use::Nothing),
    ("accessLogEncoding", Use::Nothing),
    ("enableEnvoyAccessLogService", Use::Nothing),
    ("disableEnvoyListenerLog", Use::Nothing),
    ("defaultConfig", Use::Read),
    ("outboundTrafficPolicy", Use::Read),
    ("inboundTrafficPolicy", Use::Read),
    ("configSources", Use::Noted),
    ("enableAutoMtls", Use::Read),
    ("trustDomain", Use::Read),
    ("trustDomainAliases", Use::Read),
    ("caCertificates", Use::Nothing),
    ("defaultServiceExportTo", Use::Read),
    ("defaultVirtualServiceExportTo", Use::Read),
    ("defaultDestinationRuleExportTo", Use::Read),
    ("rootNamespace", Use::Read),
    ("localityLbSetting", Use::Noted),
    // The zones of clients and endpoints are unknown, as for `localityLbSetting`.
    ("zoneAwareLbSetting", Use::Noted),
    ("dnsRefreshRate", Use::Nothing),
    // Proxies negotiate HTTP/2 between themselves.
    ("h2UpgradePolicy", Use::Nothing),
    ("inboundClusterStatName", Use::Nothing),
    ("outboundClusterStatName", Use::Nothing),
    ("certificates", Use::Nothing),
    // Endpoints in other clusters.
    ("serviceSettings", Use::Nothing),
    ("serviceScopeConfigs", Use::Nothing),
    ("enablePrometheusMerge", Use::Nothing),
    ("verifyCertificateAtClient", Use::Nothing),
    ("ca", Use::Nothing),
    ("extensionProviders", Use::Read),
    ("defaultProviders", Use::Lint),
    ("discoverySelectors", Use::Read),
    ("pathNormalization", Use::Read),
    ("defaultHttpRetryPolicy", Use::Read),
    // Retries of the server's proxy, of which answers say nothing.
    ("defaultInboundHttpRetryPolicy", Use::Nothing),
    // Versions and ciphers of TLS.
    ("meshMTLS", Use::Nothing),
    ("tlsDefaults", Use::Nothing),
    // The limits of connections, and the detection of broken endpoints.
    ("defaultTrafficPolicy", Use::Nothing),
    ("serviceEntryVisibility", Use::Read),
];

#[test]
fn every_field_of_a_mesh_config_has_a_use() {
    let decoded = MeshConfig::FIELDS.iter().map(|field| crate::model::decode::camel_case(field));
    let mut decoded: Vec<String> = decoded.collect();
    let used = FIELDS.iter().filter(|(_, used)| *used != Use::Nothing).map(|(name, _)| (*name).to_owned());
    let mut used: Vec<String> = used.collect();
    decoded.sort();
    used.sort();
    assert_eq!(decoded, used);
}

fn of_mesh_config(mesh_config: &str) -> Settings {
    let snapshot = Snapshot::of_texts([("mesh.yaml", mesh_config)]);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    Settings::new(&Config::default(), &snapshot)
}

#[test]
fn a_retry_policy_replaces_that_of_istiod() {
    let retries = |policy: &str| of_mesh_config(&format!("trustDomain: a\ndefaultHttpRetryPolicy: {policy}\n")).retries;
    let written = retries("{attempts: 5, perTryTimeout: 2s, retryOn: '503,reset'}").unwrap();
    assert_eq!((written.attempts, written.retry_on.as_str()), (5, "503,reset"));
    assert_eq!(written.per_try_timeout.as_deref(), Some("2s"));
    assert_eq!(retries("{attempts: 1}").unwrap().retry_on, Settings::default().retries.unwrap().retry_on);
    assert_eq!(retries("{attempts: 0}"), None);
    assert_eq!(retries("{}"), None);
    assert!(of_mesh_config("trustDomain: a\n").retries.unwrap().is_built_in);
}

#[test]
fn the_visibility_of_service_entries_depends_on_their_namespace() {
    let export_to = |visibility: &str, exported: &str| {
        let manifests = format!(
            "serviceEntryVisibility: {visibility}\n---\n\
             {{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{team: shop}}}}}}\n---\n\
             apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: a, namespace: shop}}\n\
             spec: {{hosts: [a.example], ports: [{{number: 80, name: http}}], exportTo: [{exported}]}}\n"
        );
        let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        world.services.iter().next().unwrap().export_to.clone()
    };
    let own = ExportTo::Namespaces(["shop".to_owned()].into());
    let policy = |labels: &str| {
        format!(
            "{{applyToSidecars: true, policies: [{{visibility: NONE, matchingRules: [{{namespaceSelector: {{matchLabels: {labels}}}}}]}}], defaultVisibility: NAMESPACE}}"
        )
    };
    assert_eq!(export_to(&policy("{team: shop}"), "'*'"), ExportTo::Nobody);
    assert_eq!(export_to(&policy("{team: other}"), "'*'"), own);
    assert_eq!(export_to(&policy("{kubernetes.io/metadata.name: shop}"), "'*'"), ExportTo::Nobody);
    assert_eq!(export_to(&policy("{team: other}"), "other"), ExportTo::Nobody);
    assert_eq!(export_to("{applyToSidecars: true, defaultVisibility: PUBLIC}", "'*'"), ExportTo::Public);
    assert_eq!(export_to("{defaultVisibility: NONE}", "'*'"), ExportTo::Public);
}

#[test]
fn namespaces_that_no_selector_selects_are_out_of_sight() {
    let hosts = |selectors: &str| {
        let service = |namespace: &str| {
            format!(
                "---\n{{apiVersion: v1, kind: Service, metadata: {{name: a, namespace: {namespace}}}, spec: {{ports: [{{port: 80}}]}}}}\n"
            )
        };
        let namespace = |name: &str| {
            format!("---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{mesh: {name}}}}}}}\n")
        };
        let manifests = format!("discoverySelectors: {selectors}\n")
            + &namespace("one")
            + &namespace("two")
            + &service("one")
            + &service("two")
            + &service("undefined");
        let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        world.services.iter().map(|service| service.namespace.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(hosts("[]"), "one two undefined");
    assert_eq!(hosts("[{matchLabels: {mesh: one}}]"), "one undefined");
    assert_eq!(
        hosts("[{matchLabels: {mesh: one}}, {matchLabels: {kubernetes.io/metadata.name: two}}]"),
        "one two undefined"
    );
    assert_eq!(hosts("[{matchExpressions: [{key: mesh, operator: NotIn, values: [one]}]}]"), "two undefined");
}

#[test]
fn of_the_default_for_destination_rules_only_the_dot_counts() {
    let found = |default: &str| {
        let manifests = format!(
            "defaultDestinationRuleExportTo: {default}\n---\n\
             {{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {{name: a, namespace: shop}}, spec: {{host: a}}}}\n"
        );
        let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        let rules = &world.destination_rules;
        ["shop", "other"].map(|client| rules.applying(client, "shop", "a.shop.svc.cluster.local", None).is_some())
    };
    assert_eq!(found("['*']"), [true, true]);
    assert_eq!(found("[.]"), [true, false]);
    assert_eq!(found("[., infra]"), [true, false]);
    assert_eq!(found("['~']"), [true, true]);
    assert_eq!(found("[infra]"), [true, true]);
}
