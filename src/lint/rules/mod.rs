//! The list of rules.

use super::Rule;
use super::rule::rules;

rules! {
    /// What is not YAML.
    syntax { yaml_syntax, duplicate_key }
    /// What the API does not describe.
    schema { unknown_field, wrong_type, unknown_kind, missing_name }
    /// What the admission webhook or the API server refuses.
    validation { invalid_label, crd_schema }
    /// What refers to nothing.
    reference {
        unknown_host, unknown_gateway, host_not_in_gateway, missing_subset, unknown_port, port_required,
        subset_selects_nothing, gateway_selects_nothing,
    }
    /// What is said twice.
    conflict {
        duplicate_resource, duplicate_host, duplicate_destination_rule, conflicting_gateways, conflicting_service_entries,
    }
    /// What never gets a request.
    routing { unreachable_route, invalid_weights }
}

/// The rule of a name or of an alias, in any case.
pub fn find(name: &str) -> Option<&'static Rule> {
    let is_meant = |known: &str| known.eq_ignore_ascii_case(name);
    ALL.iter().copied().find(|rule| is_meant(rule.name) || rule.aliases.iter().any(|alias| is_meant(alias)))
}
