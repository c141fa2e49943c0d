//! The schemas of CRDs.
//!
//! Each kind of Istio has a [`Schema`]: constraints beyond the types of fields
//! (<https://github.com/istio/api>: `kubernetes/customresourcedefinitions.gen.yaml`). Each kind of the Gateway API has a
//! structural schema, which also has the types, the defaults and the CEL rules.
//!
//! The YAML is checked, not the decoded message, because a message does not distinguish an empty list from an absent
//! one. Null counts as absent, as it does for the API server.

mod extensions;
mod gateway_api;
mod policies;
mod schema;
mod structural;
mod traffic;
mod workloads;

use super::decode::Decoder;
use super::kinds::Kind;
use crate::yaml::Node;
use schema::Schema;
pub(super) use structural::Refusal;

/// Kinds whose CRD requires `spec`.
const WITH_SPEC: [&str; 5] = ["ServiceEntry", "WorkloadEntry", "WorkloadGroup", "WasmPlugin", "TrafficExtension"];

fn schema_of(kind: &str) -> Option<&'static Schema> {
    Some(match kind {
        "VirtualService" => &traffic::VIRTUAL_SERVICE,
        "DestinationRule" => &traffic::DESTINATION_RULE,
        "Gateway" => &traffic::GATEWAY,
        "Sidecar" => &traffic::SIDECAR,
        "ServiceEntry" => &workloads::SERVICE_ENTRY,
        "WorkloadEntry" => &workloads::WORKLOAD_ENTRY,
        "WorkloadGroup" => &workloads::WORKLOAD_GROUP,
        "AuthorizationPolicy" => &policies::AUTHORIZATION_POLICY,
        "PeerAuthentication" => &policies::PEER_AUTHENTICATION,
        "RequestAuthentication" => &policies::REQUEST_AUTHENTICATION,
        "Telemetry" => &policies::TELEMETRY,
        "EnvoyFilter" => &extensions::ENVOY_FILTER,
        "ProxyConfig" => &extensions::PROXY_CONFIG,
        "WasmPlugin" => &extensions::WASM_PLUGIN,
        "TrafficExtension" => &extensions::TRAFFIC_EXTENSION,
        _ => return None,
    })
}

/// Checks an Istio resource against the schema of its kind.
pub(super) fn check(kind: Kind, resource: &Node, decoder: &mut Decoder<'_>) {
    let spec = resource.get("spec").filter(|spec| !spec.is_null());
    match (spec, schema_of(kind.name())) {
        (Some(spec), Some(schema)) => schema.check(spec, decoder),
        (None, _) if WITH_SPEC.contains(&kind.name()) => without_spec(resource, decoder),
        _ => {}
    }
}

/// Checks a resource against the structural schema of its kind and version. Returns whether there is one.
pub(super) fn check_structure(kind: Kind, api_version: &str, resource: &Node, decoder: &mut Decoder<'_>) -> bool {
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let Some((schema, is_experimental)) = gateway_api::schema_of(kind, version) else { return false };
    match resource.get("spec").filter(|spec| !spec.is_null()) {
        Some(spec) => structural::check(schema, spec, is_experimental, decoder),
        None => without_spec(resource, decoder),
    }
    true
}

/// Reports a resource without `spec` at its name, so that the user sees which resource of the file it is.
fn without_spec(resource: &Node, decoder: &mut Decoder<'_>) {
    let name = resource.get("metadata").and_then(|metadata| metadata.entry("name"));
    let span = name.or(resource.entry("kind")).map_or(resource.span, |entry| entry.value.span);
    decoder.schema_violation(span, "`spec` is missing".to_owned(), Some("add `spec`".into()));
}
