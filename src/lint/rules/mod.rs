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
        invalid_host,
        invalid_label, invalid_metadata, invalid_policy, invalid_port, invalid_reference, invalid_regex, invalid_tls,
        invalid_uri, out_of_range, crd_schema,
    }
    /// What refers to nothing.
    reference {
        unknown_host, unknown_gateway, host_not_in_gateway, missing_subset, unknown_port, port_required,
        subset_selects_nothing, gateway_selects_nothing,
    }
    /// What is said twice.
    conflict {
        duplicate_resource, duplicate_host, duplicate_destination_rule, conflicting_gateways, conflicting_service_entries,
    }
    /// What Istio reads of Services, Namespaces and what pods are made from.
    workload {
        invalid_service,
        port_name, service_selects_nothing, unknown_target_port, conflicting_port_protocols, proxy_uid, reserved_port,
        namespace_not_injected, conflicting_mesh_labels, pod_without_proxy, image_without_injection, outdated_proxy,
        overlapping_injectors, webhook_target, negative_condition, outdated_gateway_api,
    }
    /// Labels and annotations.
    metadata {
        unknown_annotation, misplaced_annotation, invalid_annotation, deprecated_annotation, unknown_label,
        misplaced_label, invalid_label_value,
    }
    /// What never gets a request.
    routing { unreachable_route, invalid_weights }
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
