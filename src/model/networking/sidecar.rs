//! Sidecar.

use super::{ConnectionPoolSettings, Destination, ServerTlsSettings, WorkloadSelector};
use crate::model::macros::{enumeration, message};
use crate::source::Spanned;

message! {
    /// The listeners of a sidecar, and the hosts that it can reach.
    struct Sidecar {
        workload_selector: Option<WorkloadSelector>,
        ingress: Vec<IstioIngressListener>,
        egress: Vec<IstioEgressListener>,
        inbound_connection_pool: Option<ConnectionPoolSettings>,
        outbound_traffic_policy: Option<OutboundTrafficPolicy>,
    }
}

message! {
    /// A listener for inbound traffic.
    struct IstioIngressListener {
        port: Option<SidecarPort>,
        bind: Option<Spanned<String>>,
        capture_mode: Option<Spanned<CaptureMode>>,
        default_endpoint: Option<Spanned<String>>,
        tls: Option<ServerTlsSettings>,
        connection_pool: Option<ConnectionPoolSettings>,
    }
}

message! {
    /// A listener for outbound traffic.
    struct IstioEgressListener {
        port: Option<SidecarPort>,
        bind: Option<Spanned<String>>,
        capture_mode: Option<Spanned<CaptureMode>>,
        hosts: Vec<Spanned<String>>,
    }
}

message! {
    /// A port of a listener.
    struct SidecarPort {
        number: Option<Spanned<u32>>,
        protocol: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        target_port: Option<Spanned<u32>>,
    }
}

message! {
    /// The policy for requests to destinations that are not in the registry.
    struct OutboundTrafficPolicy {
        mode: Option<Spanned<OutboundTrafficPolicyMode>>,
        egress_proxy: Option<Destination>,
    }
}

enumeration! {
    /// The handling of requests to destinations that are not in the registry.
    enum OutboundTrafficPolicyMode {
        RegistryOnly = "REGISTRY_ONLY" / 0,
        AllowAny = "ALLOW_ANY" / 1,
    }
}

enumeration! {
    /// How a listener captures traffic.
    enum CaptureMode {
        Default = "DEFAULT" / 0,
        Iptables = "IPTABLES" / 1,
        None = "NONE" / 2,
    }
}
