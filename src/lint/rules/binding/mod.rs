//! Routes that have no effect on the Gateway or port that they are for.

mod hidden_from_gateway;
mod route_protocol;
mod routes_without_mesh;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "binding",
    about: "Routes on the wrong Gateway or port",
    rules: &[&hidden_from_gateway::RULE, &route_protocol::RULE, &routes_without_mesh::RULE],
};
