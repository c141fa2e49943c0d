//! TLS to servers, certificates, their Secrets, and trusted CAs.

mod double_tls;
mod missing_ca_certificates;
mod missing_tls_origination;
mod origination_advice;
mod shared_certificate;
mod tls_server;
mod unknown_credential;
mod unusable_credential;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "tls",
    about: "TLS to servers, certificates, their Secrets, and trusted CAs",
    rules: &[
        &missing_tls_origination::RULE,
        &double_tls::RULE,
        &missing_ca_certificates::RULE,
        &unknown_credential::RULE,
        &unusable_credential::RULE,
        &shared_certificate::RULE,
    ],
};
