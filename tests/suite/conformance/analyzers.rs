//! The tests of `istioctl analyze`: each message must have a finding on the same resource that has its code among the
//! aliases, and a case without messages no finding with a code of its analyzer.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::mesh::mesh_in;
use crate::shared;

/// Where the inputs lie.
const INPUTS: &str = "corpus/istio__istio/pkg/config/analysis/analyzers";

#[test]
fn messages_of_istioctl_analyze_are_found() {
    let (Some(cases), Some(inputs)) = (shared::data("conformance/analyzer/cases.json"), shared::data(INPUTS)) else {
        return;
    };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(cases).unwrap()).unwrap();
    let cases = table["cases"].as_array().unwrap();
    let results: Vec<(String, bool)> = cases.iter().flat_map(|case| check(case, &inputs)).collect();
    let is_found = |it: &&(String, bool)| it.1;
    let found = results.iter().filter(is_found).count();
    println!("messages of istioctl analyze: {found} of {} are found", results.len());
    let reason = |name: &str| DIFFERENT.iter().find(|(listed, _)| name.starts_with(&format!("{listed} ")));
    let missed: Vec<&str> = results.iter().filter(|it| !it.1).map(|it| it.0.as_str()).collect();
    let unexpected: Vec<&str> = missed.iter().copied().filter(|name| reason(name).is_none()).collect();
    assert!(unexpected.is_empty(), "not found, and not listed: {unexpected:#?}");
    let is_settled = |listed: &str| !missed.iter().any(|name| name.starts_with(&format!("{listed} ")));
    let settled: Vec<&str> = DIFFERENT.iter().map(|(listed, _)| *listed).filter(|listed| is_settled(listed)).collect();
    assert!(settled.is_empty(), "known differences are gone, take them off the list: {settled:?}");
    assert!(found >= LEAST, "only {found} are found");
}

#[test]
fn cases_without_messages_have_no_findings() {
    let (Some(cases), Some(inputs)) = (shared::data("conformance/analyzer/cases.json"), shared::data(INPUTS)) else {
        return;
    };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(cases).unwrap()).unwrap();
    let cases = table["cases"].as_array().unwrap().iter();
    let silent: Vec<&Value> = cases.filter(|case| case["expected"].as_array().is_some_and(Vec::is_empty)).collect();
    assert!(silent.len() >= 26, "only {} cases expect nothing", silent.len());
    let found: BTreeSet<String> = silent.iter().flat_map(|case| findings_with_its_codes(case, &inputs)).collect();
    let listed: BTreeSet<String> = NOT_SILENT.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "left: what is found; right: what NOT_SILENT lists");
}

/// The findings in a case that have a code of its analyzer, as `case code rule`.
fn findings_with_its_codes(case: &Value, inputs: &Path) -> Vec<String> {
    let id = text(case, "id");
    let codes = case["codesThisAnalyzerCanEmit"].as_array().unwrap();
    let report = lint(case, inputs);
    let findings = report["diagnostics"].as_array().unwrap().iter();
    let named = findings.flat_map(|it| {
        let aliases = it["aliases"].as_array().unwrap().iter().filter(|alias| codes.contains(alias));
        aliases.map(move |alias| format!("{id} {} {}", alias.as_str().unwrap(), text(it, "rule")))
    });
    named.collect()
}

/// Findings in cases that expect none, and why they are right.
const NOT_SILENT: &[(&str, &str)] = &[
    (
        "010-gatewaycorrectport IST0101 gateway-selects-nothing",
        "the test adds the gateway workload, which is in no file",
    ),
    ("019-gateways-with-different-port-are-non-conflicting IST0101 gateway-selects-nothing", NO_GATEWAY_WORKLOAD),
    ("022-conflicting-gateways-detect-no-port IST0101 gateway-selects-nothing", NO_GATEWAY_WORKLOAD),
    (
        "032-unnamedportinsystemnamespace IST0118 port-name",
        "the protocol of such a port is detected in system namespaces, too; an info says so",
    ),
    (
        "068-missing-addresses-and-protocol-in-service-entry-with-istio-meta-dns-auto-allocate-enabled IST0134 captured-port",
        "the setting of the proxies is in a ProxyConfig, which is not resolved",
    ),
];

/// How many messages are found at least.
const LEAST: usize = 170;

