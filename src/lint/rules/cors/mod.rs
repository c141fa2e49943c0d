//! CORS policies.

mod cors_credentials;
mod cors_origin;
mod cors_preflight;
mod denied_preflight;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "cors",
    about: "CORS policies",
    rules: &[&cors_credentials::RULE, &cors_origin::RULE, &cors_preflight::RULE],
};
