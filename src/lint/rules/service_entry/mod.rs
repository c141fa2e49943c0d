//! ServiceEntries: their ports and endpoints.

mod captured_port;
mod entry_without_endpoints;
pub(super) mod plaintext_on_tls_port;
mod tls_to_plaintext_port;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "service_entry",
    about: "ServiceEntries: their ports and endpoints",
    rules: &[
        &captured_port::RULE,
        &plaintext_on_tls_port::RULE,
        &tls_to_plaintext_port::RULE,
        &entry_without_endpoints::RULE,
    ],
};
