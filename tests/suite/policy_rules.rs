//! What the rules about policies and mutual TLS say beyond the examples of their pages: the milder and the silent cases.

use mesh::config::Config;
use mesh::lint;
use mesh::load::Snapshot;
use mesh::world::{Settings, World};

/// A workload with a Service whose port 80 leads to 8080; its namespace is a part of the mesh.
const LEDGER: &str = "
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank}
spec: {selector: {app: ledger}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ledger, namespace: bank, labels: {app: ledger}}
spec: {containers: [{name: ledger, image: ledger, ports: [{containerPort: 8080}]}]}
";

fn resource(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    let group = if kind == "DestinationRule" { "networking" } else { "security" };
    format!(
        "---\napiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

/// What a rule finds, as `severity: message`.
fn found(rule: &str, manifests: &str) -> Vec<String> {
    let snapshot = Snapshot::of_texts([("policies.yaml", manifests)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let report = lint::run(&world);
    let of_rule = report.diagnostics.iter().filter(|it| it.rule.name == rule);
    of_rule.map(|it| format!("{:?}: {}", it.severity, it.message).to_lowercase()).collect()
}

#[track_caller]
fn assert_found(rule: &str, manifests: &[&str], expected: &[&str]) {
    let found = found(rule, &manifests.concat());
    let is_like = |(found, expected): (&String, &&str)| found.contains(expected);
    let all = found.len() == expected.len() && found.iter().zip(expected).all(is_like);
    assert!(all, "{rule} finds {found:#?} instead of {expected:#?}");
}

#[test]
fn tls_of_clients_is_held_against_what_each_port_takes() {
    let rule = |host: &str, mode: &str| {
        let spec = format!("{{host: '{host}', trafficPolicy: {{tls: {{mode: {mode}}}}}}}");
        resource("DestinationRule", "bank", "ledger", &spec)
    };
    let peer = |spec: &str| resource("PeerAuthentication", "bank", "default", spec);
    let strict = peer("{mtls: {mode: STRICT}}");
    let disable = peer("{mtls: {mode: DISABLE}}");
    let of_port = peer(
        "{selector: {matchLabels: {app: ledger}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}}}",
    );
    let outside = LEDGER.replace(
        "{app: ledger}}\nspec: {containers",
        "{app: ledger, sidecar.istio.io/inject: 'false'}}\nspec: {containers",
    );
    let outside = format!(
        "{outside}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: bank, labels: {{istio-injection: enabled}}}}\n"
    );
    for (workload, policy, client, expected) in [
        (LEDGER, &strict, rule("ledger", "DISABLE"), &["error: clients of ledger.bank"][..]),
        (LEDGER, &strict, rule("*.bank.svc.cluster.local", "SIMPLE"), &["only mutual tls"]),
        (LEDGER, &strict, rule("ledger", "ISTIO_MUTUAL"), &[]),
        (LEDGER, &strict, rule("other", "DISABLE"), &[]),
        (LEDGER, &of_port, rule("ledger", "DISABLE"), &[]),
        (LEDGER, &disable, rule("ledger", "ISTIO_MUTUAL"), &["only plaintext"]),
        (LEDGER, &disable, rule("ledger", "MUTUAL"), &["only plaintext"]),
        (LEDGER, &disable, rule("ledger", "DISABLE"), &[]),
        (&outside, &strict, rule("ledger", "DISABLE"), &[]),
        (
            &outside,
            &strict,
            rule("ledger", "ISTIO_MUTUAL"),
            &["error: clients of ledger.bank.svc.cluster.local send mutual tls, but its workload bank/ledger has no"],
        ),
        (&outside, &strict, rule("*", "ISTIO_MUTUAL"), &["warning"]),
    ] {
        assert_found("mtls-conflict", &[workload, policy, &client], expected);
    }
}

#[test]
fn a_more_specific_rule_takes_the_place_of_a_wildcard() {
    let strict = resource("PeerAuthentication", "bank", "default", "{mtls: {mode: STRICT}}");
    let wide = resource("DestinationRule", "bank", "wide", "{host: '*', trafficPolicy: {tls: {mode: DISABLE}}}");
    let own = resource("DestinationRule", "bank", "own", "{host: ledger, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}");
    assert_found("mtls-conflict", &[LEDGER, &strict, &wide], &["only mutual tls"]);
    assert_found("mtls-conflict", &[LEDGER, &strict, &wide, &own], &[]);
}

#[test]
fn principals_are_of_the_mesh_or_of_another_one() {
    let principal = |value: &str| {
        resource(
            "AuthorizationPolicy",
            "bank",
            "a",
            &format!("{{rules: [{{from: [{{source: {{principals: ['{value}']}}}}]}}]}}"),
        )
    };
    for (value, expected) in [
        ("*", &[][..]),
        ("cluster.local/ns/bank/sa/default", &[]),
        ("*/ns/bank/sa/nobody", &["runs as service account nobody"]),
        ("cluster.local/ns/bank/sa/led*", &["runs as service account led*"]),
        ("cluster.local/ns/elsewhere/sa/nobody", &[]),
        ("cluster.local/ns/*/sa/default", &["error: cluster.local/ns/*/sa/default matches nobody"]),
        ("spiffe://cluster.local/ns/bank/sa/default", &["error: spiffe://"]),
        ("other.mesh/ns/bank/sa/nobody", &["info: other.mesh is not"]),
        ("cluster.locale/ns/bank/sa/default", &["warning: cluster.locale is not"]),
        ("ledger", &["error: ledger is no principal"]),
    ] {
        assert_found("unknown-principal", &[LEDGER, &principal(value)], expected);
    }
}

#[test]
fn tokens_are_known_where_a_request_authentication_is() {
    let asks = resource(
        "AuthorizationPolicy",
        "bank",
        "a",
        "{rules: [{when: [{key: 'request.auth.claims[a]', values: [b]}]}]}",
    );
    let tokens = |namespace: &str, selector: &str| {
        resource("RequestAuthentication", namespace, "t", &format!("{{{selector} jwtRules: [{{issuer: i}}]}}"))
    };
    let of_others = tokens("bank", "selector: {matchLabels: {app: other}},");
    for (authentication, expected) in [
        (tokens("bank", ""), &[][..]),
        (tokens("istio-system", ""), &[]),
        (tokens("shop", ""), &["error: no requestauthentication selects workload bank/ledger"]),
        (of_others, &["error: no requestauthentication"]),
    ] {
        assert_found("missing-request-authentication", &[LEDGER, &asks, &authentication], expected);
    }
}

#[test]
fn rules_that_need_an_identity_need_mutual_tls() {
    let asks = |source: &str| {
        resource("AuthorizationPolicy", "bank", "a", &format!("{{rules: [{{from: [{{source: {{{source}}}}}]}}]}}"))
    };
    let mode = |mode: &str| resource("PeerAuthentication", "bank", "default", &format!("{{mtls: {{mode: {mode}}}}}"));
    for (mode, source, expected) in [
        (mode("DISABLE"), "namespaces: [shop]", &["error: namespaces needs mutual tls"][..]),
        (mode("DISABLE"), "ipBlocks: [10.0.0.1]", &[]),
        (mode("PERMISSIVE"), "namespaces: [shop]", &[]),
        (mode("PERMISSIVE"), "namespaces: ['*']", &["info: * means"]),
        (mode("STRICT"), "namespaces: ['*']", &[]),
    ] {
        assert_found("identity-without-mtls", &[LEDGER, &mode, &asks(source)], expected);
    }
}

#[test]
fn ports_of_policies_are_those_of_workloads() {
    let ports = |port: u32| {
        resource(
            "AuthorizationPolicy",
            "bank",
            "a",
            &format!("{{rules: [{{to: [{{operation: {{ports: ['{port}']}}}}]}}]}}"),
        )
    };
    for (port, expected) in [
        (8080, &[][..]),
        (80, &["error: 80 is a port of the service; its workload listens on 8080"]),
        (9090, &["warning: no workload of the policy is known to listen on 9090"]),
        (15020, &[]),
    ] {
        assert_found("wrong-policy-port", &[LEDGER, &ports(port)], expected);
    }
}
