//! Certificates, their Secrets, and trusted CAs.

mod missing_ca_certificates;
mod shared_certificate;
mod unknown_credential;
mod unusable_credential;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "tls",
    about: "Certificates, their Secrets, and trusted CAs",
    rules: &[
        &missing_ca_certificates::RULE,
        &unknown_credential::RULE,
        &unusable_credential::RULE,
        &shared_certificate::RULE,
    ],
};
