//! What is for other proxies than it seems, or hides from them what they need.

mod competing_resources;
mod envoy_filter_mesh_wide;
mod envoy_filter_operation;
mod envoy_filter_order;
mod export_to_unknown_namespace;
mod implicit_registry_only;
mod root_namespace_selector;
mod selector_selects_nothing;
mod sidecar_hides_route;
mod sidecar_hides_service;
mod sidecar_in_ambient;
mod sidecar_ingress_port;
mod sidecar_unknown_host;
mod sidecar_unserved_port;
mod telemetry_provider;
mod unknown_waypoint;
mod waypoint_required;
mod waypoint_routes;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "scope",
    about: "What is for other proxies than it seems, or hides from them what they need",
    rules: &[
        &competing_resources::RULE,
        &selector_selects_nothing::RULE,
        &root_namespace_selector::RULE,
        &sidecar_unknown_host::RULE,
        &sidecar_unserved_port::RULE,
        &sidecar_hides_route::RULE,
        &sidecar_hides_service::RULE,
        &sidecar_ingress_port::RULE,
        &implicit_registry_only::RULE,
        &telemetry_provider::RULE,
        &envoy_filter_operation::RULE,
        &envoy_filter_order::RULE,
        &envoy_filter_mesh_wide::RULE,
        &unknown_waypoint::RULE,
        &sidecar_in_ambient::RULE,
        &waypoint_required::RULE,
        &waypoint_routes::RULE,
        &export_to_unknown_namespace::RULE,
    ],
};
