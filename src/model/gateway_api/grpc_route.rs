//! GRPCRoute.

use super::http_filter::HttpFilter;
use super::http_route::SessionPersistence;
use super::reference::ParentReference;
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Routes for gRPC calls.
    struct GrpcRoute {
        parent_refs: Vec<ParentReference>,
        use_default_gateways: Option<Spanned<String>>,
        hostnames: Vec<Spanned<String>>,
        rules: Vec<GrpcRouteRule>,
    }
}

message! {
    /// A rule: if one of its matches applies, its filters and backends handle the call.
    struct GrpcRouteRule {
        name: Option<Spanned<String>>,
        matches: Vec<GrpcRouteMatch>,
        filters: Vec<HttpFilter>,
        backend_refs: Vec<GrpcBackendRef>,
        session_persistence: Option<SessionPersistence>,
    }
}

message! {
    /// Conditions that must all hold.
    struct GrpcRouteMatch {
        method: Option<GrpcMethodMatch>,
        headers: Vec<GrpcHeaderMatch>,
    }
}

message! {
    /// A condition on service and method. `type` defaults to Exact.
    struct GrpcMethodMatch {
        r#type: Option<Spanned<String>>,
        service: Option<Spanned<String>>,
        method: Option<Spanned<String>>,
    }
}

message! {
    /// A condition on a header. `type` defaults to Exact.
    struct GrpcHeaderMatch {
        r#type: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// A backend with its weight and its filters.
    struct GrpcBackendRef {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        weight: Option<Spanned<i32>>,
        filters: Vec<HttpFilter>,
    }
}
