//! What the admission webhook or the API server refuses.

mod conflicting_fields;
mod crd_schema;
mod duplicate_entry;
mod invalid_address;
mod invalid_duration;
mod invalid_header;
mod invalid_host;
mod invalid_label;
mod invalid_metadata;
mod invalid_policy;
mod invalid_port;
mod invalid_reference;
mod invalid_regex;
mod invalid_tls;
mod invalid_uri;
mod missing_field;
mod no_effect;
mod out_of_range;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "validation",
    about: "What the admission webhook or the API server refuses",
    rules: &[
        &missing_field::RULE,
        &conflicting_fields::RULE,
        &no_effect::RULE,
        &duplicate_entry::RULE,
        &invalid_address::RULE,
        &invalid_duration::RULE,
        &invalid_header::RULE,
        &invalid_host::RULE,
        &invalid_label::RULE,
        &invalid_metadata::RULE,
        &invalid_policy::RULE,
        &invalid_port::RULE,
        &invalid_reference::RULE,
        &invalid_regex::RULE,
        &invalid_tls::RULE,
        &invalid_uri::RULE,
        &out_of_range::RULE,
        &crd_schema::RULE,
    ],
};
