//! BackendTLSPolicy.

use super::reference::ObjectReference;
use crate::model::decode::{Decode, Decoder};
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::model::networking::{ClientTlsMode, ClientTlsSettings};
use crate::source::Spanned;
use crate::yaml::Node;

message! {
    /// The TLS settings for connections to backends.
    struct BackendTlsPolicy {
        target_refs: Vec<PolicyTarget>,
        validation: Option<DerivedClientTls>,
        options: Labels,
    }
}

/// The certificates that clients accept, with the TLS settings that istiod derives from them (istiod:
/// `BackendTLSPolicyCollection`).
#[derive(Debug, Clone)]
pub struct DerivedClientTls {
    /// The certificates of backends that clients accept.
    pub validation: BackendValidation,
    /// The settings of clients.
    pub settings: ClientTlsSettings,
}

impl Decode for DerivedClientTls {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let validation = BackendValidation::decode(node, decoder)?;
        let settings = ClientTlsSettings {
            mode: Some(Spanned::new(ClientTlsMode::Simple, validation.span)),
            sni: validation.hostname.clone(),
            ..ClientTlsSettings::empty(validation.span)
        };
        Some(Self { validation, settings })
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
