//! Duplicates, and resources that conflict with each other.

mod conflicting_gateways;
mod conflicting_service_entries;
mod duplicate_destination_rule;
mod duplicate_host;
mod duplicate_resource;
mod outranked_host;
mod shared_https_redirect;
mod shared_tcp_server;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "conflict",
    about: "Duplicates and conflicts",
    rules: &[
        &duplicate_resource::RULE,
        &duplicate_host::RULE,
        &outranked_host::RULE,
        &shared_tcp_server::RULE,
        &shared_https_redirect::RULE,
        &duplicate_destination_rule::RULE,
        &conflicting_gateways::RULE,
        &conflicting_service_entries::RULE,
    ],
};
