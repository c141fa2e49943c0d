//! Faults of Gateway API resources and Ingresses.

mod dropped_listener;
mod dropped_route;
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
        &unknown_backend::RULE,
        &unknown_gateway_class::RULE,
        &unknown_grant_namespace::RULE,
        &shared_gateway_address::RULE,
    ],
};
