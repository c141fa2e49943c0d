//! Schemas of the Gateway API: the newest release, v1.6.1, with the fields of its experimental channel
//! (<https://github.com/kubernetes-sigs/gateway-api>: `config/crd`).

mod filter;
mod filter_rules;
mod gateway;
mod gateway_rules;
mod grpc_route;
mod http_route;
mod path_rules;
mod policy;
mod reference;
mod session;
mod stream_route;
#[cfg(test)]
mod tests;

use super::structural::ObjectSchema;
use crate::model::kinds::Kind;

/// The schema of `spec` for a kind in a version, and whether only the experimental channel serves the version. `None` for
/// versions that no release since v1.5 serves: their fields differ.
pub fn schema_of(kind: Kind, version: &str) -> Option<(&'static ObjectSchema, bool)> {
    let is_alpha = version.starts_with("v1alpha");
    let schema = match (kind, version) {
        (Kind::KubernetesGateway, "v1" | "v1beta1") => &gateway::GATEWAY,
        (Kind::GatewayClass, "v1" | "v1beta1") => &gateway::GATEWAY_CLASS,
        (Kind::ListenerSet, "v1") => &gateway::LISTENER_SET,
        (Kind::HttpRoute, "v1" | "v1beta1") => &http_route::HTTP_ROUTE,
        (Kind::GrpcRoute, "v1") => &grpc_route::GRPC_ROUTE,
        (Kind::TlsRoute, "v1" | "v1alpha3") => &stream_route::TLS_ROUTE,
        (Kind::TlsRoute, "v1alpha2") => &stream_route::OLDER_TLS_ROUTE,
        (Kind::TcpRoute | Kind::UdpRoute, "v1") => &stream_route::TCP_ROUTE,
        (Kind::TcpRoute | Kind::UdpRoute, "v1alpha2") => &stream_route::OLDER_TCP_ROUTE,
        (Kind::ReferenceGrant, "v1" | "v1beta1") => &policy::REFERENCE_GRANT,
        (Kind::BackendTlsPolicy, "v1" | "v1alpha3") => &policy::BACKEND_TLS_POLICY,
        _ => return None,
    };
    Some((schema, is_alpha))
}
