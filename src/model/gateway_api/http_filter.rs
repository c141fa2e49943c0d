//! Filters of HTTPRoute and GRPCRoute.

use super::reference::{BackendObjectReference, ObjectReference};
use crate::model::macros::message;
use crate::source::Spanned;

message! {
    /// A filter. `type` selects the member that applies.
    struct HttpFilter {
        r#type: Option<Spanned<String>>,
        request_header_modifier: Option<HeaderFilter>,
        response_header_modifier: Option<HeaderFilter>,
        request_mirror: Option<MirrorFilter>,
        request_redirect: Option<RedirectFilter>,
        url_rewrite: Option<UrlRewriteFilter>,
        cors: Option<CorsFilter>,
        external_auth: Option<ExternalAuthFilter>,
        extension_ref: Option<ObjectReference>,
    }
}

message! {
    /// Headers to set, add and remove.
    struct HeaderFilter {
        set: Vec<Header>,
        add: Vec<Header>,
        remove: Vec<Spanned<String>>,
    }
}

message! {
    /// A header.
    struct Header {
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// Mirrors a share of the requests to another backend.
    struct MirrorFilter {
        backend_ref: Option<BackendObjectReference>,
        percent: Option<Spanned<i32>>,
        fraction: Option<Fraction>,
    }
}

message! {
    /// A share of the requests.
    struct Fraction {
        numerator: Option<Spanned<i32>>,
        denominator: Option<Spanned<i32>>,
    }
}

message! {
    /// Responds with a redirect.
    struct RedirectFilter {
        scheme: Option<Spanned<String>>,
        hostname: Option<Spanned<String>>,
        path: Option<PathModifier>,
        port: Option<Spanned<u32>>,
        status_code: Option<Spanned<u32>>,
    }
}

message! {
    /// Rewrites the path or the host before forwarding.
    struct UrlRewriteFilter {
        hostname: Option<Spanned<String>>,
        path: Option<PathModifier>,
    }
}

message! {
    /// A replacement for the path or for the prefix that matched.
    struct PathModifier {
        r#type: Option<Spanned<String>>,
        replace_full_path: Option<Spanned<String>>,
        replace_prefix_match: Option<Spanned<String>>,
    }
}

message! {
    /// Cross-origin resource sharing.
    struct CorsFilter {
        allow_origins: Vec<Spanned<String>>,
        allow_credentials: Option<Spanned<bool>>,
        allow_methods: Vec<Spanned<String>>,
        allow_headers: Vec<Spanned<String>>,
        expose_headers: Vec<Spanned<String>>,
        max_age: Option<Spanned<i32>>,
    }
}

message! {
    /// Delegates authorization to another service.
    struct ExternalAuthFilter {
        protocol: Option<Spanned<String>>,
        backend_ref: Option<BackendObjectReference>,
        grpc: Option<ExternalAuthGrpc>,
        http: Option<ExternalAuthHttp>,
        forward_body: Option<ExternalAuthForwardBody>,
    }
}

message! {
    /// The request to an authorization service that speaks gRPC.
    struct ExternalAuthGrpc {
        allowed_headers: Vec<Spanned<String>>,
    }
}

message! {
    /// The request to an authorization service that speaks HTTP.
    struct ExternalAuthHttp {
        path: Option<Spanned<String>>,
        allowed_headers: Vec<Spanned<String>>,
        allowed_response_headers: Vec<Spanned<String>>,
    }
}

message! {
    /// The part of the request body to send, in bytes.
    struct ExternalAuthForwardBody {
        max_size: Option<Spanned<u32>>,
    }
}
