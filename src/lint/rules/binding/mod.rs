//! Routes that do not apply where they are bound.

mod hidden_from_gateway;
mod route_protocol;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "binding",
    about: "Routes that do not apply where they are bound",
    rules: &[&hidden_from_gateway::RULE, &route_protocol::RULE],
};
