//! What ServiceEntries say of the world outside.

mod captured_port;
mod entry_without_endpoints;
mod plaintext_on_tls_port;
mod tls_to_plaintext_port;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "service_entry",
    about: "What ServiceEntries say of the world outside",
    rules: &[
        &captured_port::RULE,
        &plaintext_on_tls_port::RULE,
        &tls_to_plaintext_port::RULE,
        &entry_without_endpoints::RULE,
    ],
};
