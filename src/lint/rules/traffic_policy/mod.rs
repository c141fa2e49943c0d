//! How services are spoken to.

mod port_policy_drops_settings;

use crate::lint::Family;

pub static FAMILY: Family =
    Family { name: "traffic_policy", about: "How services are spoken to", rules: &[&port_policy_drops_settings::RULE] };
