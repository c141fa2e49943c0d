//! Routes and destinations that get no requests, or other requests than their order and weights suggest.

mod invalid_weights;
mod refusing_gateway;
pub(in crate::lint) mod shadowed_match;
mod shared_listener;
mod subset_not_on_gateway;
pub(in crate::lint) mod unreachable_route;
mod unreachable_rule;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "routing",
    about: "Dead routes, refused requests and wrong weights",
    rules: &[
        &unreachable_route::RULE,
        &shadowed_match::RULE,
        &refusing_gateway::RULE,
        &invalid_weights::RULE,
        &subset_not_on_gateway::RULE,
    ],
};
