//! TLSRoute and TCPRoute.

use super::reference::{BackendRef, ParentReference};
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Routes for TLS connections by SNI, without termination.
    struct KubernetesTlsRoute {
        parent_refs: Vec<ParentReference>,
        use_default_gateways: Option<Spanned<String>>,
        hostnames: Vec<Spanned<String>>,
        rules: Vec<StreamRouteRule>,
    }
}

message! {
    /// Routes for TCP connections.
    struct KubernetesTcpRoute {
        parent_refs: Vec<ParentReference>,
        use_default_gateways: Option<Spanned<String>>,
        rules: Vec<StreamRouteRule>,
    }
}

message! {
    /// A rule: the backends of connections.
    struct StreamRouteRule {
        name: Option<Spanned<String>>,
        backend_refs: Vec<BackendRef>,
    }
}
