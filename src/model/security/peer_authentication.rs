//! PeerAuthentication.

use crate::model::macros::{enumeration, message};
use crate::model::map::Map;
use crate::model::networking::MatchLabelsSelector;
use crate::source::Spanned;

message! {
    /// Whether workloads accept plaintext, mutual TLS, or both.
    struct PeerAuthentication {
        selector: Option<MatchLabelsSelector>,
        mtls: Option<MutualTls>,
        port_level_mtls: Map<MutualTls>,
    }
}

message! {
    /// The mode for a workload or one of its ports.
    struct MutualTls {
        mode: Option<Spanned<MutualTlsMode>>,
    }
}

enumeration! {
    /// The connections that a workload accepts.
    enum MutualTlsMode {
        Unset = "UNSET" / 0,
        Disable = "DISABLE" / 1,
        Permissive = "PERMISSIVE" / 2,
        Strict = "STRICT" / 3,
    }
}
