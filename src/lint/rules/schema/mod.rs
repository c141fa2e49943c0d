//! Resources that do not fit Istio's API.

mod missing_name;
mod unknown_field;
mod unknown_kind;
mod wrong_type;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "schema",
    about: "Resources that do not fit the API",
    rules: &[&unknown_field::RULE, &wrong_type::RULE, &unknown_kind::RULE, &missing_name::RULE],
};
