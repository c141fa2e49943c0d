//! Sidecar.

use super::{ConnectionPoolSettings, Destination, ServerTlsSettings, WorkloadSelector};
use crate::model::macros::{enumeration, message};
use crate::source::Spanned;

message! {
    /// What a workload's proxy listens on and knows about.
    struct Sidecar {
        workload_selector: Option<WorkloadSelector>,
        ingress: Vec<IstioIngressListener>,
        egress: Vec<IstioEgressListener>,
        inbound_connection_pool: Option<ConnectionPoolSettings>,
        outbound_traffic_policy: Option<OutboundTrafficPolicy>,
    }
}

message! {
    /// A listener for requests to the workload.
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
    /// A listener for requests of the workload.
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
    /// What happens to requests for unknown destinations.
    struct OutboundTrafficPolicy {
        mode: Option<Spanned<OutboundTrafficPolicyMode>>,
        egress_proxy: Option<Destination>,
    }
}

enumeration! {
    /// Whether unknown destinations can be reached.
    enum OutboundTrafficPolicyMode {
        RegistryOnly = "REGISTRY_ONLY" / 0,
        AllowAny = "ALLOW_ANY" / 1,
    }
}

enumeration! {
    /// How traffic reaches a listener.
    enum CaptureMode {
        Default = "DEFAULT" / 0,
        Iptables = "IPTABLES" / 1,
        None = "NONE" / 2,
    }
}
