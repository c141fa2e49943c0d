//! HTTPRoute.

use super::http_filter::HttpFilter;
use super::reference::ParentReference;
use crate::model::duration::Duration;
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// Routes for HTTP requests.
    struct KubernetesHttpRoute {
        parent_refs: Vec<ParentReference>,
        use_default_gateways: Option<Spanned<String>>,
        hostnames: Vec<Spanned<String>>,
        rules: Vec<HttpRouteRule>,
    }
}

message! {
    /// A rule: if one of its matches applies, its filters and backends handle the request.
    struct HttpRouteRule {
        name: Option<Spanned<String>>,
        matches: Vec<HttpRouteMatch>,
        filters: Vec<HttpFilter>,
        backend_refs: Vec<HttpBackendRef>,
        timeouts: Option<HttpRouteTimeouts>,
        retry: Option<HttpRouteRetry>,
        session_persistence: Option<SessionPersistence>,
    }
}

message! {
    /// Conditions that must all hold.
    struct HttpRouteMatch {
        path: Option<HttpPathMatch>,
        headers: Vec<HttpHeaderMatch>,
        query_params: Vec<HttpQueryParamMatch>,
        method: Option<Spanned<String>>,
    }
}

message! {
    /// A condition on the path. `type` defaults to PathPrefix.
    struct HttpPathMatch {
        r#type: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// A condition on a header. `type` defaults to Exact.
    struct HttpHeaderMatch {
        r#type: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// A condition on a query parameter. `type` defaults to Exact.
    struct HttpQueryParamMatch {
        r#type: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// A backend with its weight and its filters.
    struct HttpBackendRef {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        weight: Option<Spanned<i32>>,
        filters: Vec<HttpFilter>,
    }
}

message! {
    /// Time limits for a request.
    struct HttpRouteTimeouts {
        request: Option<Spanned<Duration>>,
        backend_request: Option<Spanned<Duration>>,
    }
}

message! {
    /// When and how often a request is retried.
    struct HttpRouteRetry {
        codes: Vec<Spanned<u32>>,
        attempts: Option<Spanned<i32>>,
        backoff: Option<Spanned<Duration>>,
    }
}

message! {
    /// Sends all requests of a session to the same backend.
    struct SessionPersistence {
        session_name: Option<Spanned<String>>,
        absolute_timeout: Option<Spanned<Duration>>,
        idle_timeout: Option<Spanned<Duration>>,
        r#type: Option<Spanned<String>>,
        cookie_config: Option<CookieConfig>,
    }
}

message! {
    /// The cookie of a session.
    struct CookieConfig {
        lifetime_type: Option<Spanned<String>>,
    }
}
