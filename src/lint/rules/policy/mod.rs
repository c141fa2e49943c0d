//! Policies that allow or deny the wrong requests.

mod authorization_provider;
mod client_without_sidecar;
mod contradictory_rule;
mod denied_workload;
mod gateway_connections;
mod gateway_traffic;
mod http_rule_on_tcp;
mod identity_without_mtls;
mod ignored_peer_authentication;
mod impossible_policy_value;
mod ineffective_selector;
mod ip_blocks_behind_gateway;
mod missing_request_authentication;
mod mtls_conflict;
mod optional_token;
mod overriding_policy;
mod plaintext_to_strict;
mod policy_notation;
mod policy_selects_nothing;
mod shadowed_policy;
mod split_rule;
mod uncovered_workload;
mod unknown_method;
mod unknown_namespace;
mod unknown_policy_host;
mod unknown_principal;
mod unrestricted_jwks_fetch;
mod wrong_policy_port;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "policy",
    about: "Policies that allow or deny the wrong requests",
    rules: &[
        &mtls_conflict::RULE,
        &plaintext_to_strict::RULE,
        &client_without_sidecar::RULE,
        &unknown_principal::RULE,
        &unknown_namespace::RULE,
        &unknown_method::RULE,
        &unknown_policy_host::RULE,
        &policy_selects_nothing::RULE,
        &ineffective_selector::RULE,
        &missing_request_authentication::RULE,
        &optional_token::RULE,
        &wrong_policy_port::RULE,
        &ignored_peer_authentication::RULE,
        &identity_without_mtls::RULE,
        &http_rule_on_tcp::RULE,
        &ip_blocks_behind_gateway::RULE,
        &authorization_provider::RULE,
        &contradictory_rule::RULE,
        &overriding_policy::RULE,
        &shadowed_policy::RULE,
        &denied_workload::RULE,
        &split_rule::RULE,
        &impossible_policy_value::RULE,
        &unrestricted_jwks_fetch::RULE,
        &uncovered_workload::RULE,
    ],
};
