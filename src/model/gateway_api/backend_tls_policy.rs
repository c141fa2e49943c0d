//! BackendTLSPolicy.

use super::reference::ObjectReference;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// The TLS settings for connections to backends.
    struct BackendTlsPolicy {
        target_refs: Vec<PolicyTarget>,
        validation: Option<BackendValidation>,
        options: Labels,
    }
}

message! {
    /// A backend that the policy applies to, or one port of it.
    struct PolicyTarget {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        section_name: Option<Spanned<String>>,
    }
}

message! {
    /// The certificates of backends that clients accept.
    struct BackendValidation {
        hostname: Option<Spanned<String>>,
        ca_certificate_refs: Vec<ObjectReference>,
        well_known_ca_certificates as "wellKnownCACertificates": Option<Spanned<String>>,
        subject_alt_names: Vec<BackendSubjectAltName>,
    }
}

message! {
    /// A name that the certificate of a backend must have.
    struct BackendSubjectAltName {
        r#type: Option<Spanned<String>>,
        hostname: Option<Spanned<String>>,
        uri: Option<Spanned<String>>,
    }
}
