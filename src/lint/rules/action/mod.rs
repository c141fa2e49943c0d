//! The actions of routes: rewrites, redirects, retries, faults.

mod deprecated_field;
mod duplicate_destination;
mod fault_beside_retries;
mod fault_without_percentage;
mod https_redirect_unserved;
mod redirect_loop;
mod replaced_prefix;
mod retries_exceed_timeout;
mod rewrite_slashes;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "action",
    about: "Rewrites, redirects, retries and faults",
    rules: &[
        &rewrite_slashes::RULE,
        &retries_exceed_timeout::RULE,
        &fault_without_percentage::RULE,
        &fault_beside_retries::RULE,
        &duplicate_destination::RULE,
        &deprecated_field::RULE,
        &redirect_loop::RULE,
        &https_redirect_unserved::RULE,
    ],
};
