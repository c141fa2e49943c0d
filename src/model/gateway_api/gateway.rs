//! Gateway, GatewayClass and ListenerSet.

use super::reference::{ObjectReference, SecretReference};
use crate::model::kubernetes::LabelSelector;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// A gateway with its listeners.
    struct KubernetesGateway {
        gateway_class_name: Option<Spanned<String>>,
        listeners: Vec<GatewayListener>,
        addresses: Vec<GatewayAddress>,
        infrastructure: Option<GatewayInfrastructure>,
        allowed_listeners: Option<AllowedListeners>,
        tls: Option<GatewayTls>,
        default_scope: Option<Spanned<String>>,
    }
}

message! {
    /// The controller that manages the Gateways of a class.
    struct GatewayClass {
        controller_name: Option<Spanned<String>>,
        parameters_ref: Option<ObjectReference>,
        description: Option<Spanned<String>>,
    }
}

message! {
    /// Additional listeners for a Gateway.
    struct ListenerSet {
        parent_ref: Option<ObjectReference>,
        listeners: Vec<GatewayListener>,
    }
}

message! {
    /// A port and the host that the gateway serves on it.
    struct GatewayListener {
        name: Option<Spanned<String>>,
        hostname: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        protocol: Option<Spanned<String>>,
        tls: Option<ListenerTls>,
        allowed_routes: Option<AllowedRoutes>,
    }
}

message! {
    /// The TLS settings of a listener.
    struct ListenerTls {
        mode: Option<Spanned<String>>,
        certificate_refs: Vec<SecretReference>,
        options: Labels,
    }
}

message! {
    /// The routes that may attach to a listener.
    struct AllowedRoutes {
        namespaces: Option<RouteNamespaces>,
        kinds: Vec<RouteGroupKind>,
    }
}

message! {
    /// The ListenerSets that may attach to a Gateway.
    struct AllowedListeners {
        namespaces: Option<RouteNamespaces>,
    }
}

message! {
    /// A set of namespaces.
    struct RouteNamespaces {
        from: Option<Spanned<String>>,
        selector: Option<LabelSelector>,
    }
}

message! {
    /// A kind of route.
    struct RouteGroupKind {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
    }
}

message! {
    /// A requested address of a Gateway.
    struct GatewayAddress {
        r#type: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// Metadata of the resources that a controller creates for a Gateway.
    struct GatewayInfrastructure {
        labels: Labels,
        annotations: Labels,
        parameters_ref: Option<ObjectReference>,
    }
}

message! {
    /// The TLS settings of a Gateway as a whole.
    struct GatewayTls {
        backend: Option<GatewayTlsBackend>,
        frontend: Option<FrontendTls>,
    }
}

message! {
    /// The TLS settings for connections to backends.
    struct GatewayTlsBackend {
        client_certificate_ref: Option<SecretReference>,
    }
}

message! {
    /// The validation of client certificates.
    struct FrontendTls {
        default: Option<FrontendTlsDefault>,
        per_port: Vec<FrontendTlsPort>,
    }
}

message! {
    /// The settings for all ports that `perPort` does not list.
    struct FrontendTlsDefault {
        validation: Option<FrontendValidation>,
    }
}

message! {
    /// The settings for one port.
    struct FrontendTlsPort {
        port: Option<Spanned<u32>>,
        tls: Option<FrontendTlsDefault>,
    }
}

message! {
    /// The certificate authorities for client certificates.
    struct FrontendValidation {
        ca_certificate_refs: Vec<ObjectReference>,
        mode: Option<Spanned<String>>,
    }
}
