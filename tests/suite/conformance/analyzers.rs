//! The tests of `istioctl analyze`: each message must have a finding on the same resource that has its code among the
//! aliases, and a case without messages no finding with a code of its analyzer.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::mesh::mesh_in;
use crate::shared;

/// The directory of the inputs.
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
    assert!(unexpected.is_empty(), "messages that are neither found nor listed: {unexpected:#?}");
    let is_gone = |listed: &str| !missed.iter().any(|name| name.starts_with(&format!("{listed} ")));
    let gone: Vec<&str> = DIFFERENT.iter().map(|(listed, _)| *listed).filter(|listed| is_gone(listed)).collect();
    assert!(gone.is_empty(), "these listed differences no longer occur, remove them from the list: {gone:?}");
    assert!(found >= LEAST, "only {found} messages are found");
}

#[test]
fn cases_without_messages_have_no_findings() {
    let (Some(cases), Some(inputs)) = (shared::data("conformance/analyzer/cases.json"), shared::data(INPUTS)) else {
        return;
    };
    let table: Value = serde_json::from_str(&std::fs::read_to_string(cases).unwrap()).unwrap();
    let cases = table["cases"].as_array().unwrap().iter();
    let without_messages: Vec<&Value> =
        cases.filter(|case| case["expected"].as_array().is_some_and(Vec::is_empty)).collect();
    assert!(without_messages.len() >= 26, "only {} cases expect no messages", without_messages.len());
    let found: BTreeSet<String> =
        without_messages.iter().flat_map(|case| findings_with_its_codes(case, &inputs)).collect();
    let listed: BTreeSet<String> = UNEXPECTED_FINDINGS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "left: findings; right: UNEXPECTED_FINDINGS");
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

/// Findings in cases that expect none, with the reason why they are right.
const UNEXPECTED_FINDINGS: &[(&str, &str)] = &[
    (
        "010-gatewaycorrectport IST0101 gateway-selects-nothing",
        "the test adds the gateway workload in code, and the files do not have it",
    ),
    ("019-gateways-with-different-port-are-non-conflicting IST0101 gateway-selects-nothing", NO_GATEWAY_WORKLOAD),
    ("022-conflicting-gateways-detect-no-port IST0101 gateway-selects-nothing", NO_GATEWAY_WORKLOAD),
    (
        "032-unnamedportinsystemnamespace IST0118 port-name",
        "Envoy also detects the protocol of such a port in system namespaces, which an info reports",
    ),
    (
        "068-missing-addresses-and-protocol-in-service-entry-with-istio-meta-dns-auto-allocate-enabled IST0134 captured-port",
        "the setting is in a ProxyConfig, which mesh does not resolve",
    ),
];

/// The least number of messages that must be found.
const LEAST: usize = 168;

/// Cases and codes of which not all messages are found on the same resource, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "001-alpha IST0136",
        "nearly all annotations are alpha, and `istioctl analyze` itself does not report that by default",
    ),
    (
        "009-gatewaybadport IST0162",
        "the test adds the Service of an ingress gateway in code, and the files do not have it",
    ),
    ("017-gatewaysecretvalidations IST0161", "the copy of the test data does not have the Secrets"),
    (
        "020-conflicting-gateways-with-multiple-port-declarations IST0145",
        "the webhook rejects the Gateways, and a rejected resource conflicts with nothing",
    ),
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
        "no VirtualService delegates to this delegate, so its clients are unknown",
    ),
    ("039-virtualservicegateways IST0132", "mesh reports that the Gateway does not exist"),
    (
        "040-virtualservicekubernetesgateways IST0132",
        "mesh reports that a VirtualService cannot bind to a Gateway API Gateway",
    ),
    ("043-servicemultipledeployments IST0116", SERVICE_INSTEAD),
    ("043-servicemultipledeployments IST0137", SERVICE_INSTEAD),
    ("046-unknown-service-registry-in-mesh-networks IST0126", "the known clusters are in Secrets of the cluster"),
    ("079-envoyfilterusesrelativeoperation IST0151", BUILT_IN_FILTER),
    ("079-envoyfilterusesrelativeoperation IST0155", BUILT_IN_FILTER),
    ("082-envoyfilterusesreplaceoperation IST0151", BUILT_IN_FILTER),
    ("082-envoyfilterusesreplaceoperation IST0155", BUILT_IN_FILTER),
    ("084-envoyfilterusesremoveoperation IST0151", BUILT_IN_FILTER),
    ("090-telemetry-lightstep IST0002", "the MeshConfig with the provider is not in the copy of the test data"),
    ("093-serviceentry-addresses-required-lowercase-protocol IST0134", NOTHING_CAPTURED),
    ("094-serviceentry-addresses-required-uppercase-protocol IST0134", NOTHING_CAPTURED),
];

const NO_GATEWAY_WORKLOAD: &str = "the case is about something else, and its files do not have the gateway workload";
const NO_POD_OF_A_CLUSTER: &str = "a Pod in a manifest gets its sidecar at creation";
const POD_INSTEAD: &str = "mesh reports the image of the Pod, not its Namespace";
const SERVICE_INSTEAD: &str = "mesh reports the port of the Service that loses, not the Deployment";
const PRIVATE_FIRST: &str =
    "in istiod, a private VirtualService takes precedence over a public one, whatever their age";
const BUILT_IN_FILTER: &str =
    "the filter always exists, or the patch has no filter match, which mesh reports as another mistake";
const NOTHING_CAPTURED: &str = "with resolution NONE, connections go to the address that the client dialled";

/// The messages that a case expects, and whether each is found.
fn check(case: &Value, inputs: &Path) -> Vec<(String, bool)> {
    let report = lint(case, inputs);
    let findings = report["diagnostics"].as_array().unwrap();
    let expected = case["expected"].as_array().unwrap().iter();
    let outcome = |message: &Value| {
        let name = format!("{} {} {}", case["id"].as_str().unwrap(), text(message, "code"), text(message, "resource"));
        (name, findings.iter().any(|finding| corresponds(finding, message)))
    };
    expected.map(outcome).collect()
}

/// Lints the files of a case as a complete inventory.
fn lint(case: &Value, inputs: &Path) -> Value {
    let files = case["inputFiles"].as_array().into_iter().flatten();
    let files = files.chain([&case["meshConfigFile"], &case["meshNetworksFile"]]).filter_map(Value::as_str);
    let arguments = ["lint", "--inventory", "complete", "--format", "json"];
    let arguments: Vec<&str> = arguments.into_iter().chain(files).collect();
    mesh_in(inputs, &arguments, "", &[]).json()
}

/// Whether a finding has the code of a message, on the same resource. A finding of a cause that several resources share is
/// at the first of them, and also at the others.
fn corresponds(finding: &Value, message: &Value) -> bool {
    let related = finding["related"].as_array().into_iter().flatten();
    let also = related.filter(|related| related["message"] == "also named here");
    let is_it = |resource: &Value| {
        let namespace = message["namespace"].as_str();
        resource["kind"] == message["kind"]
            && resource["name"] == message["name"]
            && namespace.is_none_or(|namespace| resource["namespace"].as_str().unwrap_or("default") == namespace)
    };
    finding["aliases"].as_array().is_some_and(|aliases| aliases.contains(&message["code"]))
        && also.chain([finding]).any(|place| is_it(&place["resource"]))
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
