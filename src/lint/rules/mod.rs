//! The list of rules.

use super::Rule;
use super::rule::rules;
use crate::model::nearest;

rules! {
    /// What is not YAML.
    syntax { yaml_syntax, duplicate_key }
    /// What the API does not describe.
    schema { unknown_field, wrong_type, unknown_kind, missing_name }
    /// What the admission webhook or the API server refuses.
    validation {
        missing_field, conflicting_fields, no_effect, duplicate_entry, invalid_address, invalid_duration, invalid_header,
        invalid_host, invalid_label, invalid_metadata, invalid_policy, invalid_port, invalid_reference, invalid_regex,
        invalid_tls, invalid_uri, out_of_range, crd_schema,
    }
    /// What refers to nothing.
    reference {
        unknown_host, unknown_gateway, host_not_in_gateway, missing_subset, unknown_port, port_required,
        subset_selects_nothing, gateway_selects_nothing, inert_destination_rule, subset_without_labels,
        host_without_service, unexposed_server_port,
    }
    /// What is said twice.
    conflict {
        duplicate_resource, duplicate_host, outranked_host, duplicate_destination_rule, conflicting_gateways,
        conflicting_service_entries,
    }
    /// What never gets a request.
    routing { unreachable_route, invalid_weights, subset_not_on_gateway }
    /// What is handed on to another VirtualService.
    delegation { unknown_delegate, invalid_delegate, delegate_conflict, unused_delegate }
    /// Where routes apply.
    binding { hidden_from_gateway, route_protocol }
    /// What matches compare.
    matching { impossible_match, mistaken_match_type, uneven_uri_case, prefix_without_boundary }
    /// What is done with a request.
    action {
        rewrite_slashes, retries_exceed_timeout, fault_without_percentage, fault_beside_retries, duplicate_destination,
        deprecated_field, redirect_loop, https_redirect_unserved,
    }
    /// What other origins may do.
    cors { cors_credentials, cors_origin, cors_preflight }
    /// How services are spoken to.
    traffic_policy { port_policy_drops_settings }
    /// Certificates and what is trusted.
    tls { missing_ca_certificates, unknown_credential, unusable_credential, shared_certificate }
    /// What ServiceEntries say of the world outside.
    service_entry { captured_port, plaintext_on_tls_port, tls_to_plaintext_port, entry_without_endpoints }
    /// What is for other proxies than it seems, or hides from them what they need.
    scope {
        competing_resources, selector_selects_nothing, root_namespace_selector, sidecar_unknown_host,
        sidecar_unserved_port, sidecar_hides_route, sidecar_hides_service, sidecar_ingress_port,
        implicit_registry_only, telemetry_provider, envoy_filter_operation, envoy_filter_order, envoy_filter_mesh_wide,
        unknown_waypoint, sidecar_in_ambient, waypoint_required, waypoint_routes, export_to_unknown_namespace,
    }
    /// What lets in or keeps out the wrong requests.
    policy {
        mtls_conflict, plaintext_to_strict, unknown_principal, unknown_namespace, unknown_method, unknown_policy_host,
        policy_selects_nothing, ineffective_selector, missing_request_authentication, optional_token,
        wrong_policy_port, ignored_peer_authentication, identity_without_mtls, http_rule_on_tcp,
        ip_blocks_behind_gateway, contradictory_rule, overriding_policy, impossible_policy_value,
        unrestricted_jwks_fetch, uncovered_workload,
    }
    /// What the Gateway API and Ingresses say in vain.
    gateway_api {
        unattached_route, dropped_listener, dropped_route, unknown_backend, unknown_gateway_class,
        unknown_grant_namespace, shared_gateway_address,
    }
    /// What Istio reads of Services, Namespaces and what pods are made from.
    workload {
        invalid_service, port_name, service_selects_nothing, unknown_target_port, conflicting_port_protocols,
        proxy_uid, reserved_port,
        namespace_not_injected, conflicting_mesh_labels, pod_without_proxy, image_without_injection, outdated_proxy,
        overlapping_injectors, webhook_target, negative_condition, outdated_gateway_api,
        unknown_service_account, equal_workload_groups,
    }
    /// Labels and annotations.
    metadata {
        unknown_annotation, misplaced_annotation, invalid_annotation, deprecated_annotation, unknown_label,
        misplaced_label, invalid_label_value,
    }
    /// What is said to this tool itself.
    suppression { unused_suppression }
}

pub(super) use suppression::unused_suppression::RULE as UNUSED_SUPPRESSION;

/// The rule of a name, or the rules of an alias, in any case.
pub fn find(name: &str) -> Vec<&'static Rule> {
    let is_meant = |known: &str| known.eq_ignore_ascii_case(name);
    match ALL.iter().copied().find(|rule| is_meant(rule.name)) {
        Some(rule) => vec![rule],
        None => ALL.iter().copied().filter(|rule| rule.aliases.iter().any(|alias| is_meant(alias))).collect(),
    }
}

/// The name or alias that was probably meant by one that no rule has.
pub fn similar(name: &str) -> Option<&'static str> {
    let code = name.split_at_checked(3).and_then(|(tool, number)| Some((tool, number.parse::<u16>().ok()?)));
    match code {
        // Of codes nearly all are near; only a lost or superfluous zero tells which one is meant.
        Some((tool, number)) => {
            let code = format!("{tool}{number:04}");
            let mut aliases = ALL.iter().flat_map(|rule| rule.aliases.iter().copied());
            aliases.find(|alias| alias.eq_ignore_ascii_case(&code))
        }
        None => nearest(name, ALL.iter().map(|rule| rule.name)),
    }
}

/// Says that there is no such rule, and which one may be meant.
pub fn unknown(name: &str) -> String {
    let hint =
        similar(name).map_or_else(|| "`mesh rules` lists all".to_owned(), |name| format!("did you mean {name}?"));
    format!("there is no rule {name}; {hint}")
}
