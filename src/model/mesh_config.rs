//! MeshConfig: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/>.

use super::macros::{enumeration, message};
use crate::source::Spanned;

message! {
    /// The mesh-wide settings that routing depends on.
    open struct MeshConfig {
        root_namespace: Option<Spanned<String>>,
        trust_domain: Option<Spanned<String>>,
        outbound_traffic_policy: Option<OutboundTrafficPolicy>,
        default_service_export_to: Vec<Spanned<String>>,
        default_virtual_service_export_to: Vec<Spanned<String>>,
        default_destination_rule_export_to: Vec<Spanned<String>>,
        ingress_class: Option<Spanned<String>>,
        ingress_service: Option<Spanned<String>>,
        ingress_selector: Option<Spanned<String>>,
        ingress_controller_mode: Option<Spanned<IngressControllerMode>>,
    }
}

message! {
    /// What happens to requests for unknown destinations.
    open struct OutboundTrafficPolicy {
        mode: Option<Spanned<OutboundTrafficPolicyMode>>,
    }
}

enumeration! {
    /// Whether unknown destinations can be reached.
    enum OutboundTrafficPolicyMode {
        RegistryOnly = "REGISTRY_ONLY" / 0,
        AllowAny = "ALLOW_ANY" / 1,
        AllowAnyDynamicDns = "ALLOW_ANY_DYNAMIC_DNS" / 3,
    }
}

enumeration! {
    /// Which Ingresses count.
    enum IngressControllerMode {
        Unspecified = "UNSPECIFIED" / 0,
        Off = "OFF" / 1,
        Default = "DEFAULT" / 2,
        Strict = "STRICT" / 3,
    }
}
