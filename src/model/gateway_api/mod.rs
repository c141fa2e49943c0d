//! `gateway.networking.k8s.io`: the Gateway API of Kubernetes. Messages and fields are those of
//! <https://gateway-api.sigs.k8s.io/reference/spec/>, the experimental ones included. Fields that the API restricts to
//! a few words are read as texts: Kubernetes compares them as they stand.

mod gateway;
mod grpc_route;
mod http_filter;
mod http_route;
mod reference;
mod reference_grant;
mod stream_route;

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

/// The group of the API.
pub const GROUP: &str = "gateway.networking.k8s.io";
