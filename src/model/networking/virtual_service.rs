//! VirtualService.

use crate::model::duration::Duration;
use crate::model::macros::{enumeration, message};
use crate::model::map::{Labels, Map};
use crate::source::Spanned;

message! {
    /// Routes for a set of hosts.
    plain struct VirtualService {
        hosts: Vec<Spanned<String>>,
        gateways: Vec<Spanned<String>>,
        http: Vec<HttpRoute>,
        tls: Vec<TlsRoute>,
        tcp: Vec<TcpRoute>,
        export_to: Vec<Spanned<String>>,
    }
}

message! {
    /// An entry of `http`. The first entry that matches a request applies.
    plain struct HttpRoute {
        name: Option<Spanned<String>>,
        r#match: Vec<HttpMatchRequest>,
        route: Vec<HttpRouteDestination>,
        redirect: Option<HttpRedirect>,
        direct_response: Option<DirectResponse>,
        delegate: Option<Delegate>,
        rewrite: Option<HttpRewrite>,
        timeout: Option<Spanned<Duration>>,
        retries: Option<HttpRetry>,
        fault: Option<HttpFaultInjection>,
        mirror: Option<Destination>,
        mirrors: Vec<HttpMirrorPolicy>,
        mirror_percent: Option<Spanned<u32>>,
        mirror_percentage: Option<Percent>,
        cors_policy: Option<CorsPolicy>,
        headers: Option<Headers>,
    }
}

message! {
    /// Conditions on a request that must all hold.
    plain struct HttpMatchRequest {
        name: Option<Spanned<String>>,
        uri: Option<StringMatch>,
        scheme: Option<StringMatch>,
        method: Option<StringMatch>,
        authority: Option<StringMatch>,
        headers: Map<StringMatch>,
        port: Option<Spanned<u32>>,
        source_labels: Labels,
        gateways: Vec<Spanned<String>>,
        query_params: Map<StringMatch>,
        ignore_uri_case: Option<Spanned<bool>>,
        without_headers: Map<StringMatch>,
        source_namespace: Option<Spanned<String>>,
        stat_prefix: Option<Spanned<String>>,
    }
}

message! {
    /// A condition on a string. Without fields it tests for presence. Of several fields, the last one in the order
    /// `exact`, `prefix`, `regex` applies.
    plain struct StringMatch {
        exact: Option<Spanned<String>>,
        prefix: Option<Spanned<String>>,
        regex: Option<Spanned<String>>,
    }
}

message! {
    /// A destination of an HTTP route, with its weight.
    plain struct HttpRouteDestination {
        destination: Option<Destination>,
        weight: Option<Spanned<i32>>,
        headers: Option<Headers>,
    }
}

message! {
    /// A destination of a TCP or TLS route, with its weight.
    plain struct RouteDestination {
        destination: Option<Destination>,
        weight: Option<Spanned<i32>>,
    }
}

message! {
    /// A service or a subset of a service.
    plain struct Destination {
        host: Option<Spanned<String>>,
        subset: Option<Spanned<String>>,
        port: Option<PortSelector>,
    }
}

message! {
    /// A port number.
    plain struct PortSelector {
        number: Option<Spanned<u32>>,
    }
}

message! {
    /// A reference to a VirtualService without hosts, whose routes replace this one.
    plain struct Delegate {
        name: Option<Spanned<String>>,
        namespace: Option<Spanned<String>>,
    }
}

message! {
    /// A redirect as the response.
    plain struct HttpRedirect {
        uri: Option<Spanned<String>>,
        prefix_rewrite: Option<Spanned<String>>,
        authority: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        derive_port: Option<Spanned<DerivePort>>,
        scheme: Option<Spanned<String>>,
        redirect_code: Option<Spanned<u32>>,
    }
}

enumeration! {
    /// The source of the port of a redirect.
    enum DerivePort {
        FromProtocolDefault = "FROM_PROTOCOL_DEFAULT" / 0,
        FromRequestPort = "FROM_REQUEST_PORT" / 1,
    }
}

message! {
    /// A fixed response, without an upstream.
    plain struct DirectResponse {
        status: Option<Spanned<u32>>,
        body: Option<HttpBody>,
    }
}

message! {
    /// The body of a direct response, as text or as base64.
    plain struct HttpBody {
        string: Option<Spanned<String>>,
        bytes: Option<Spanned<String>>,
    }
}

