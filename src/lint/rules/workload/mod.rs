//! Services, workloads and their injection, as far as Istio depends on them.

mod conflicting_mesh_labels;
mod conflicting_port_protocols;
mod equal_workload_groups;
mod image_without_injection;
mod invalid_service;
mod namespace_not_injected;
mod negative_condition;
mod outdated_gateway_api;
mod outdated_proxy;
mod overlapping_injectors;
mod pod_without_proxy;
mod port_name;
mod proxy_uid;
mod reserved_port;
mod service_selects_nothing;
mod unknown_service_account;
mod unknown_target_port;
mod webhook_target;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "workload",
    about: "Services, Namespaces, pods and their sidecars",
    rules: &[
        &invalid_service::RULE,
        &port_name::RULE,
        &service_selects_nothing::RULE,
        &unknown_target_port::RULE,
        &conflicting_port_protocols::RULE,
        &proxy_uid::RULE,
        &reserved_port::RULE,
        &namespace_not_injected::RULE,
        &conflicting_mesh_labels::RULE,
        &pod_without_proxy::RULE,
        &image_without_injection::RULE,
        &outdated_proxy::RULE,
        &overlapping_injectors::RULE,
        &webhook_target::RULE,
        &negative_condition::RULE,
        &outdated_gateway_api::RULE,
        &unknown_service_account::RULE,
        &equal_workload_groups::RULE,
    ],
};
