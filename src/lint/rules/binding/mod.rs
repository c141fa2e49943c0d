//! Where routes apply.

mod hidden_from_gateway;
mod route_protocol;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "binding",
    about: "Where routes apply",
    rules: &[&hidden_from_gateway::RULE, &route_protocol::RULE],
};
