//! Faults of Gateway API resources and Ingresses.

mod dropped_listener;
mod dropped_route;
mod exact_ingress_path;
mod ignored_ingress_annotation;
mod ignored_session_persistence;
mod ignored_tls_option;
mod ineffective_hostname;
mod no_backend;
mod replaced_timeout;
mod shared_gateway_address;
mod unattached_route;
mod unknown_backend;
mod unknown_gateway_class;
mod unknown_grant_namespace;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "gateway_api",
    about: "Gateway API and Ingress",
    rules: &[
        &unattached_route::RULE,
        &dropped_listener::RULE,
        &dropped_route::RULE,
        &ineffective_hostname::RULE,
        &no_backend::RULE,
        &unknown_backend::RULE,
        &replaced_timeout::RULE,
        &ignored_session_persistence::RULE,
        &ignored_tls_option::RULE,
        &exact_ingress_path::RULE,
        &ignored_ingress_annotation::RULE,
        &unknown_gateway_class::RULE,
        &unknown_grant_namespace::RULE,
        &shared_gateway_address::RULE,
    ],
};
