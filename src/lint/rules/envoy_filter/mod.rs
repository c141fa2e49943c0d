//! Patches of EnvoyFilters.

mod envoy_filter_mesh_wide;
mod envoy_filter_name;
mod envoy_filter_operation;
mod envoy_filter_order;
mod terminal_filter;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "envoy_filter",
    about: "Patches of EnvoyFilters",
    rules: &[
        &envoy_filter_operation::RULE,
        &envoy_filter_order::RULE,
        &envoy_filter_name::RULE,
        &terminal_filter::RULE,
        &envoy_filter_mesh_wide::RULE,
    ],
};
