//! TLSRoute and TCPRoute.

use super::reference::{BackendRef, ParentReference};
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Routes of TLS connections that are not terminated, by server name.
    struct KubernetesTlsRoute {
        parent_refs: Vec<ParentReference>,
        use_default_gateways: Option<Spanned<String>>,
        hostnames: Vec<Spanned<String>>,
        rules: Vec<StreamRouteRule>,
    }
}

message! {
    /// Routes of TCP connections.
    struct KubernetesTcpRoute {
        parent_refs: Vec<ParentReference>,
        use_default_gateways: Option<Spanned<String>>,
        rules: Vec<StreamRouteRule>,
    }
}

message! {
    /// Where connections go.
    struct StreamRouteRule {
        name: Option<Spanned<String>>,
        backend_refs: Vec<BackendRef>,
    }
}
