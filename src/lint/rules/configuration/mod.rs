//! The configuration of `mesh`.

pub(in crate::lint) mod invalid_configuration;

use crate::lint::Family;

pub static FAMILY: Family =
    Family { name: "configuration", about: "Configuration of mesh", rules: &[&invalid_configuration::RULE] };