/// Cases and codes whose messages are not found, at least not all of them or not on the same resource, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("001-alpha IST0136", "alpha is what nearly all annotations are: `istioctl analyze` itself leaves that out"),
    ("009-gatewaybadport IST0162", "the test adds the Service of an ingress gateway that is in no file"),
    ("017-gatewaysecretvalidations IST0161", "the Secrets were taken out of the copy of the test data"),
    ("023-istioinjection IST0103", NO_POD_OF_A_CLUSTER),
    ("024-istioinjectionenablenamespacesbydefault IST0103", NO_POD_OF_A_CLUSTER),
    ("025-istioinjectionproxyimagemismatch IST0158", POD_INSTEAD),
    ("026-injectionimagedistroless IST0158", POD_INSTEAD),
    ("028-istioinjectionproxyimagemismatchabsolute IST0158", POD_INSTEAD),
    ("029-istioinjectionproxyimagemismatchwithrevisioncanary IST0158", POD_INSTEAD),
    ("035-virtualserviceconflictingmeshgatewayhosts IST0109", PRIVATE_FIRST),
    ("036-virtualserviceconflictingmeshgatewayhostswithexportto IST0109", PRIVATE_FIRST),
    (
        "037-virtualservicedestinationhosts IST0112",
        "a delegate that nothing delegates to: who would send requests is not known",
    ),
    ("039-virtualservicegateways IST0132", "the Gateway does not exist, which is the mistake"),
    (
        "040-virtualservicekubernetesgateways IST0132",
        "a VirtualService is never bound to that Gateway, which is the mistake",
    ),
    ("043-servicemultipledeployments IST0116", SERVICE_INSTEAD),
    ("043-servicemultipledeployments IST0137", SERVICE_INSTEAD),
    (
        "046-unknown-service-registry-in-mesh-networks IST0126",
        "the clusters that are known stand in Secrets of the cluster",
    ),
    ("079-envoyfilterusesrelativeoperation IST0151", BUILT_IN_FILTER),
    ("079-envoyfilterusesrelativeoperation IST0155", BUILT_IN_FILTER),
    ("082-envoyfilterusesreplaceoperation IST0151", BUILT_IN_FILTER),
    ("082-envoyfilterusesreplaceoperation IST0155", BUILT_IN_FILTER),
    ("084-envoyfilterusesremoveoperation IST0151", BUILT_IN_FILTER),
    ("090-telemetry-lightstep IST0002", "the MeshConfig with the provider is not in the copy of the test data"),
    ("093-serviceentry-addresses-required-lowercase-protocol IST0134", NOTHING_CAPTURED),
    ("094-serviceentry-addresses-required-uppercase-protocol IST0134", NOTHING_CAPTURED),
];

const NO_GATEWAY_WORKLOAD: &str = "no file has the gateway workload, about which the case is not";
const NO_POD_OF_A_CLUSTER: &str = "a Pod in a manifest gets its sidecar when it is created";
const POD_INSTEAD: &str = "the Pod's image is reported, not its Namespace";
const SERVICE_INSTEAD: &str = "the port of the Service that loses is reported, not the Deployment";
const PRIVATE_FIRST: &str = "istiod takes a private VirtualService before a public one, so nothing is left to age";
const BUILT_IN_FILTER: &str = "the filter is one that is always there, or none is matched, which is reported as such";
const NOTHING_CAPTURED: &str = "with resolution NONE connections go on to the address that was dialled";

/// The messages that a case expects, each with whether it is found.
fn check(case: &Value, inputs: &Path) -> Vec<(String, bool)> {
    let report = lint(case, inputs);
    let findings = report["diagnostics"].as_array().unwrap();
    let expected = case["expected"].as_array().unwrap().iter();
    let outcome = |message: &Value| {
        let name = format!("{} {} {}", case["id"].as_str().unwrap(), text(message, "code"), text(message, "resource"));
        (name, findings.iter().any(|finding| says(finding, message)))
    };
    expected.map(outcome).collect()
}

/// Lints the files of a case, as all that there is.
fn lint(case: &Value, inputs: &Path) -> Value {
    let files = case["inputFiles"].as_array().into_iter().flatten();
    let files = files.chain([&case["meshConfigFile"], &case["meshNetworksFile"]]).filter_map(Value::as_str);
    let arguments = ["lint", "--inventory", "complete", "--format", "json"];
    let arguments: Vec<&str> = arguments.into_iter().chain(files).collect();
    mesh_in(inputs, &arguments, "", &[]).json()
}

/// Whether a finding says what a message says, of the same resource.
fn says(finding: &Value, message: &Value) -> bool {
    let resource = &finding["resource"];
    let namespace = message["namespace"].as_str();
    finding["aliases"].as_array().is_some_and(|aliases| aliases.contains(&message["code"]))
        && resource["kind"] == message["kind"]
        && resource["name"] == message["name"]
        && namespace.is_none_or(|namespace| resource["namespace"].as_str().unwrap_or("default") == namespace)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
