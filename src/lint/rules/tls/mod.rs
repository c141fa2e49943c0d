//! Certificates and what is trusted.

mod missing_ca_certificates;
mod shared_certificate;
mod unknown_credential;
mod unusable_credential;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "tls",
    about: "Certificates and what is trusted",
    rules: &[
        &missing_ca_certificates::RULE,
        &unknown_credential::RULE,
        &unusable_credential::RULE,
        &shared_certificate::RULE,
    ],
};
