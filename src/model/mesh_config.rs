//! MeshConfig: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/>.

use super::kubernetes::LabelSelector;
use super::macros::{enumeration, message};
use super::map::Labels;
use super::networking::{HttpRetry, LocalityLbSetting};
use super::untyped::Untyped;
use crate::source::Spanned;

message! {
    /// The mesh-wide settings that `mesh` uses.
    open struct MeshConfig {
        root_namespace: Option<Spanned<String>>,
        trust_domain: Option<Spanned<String>>,
        trust_domain_aliases: Vec<Spanned<String>>,
        outbound_traffic_policy: Option<MeshOutboundTrafficPolicy>,
        inbound_traffic_policy: Option<InboundTrafficPolicy>,
        extension_providers: Vec<ExtensionProvider>,
        default_service_export_to: Vec<Spanned<String>>,
        default_virtual_service_export_to: Vec<Spanned<String>>,
        default_destination_rule_export_to: Vec<Spanned<String>>,
        path_normalization: Option<ProxyPathNormalization>,
        ingress_class: Option<Spanned<String>>,
        ingress_service: Option<Spanned<String>>,
        ingress_selector: Option<Spanned<String>>,
        ingress_controller_mode: Option<Spanned<IngressControllerMode>>,
        enable_auto_mtls: Option<Spanned<bool>>,
        default_providers: Option<DefaultProviders>,
        default_config: Option<DefaultConfig>,
        default_http_retry_policy: Option<HttpRetry>,
        discovery_selectors: Vec<LabelSelector>,
        service_entry_visibility: Option<ServiceEntryVisibility>,
        config_sources: Vec<ConfigSource>,
        proxy_listen_port: Option<Spanned<u32>>,
        proxy_inbound_listen_port: Option<Spanned<u32>>,
        proxy_http_port: Option<Spanned<u32>>,
        locality_lb_setting: Option<LocalityLbSetting>,
        zone_aware_lb_setting: Option<Untyped>,
    }
}

message! {
    /// A source of configuration. `k8s://` is the API server.
    open struct ConfigSource {
        address: Option<Spanned<String>>,
    }
}

message! {
    /// The visibility that ServiceEntries have at most.
    open struct ServiceEntryVisibility {
        default_visibility: Option<Spanned<Visibility>>,
        apply_to_sidecars: Option<Spanned<bool>>,
        policies: Vec<VisibilityPolicy>,
    }
}

message! {
    /// The visibility of ServiceEntries for which all rules hold.
    open struct VisibilityPolicy {
        visibility: Option<Spanned<Visibility>>,
        matching_rules: Vec<VisibilityRule>,
    }
}

message! {
    /// A condition on the namespace of a ServiceEntry.
    open struct VisibilityRule {
        namespace_selector: Option<LabelSelector>,
    }
}

enumeration! {
    /// The namespaces that see a ServiceEntry.
    enum Visibility {
        Unspecified = "VISIBILITY_UNSPECIFIED" / 0,
        None = "NONE" / 1,
        Namespace = "NAMESPACE" / 2,
        Public = "PUBLIC" / 3,
    }
}

message! {
    /// The providers for Telemetry resources that do not name any.
    open struct DefaultProviders {
        tracing: Vec<Spanned<String>>,
        metrics: Vec<Spanned<String>>,
        access_logging: Vec<Spanned<String>>,
    }
}

message! {
    /// The default configuration of proxies.
    open struct DefaultConfig {
        proxy_metadata: Labels,
        interception_mode: Option<Spanned<String>>,
        gateway_topology: Option<GatewayTopology>,
    }
}

message! {
    /// What is in front of the gateways.
    open struct GatewayTopology {
        num_trusted_proxies: Option<Spanned<u32>>,
        forward_client_cert_details: Option<Spanned<ForwardClientCertDetails>>,
        proxy_protocol: Option<Untyped>,
    }
}

enumeration! {
    /// The handling of the header with the certificate of the client.
    enum ForwardClientCertDetails {
        Unspecified = "UNDEFINED" / 0,
        Sanitize = "SANITIZE" / 1,
        ForwardOnly = "FORWARD_ONLY" / 2,
        AppendForward = "APPEND_FORWARD" / 3,
        SanitizeSet = "SANITIZE_SET" / 4,
        AlwaysForwardOnly = "ALWAYS_FORWARD_ONLY" / 5,
    }
}

message! {
    /// The path normalization of proxies.
    open struct ProxyPathNormalization {
        normalization: Option<Spanned<NormalizationType>>,
    }
}

enumeration! {
    /// The degree of path normalization.
    enum NormalizationType {
        Default = "DEFAULT" / 0,
        None = "NONE" / 1,
        Base = "BASE" / 2,
        MergeSlashes = "MERGE_SLASHES" / 3,
        DecodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES" / 4,
    }
}

message! {
    /// The default for requests to destinations that are not in the registry.
    open struct MeshOutboundTrafficPolicy {
        mode: Option<Spanned<MeshOutboundTrafficPolicyMode>>,
    }
}

enumeration! {
    /// The handling of requests to destinations that are not in the registry.
    enum MeshOutboundTrafficPolicyMode {
        RegistryOnly = "REGISTRY_ONLY" / 0,
        AllowAny = "ALLOW_ANY" / 1,
        AllowAnyDynamicDns = "ALLOW_ANY_DYNAMIC_DNS" / 3,
    }
}

message! {
    /// The address that sidecars forward inbound traffic to.
    open struct InboundTrafficPolicy {
        mode: Option<Spanned<InboundTrafficPolicyMode>>,
    }
}

enumeration! {
    /// The address of the workload: its pod IP or localhost.
    enum InboundTrafficPolicyMode {
        Passthrough = "PASSTHROUGH" / 0,
        Localhost = "LOCALHOST" / 1,
    }
}

message! {
    /// A service that extends proxies, such as an external authorizer or a tracing backend.
    open struct ExtensionProvider {
        name: Option<Spanned<String>>,
        lightstep: Option<Untyped>,
        envoy_ext_authz_http: Option<ExternalAuthorizer>,
        envoy_ext_authz_grpc: Option<ExternalAuthorizer>,
    }
}

message! {
    /// The service of an external authorizer.
    open struct ExternalAuthorizer {
        service: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        fail_open: Option<Spanned<bool>>,
    }
}

message! {
    /// The removed tracing provider for Lightstep, which now uses OpenTelemetry.
    open struct LightstepTracing {}
}

enumeration! {
    /// The Ingresses that istiod reads.
    enum IngressControllerMode {
        Unspecified = "UNSPECIFIED" / 0,
        Off = "OFF" / 1,
        Default = "DEFAULT" / 2,
        Strict = "STRICT" / 3,
    }
}
