//! `gateway.networking.k8s.io`: the Kubernetes Gateway API. Messages and fields are those of
//! <https://gateway-api.sigs.k8s.io/reference/spec/>, including the experimental ones. Enum fields are strings here,
//! because Kubernetes compares them literally.

mod backend_tls_policy;
mod gateway;
mod grpc_route;
mod http_filter;
mod http_route;
mod reference;
mod reference_grant;
mod stream_route;

pub use backend_tls_policy::{BackendSubjectAltName, BackendTlsPolicy, BackendValidation, PolicyTarget};
pub use gateway::{
    AllowedListeners, AllowedRoutes, FrontendTls, FrontendTlsDefault, FrontendTlsPort, FrontendValidation,
    GatewayAddress, GatewayClass, GatewayInfrastructure, GatewayListener, GatewayTls, GatewayTlsBackend,
    KubernetesGateway, ListenerSet, ListenerTls, RouteGroupKind, RouteNamespaces,
};
pub use grpc_route::{GrpcBackendRef, GrpcHeaderMatch, GrpcMethodMatch, GrpcRoute, GrpcRouteMatch, GrpcRouteRule};
pub use http_filter::{
    CorsFilter, ExternalAuthFilter, ExternalAuthForwardBody, ExternalAuthGrpc, ExternalAuthHttp, Fraction, Header,
    HeaderFilter, HttpFilter, MirrorFilter, PathModifier, RedirectFilter, UrlRewriteFilter,
};
pub use http_route::{
    CookieConfig, HttpBackendRef, HttpHeaderMatch, HttpPathMatch, HttpQueryParamMatch, HttpRouteMatch, HttpRouteRetry,
    HttpRouteRule, HttpRouteTimeouts, KubernetesHttpRoute, SessionPersistence,
};
pub use reference::{BackendObjectReference, BackendRef, ObjectReference, ParentReference, SecretReference};
pub use reference_grant::{ReferenceGrant, ReferenceGrantFrom, ReferenceGrantTo};
pub use stream_route::{KubernetesTcpRoute, KubernetesTlsRoute, StreamRouteRule};

/// The API group.
pub const GROUP: &str = "gateway.networking.k8s.io";
