//! What never gets a request.

mod invalid_weights;
mod subset_not_on_gateway;
mod unreachable_route;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "routing",
    about: "What never gets a request",
    rules: &[&unreachable_route::RULE, &invalid_weights::RULE, &subset_not_on_gateway::RULE],
};
