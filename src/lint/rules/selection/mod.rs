//! The workloads that a resource applies to.

mod competing_resources;
mod root_namespace_selector;
mod selector_selects_nothing;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "selection",
    about: "Workloads that a resource applies to",
    rules: &[&competing_resources::RULE, &selector_selects_nothing::RULE, &root_namespace_selector::RULE],
};
