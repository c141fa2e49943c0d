//! Waypoints and sidecars in the ambient mesh.

mod sidecar_in_ambient;
mod unknown_waypoint;
mod waypoint_required;
mod waypoint_routes;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "ambient",
    about: "Waypoints and sidecars in the ambient mesh",
    rules: &[&unknown_waypoint::RULE, &sidecar_in_ambient::RULE, &waypoint_required::RULE, &waypoint_routes::RULE],
};
