//! Traffic policies of DestinationRules.

mod port_policy_drops_settings;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "traffic_policy",
    about: "Traffic policies of DestinationRules",
    rules: &[&port_policy_drops_settings::RULE],
};