message! {
    /// A rewrite of the path or the authority before forwarding.
    plain struct HttpRewrite {
        uri: Option<Spanned<String>>,
        authority: Option<Spanned<String>>,
        uri_regex_rewrite: Option<RegexRewrite>,
    }
}

message! {
    /// A replacement for the part of the path that an RE2 regular expression matches.
    plain struct RegexRewrite {
        r#match: Option<Spanned<String>>,
        rewrite: Option<Spanned<String>>,
    }
}

message! {
    /// When and how often a request is retried.
    plain struct HttpRetry {
        attempts: Option<Spanned<i32>>,
        per_try_timeout: Option<Spanned<Duration>>,
        retry_on: Option<Spanned<String>>,
        retry_remote_localities: Option<Spanned<bool>>,
        retry_ignore_previous_hosts: Option<Spanned<bool>>,
        backoff: Option<Spanned<Duration>>,
    }
}

message! {
    /// Delays or aborts for a share of the requests.
    plain struct HttpFaultInjection {
        delay: Option<Delay>,
        abort: Option<Abort>,
    }
}

message! {
    /// A delay before forwarding.
    plain struct Delay {
        percent: Option<Spanned<i32>>,
        fixed_delay: Option<Spanned<Duration>>,
        exponential_delay: Option<Spanned<Duration>>,
        percentage: Option<Percent>,
    }
}

message! {
    /// An error response instead of forwarding.
    plain struct Abort {
        http_status: Option<Spanned<i32>>,
        grpc_status: Option<Spanned<String>>,
        http2_error: Option<Spanned<String>>,
        percentage: Option<Percent>,
    }
}

message! {
    /// A percentage, from 0 to 100.
    plain struct Percent {
        value: Option<Spanned<f64>>,
    }
}

message! {
    /// A mirror for a share of the requests.
    plain struct HttpMirrorPolicy {
        destination: Option<Destination>,
        percentage: Option<Percent>,
    }
}

message! {
    /// Cross-origin resource sharing.
    plain struct CorsPolicy {
        allow_origin: Vec<Spanned<String>>,
        allow_origins: Vec<StringMatch>,
        allow_methods: Vec<Spanned<String>>,
        allow_headers: Vec<Spanned<String>>,
        expose_headers: Vec<Spanned<String>>,
        max_age: Option<Spanned<Duration>>,
        allow_credentials: Option<Spanned<bool>>,
        unmatched_preflights: Option<Spanned<UnmatchedPreflights>>,
    }
}

enumeration! {
    /// The handling of preflight requests from origins that are not allowed.
    enum UnmatchedPreflights {
        Unspecified = "UNSPECIFIED" / 0,
        Forward = "FORWARD" / 1,
        Ignore = "IGNORE" / 2,
    }
}

message! {
    /// Changes to request and response headers.
    plain struct Headers {
        request: Option<HeaderOperations>,
        response: Option<HeaderOperations>,
    }
}

message! {
    /// Headers to set, add and remove.
    plain struct HeaderOperations {
        set: Map<Spanned<String>>,
        add: Map<Spanned<String>>,
        remove: Vec<Spanned<String>>,
    }
}

message! {
    /// An entry of `tls`, for TLS connections without termination.
    plain struct TlsRoute {
        r#match: Vec<TlsMatchAttributes>,
        route: Vec<RouteDestination>,
    }
}

message! {
    /// Conditions on a TLS connection that must all hold.
    plain struct TlsMatchAttributes {
        sni_hosts: Vec<Spanned<String>>,
        destination_subnets: Vec<Spanned<String>>,
        port: Option<Spanned<u32>>,
        source_labels: Labels,
        gateways: Vec<Spanned<String>>,
        source_namespace: Option<Spanned<String>>,
    }
}

message! {
    /// An entry of `tcp`.
    plain struct TcpRoute {
        r#match: Vec<L4MatchAttributes>,
        route: Vec<RouteDestination>,
    }
}

message! {
    /// Conditions on a TCP connection that must all hold.
    plain struct L4MatchAttributes {
        destination_subnets: Vec<Spanned<String>>,
        port: Option<Spanned<u32>>,
        source_subnet: Option<Spanned<String>>,
        source_labels: Labels,
        gateways: Vec<Spanned<String>>,
        source_namespace: Option<Spanned<String>>,
    }
}
