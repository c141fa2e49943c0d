//! Gateway.

use crate::model::list::List;
use crate::model::macros::{enumeration, message};
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// A load balancer at the edge of the mesh: servers on the selected workloads.
    struct Gateway {
        servers: List<Server>,
        selector: Labels,
    }
}

message! {
    /// A port and the hosts that the gateway serves on it.
    struct Server {
        port: Option<ServerPort>,
        bind: Option<Spanned<String>>,
        hosts: Vec<Spanned<String>>,
        tls: Option<ServerTlsSettings>,
        default_endpoint: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// A port of a gateway.
    struct ServerPort {
        number: Option<Spanned<u32>>,
        protocol: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        target_port: Option<Spanned<u32>>,
    }
}

message! {
    /// The TLS settings for connections from clients.
    struct ServerTlsSettings {
        https_redirect: Option<Spanned<bool>>,
        mode: Option<Spanned<ServerTlsMode>>,
        server_certificate: Option<Spanned<String>>,
        private_key: Option<Spanned<String>>,
        ca_certificates: Option<Spanned<String>>,
        ca_crl: Option<Spanned<String>>,
        credential_name: Option<Spanned<String>>,
        credential_names: Vec<Spanned<String>>,
        ca_cert_credential_name: Option<Spanned<String>>,
        tls_certificates: Vec<TlsCertificate>,
        subject_alt_names: Vec<Spanned<String>>,
        verify_certificate_spki: Vec<Spanned<String>>,
        verify_certificate_hash: Vec<Spanned<String>>,
        min_protocol_version: Option<Spanned<ProtocolVersion>>,
        max_protocol_version: Option<Spanned<ProtocolVersion>>,
        cipher_suites: Vec<Spanned<String>>,
        ecdh_curves: Vec<Spanned<String>>,
        insecure_skip_verify: Option<Spanned<bool>>,
    }
}

impl ServerTlsSettings {
    /// The mode; without one the first value, as in all of protobuf.
    pub fn effective_mode(&self) -> ServerTlsMode {
        self.mode.map_or(ServerTlsMode::Passthrough, |mode| mode.value)
    }
}

message! {
    /// A certificate by the paths of its files.
    struct TlsCertificate {
        server_certificate: Option<Spanned<String>>,
        private_key: Option<Spanned<String>>,
        ca_certificates: Option<Spanned<String>>,
    }
}

enumeration! {
    /// The TLS mode of a server.
    enum ServerTlsMode {
        Passthrough = "PASSTHROUGH" / 0,
        Simple = "SIMPLE" / 1,
        Mutual = "MUTUAL" / 2,
        AutoPassthrough = "AUTO_PASSTHROUGH" / 3,
        IstioMutual = "ISTIO_MUTUAL" / 4,
        OptionalMutual = "OPTIONAL_MUTUAL" / 5,
    }
}

enumeration! {
    /// Versions of TLS.
    enum ProtocolVersion {
        TlsAuto = "TLS_AUTO" / 0,
        TlsV1_0 = "TLSV1_0" / 1,
        TlsV1_1 = "TLSV1_1" / 2,
        TlsV1_2 = "TLSV1_2" / 3,
        TlsV1_3 = "TLSV1_3" / 4,
    }
}
