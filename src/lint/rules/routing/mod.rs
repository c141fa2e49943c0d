//! Routes and destinations that get other requests than they seem to.

mod invalid_weights;
mod subset_not_on_gateway;
mod unreachable_route;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "routing",
    about: "Routes that get no requests, or others than they seem to",
    rules: &[&unreachable_route::RULE, &invalid_weights::RULE, &subset_not_on_gateway::RULE],
};
