//! What refers to nothing.

mod export_to_unknown_namespace;
mod gateway_selects_nothing;
mod host_not_in_gateway;
mod host_without_service;
mod inert_destination_rule;
mod missing_subset;
mod port_required;
mod subset_selects_nothing;
mod subset_without_labels;
mod unexposed_server_port;
mod unknown_gateway;
mod unknown_host;
mod unknown_port;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "reference",
    about: "What refers to nothing",
    rules: &[
        &unknown_host::RULE,
        &unknown_gateway::RULE,
        &host_not_in_gateway::RULE,
        &missing_subset::RULE,
        &unknown_port::RULE,
        &port_required::RULE,
        &subset_selects_nothing::RULE,
        &gateway_selects_nothing::RULE,
        &inert_destination_rule::RULE,
        &subset_without_labels::RULE,
        &host_without_service::RULE,
        &unexposed_server_port::RULE,
        &export_to_unknown_namespace::RULE,
    ],
};
