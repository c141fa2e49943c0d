//! `networking.istio.io`: traffic management. Messages and fields are those of
//! <https://istio.io/latest/docs/reference/config/networking/>.

mod destination_rule;
mod envoy_filter;
mod gateway;
mod proxy_config;
mod service_entry;
mod sidecar;
mod traffic_policy;
mod virtual_service;
mod workload_entry;
mod workload_group;

pub use destination_rule::{DestinationRule, Subset};
pub use envoy_filter::{
    ApplyTo, ClusterMatch, EnvoyConfigMatch, EnvoyConfigPatch, EnvoyFilter, EnvoyPatch, EnvoyRouteMatch,
    FilterChainMatch, FilterClass, FilterMatch, ListenerMatch, PatchContext, PatchOperation, ProxyMatch,
    RouteConfigurationMatch, RouteMatchAction, SubFilterMatch, VirtualHostMatch, WaypointMatch, WaypointRouteMatch,
};
pub use gateway::{Gateway, ProtocolVersion, Server, ServerPort, ServerTlsMode, ServerTlsSettings, TlsCertificate};
pub use proxy_config::{ProxyConfig, ProxyImage};
pub use service_entry::{Location, Resolution, ServiceEntry, ServiceEntryPort};
pub use sidecar::{
    CaptureMode, IstioEgressListener, IstioIngressListener, OutboundTrafficPolicy, OutboundTrafficPolicyMode, Sidecar,
    SidecarPort,
};
pub use traffic_policy::{
    BackendUtilization, ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, ConsistentHashLb, CookieAttribute,
    H2UpgradePolicy, Http2KeepAlive, HttpCookie, HttpSettings, LoadBalancerSettings, LocalityDistribute,
    LocalityFailover, LocalityLbSetting, MagLev, OutlierDetection, PortTrafficPolicy, ProxyProtocol,
    ProxyProtocolVersion, RetryBudget, RingHash, SimpleLb, TcpKeepalive, TcpSettings, TrafficPolicy, TunnelSettings,
    WarmupConfiguration, ZoneAwareLbSetting,
};
pub use virtual_service::{
    Abort, CorsPolicy, Delay, Delegate, DerivePort, Destination, DirectResponse, HeaderOperations, Headers, HttpBody,
    HttpFaultInjection, HttpMatchRequest, HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite, HttpRoute,
    HttpRouteDestination, L4MatchAttributes, Percent, PortSelector, RegexRewrite, RouteDestination, StringMatch,
    TcpRoute, TlsMatchAttributes, TlsRoute, UnmatchedPreflights, VirtualService,
};
pub use workload_entry::WorkloadEntry;
pub use workload_group::{
    ExecHealthCheck, GrpcHealthCheck, HttpHeader, HttpHealthCheck, ReadinessProbe, TcpHealthCheck, WorkloadGroup,
    WorkloadGroupMetadata,
};

use super::macros::message;
use super::map::Labels;

message! {
    /// A selector of workloads with `labels`, as in Sidecar, ServiceEntry and EnvoyFilter.
    struct WorkloadSelector {
        labels: Labels,
    }
}

message! {
    /// A selector of workloads with `matchLabels`, as in DestinationRule and the policies.
    /// (Istio: `istio.type.v1beta1.WorkloadSelector`.)
    struct MatchLabelsSelector {
        match_labels: Labels,
    }
}
