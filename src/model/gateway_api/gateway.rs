//! Gateway, GatewayClass and ListenerSet.

use super::reference::{ObjectReference, SecretReference};
use crate::model::kubernetes::LabelSelector;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// Ports that a gateway opens.
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
    /// Which controller looks after the Gateways of a class.
    struct GatewayClass {
        controller_name: Option<Spanned<String>>,
        parameters_ref: Option<ObjectReference>,
        description: Option<Spanned<String>>,
    }
}

message! {
    /// More listeners for a Gateway.
    struct ListenerSet {
        parent_ref: Option<ObjectReference>,
        listeners: Vec<GatewayListener>,
    }
}

message! {
    /// One port with the host served on it.
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
    /// TLS of a listener.
    struct ListenerTls {
        mode: Option<Spanned<String>>,
        certificate_refs: Vec<SecretReference>,
        options: Labels,
    }
}

message! {
    /// Which routes may attach to a listener.
    struct AllowedRoutes {
        namespaces: Option<RouteNamespaces>,
        kinds: Vec<RouteGroupKind>,
    }
}

message! {
    /// Which ListenerSets may attach to a Gateway.
    struct AllowedListeners {
        namespaces: Option<RouteNamespaces>,
    }
}

message! {
    /// A choice of namespaces.
    struct RouteNamespaces {
        from: Option<Spanned<String>>,
        selector: Option<LabelSelector>,
    }
}

message! {
    /// A kind of routes.
    struct RouteGroupKind {
        group: Option<Spanned<String>>,
        kind: Option<Spanned<String>>,
    }
}

message! {
    /// An address that is asked for.
    struct GatewayAddress {
        r#type: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// What the deployment of a managed gateway gets.
    struct GatewayInfrastructure {
        labels: Labels,
        annotations: Labels,
        parameters_ref: Option<ObjectReference>,
    }
}

message! {
    /// TLS of a whole Gateway.
    struct GatewayTls {
        backend: Option<GatewayTlsBackend>,
        frontend: Option<FrontendTls>,
    }
}

message! {
    /// TLS towards backends.
    struct GatewayTlsBackend {
        client_certificate_ref: Option<SecretReference>,
    }
}

message! {
    /// How clients are asked for certificates.
    struct FrontendTls {
        default: Option<FrontendTlsDefault>,
        per_port: Vec<FrontendTlsPort>,
    }
}

message! {
    /// What holds for ports that are not listed.
    struct FrontendTlsDefault {
        validation: Option<FrontendValidation>,
    }
}

message! {
    /// What holds for one port.
    struct FrontendTlsPort {
        port: Option<Spanned<u32>>,
        tls: Option<FrontendTlsDefault>,
    }
}

message! {
    /// How certificates of clients are checked.
    struct FrontendValidation {
        ca_certificate_refs: Vec<ObjectReference>,
        mode: Option<Spanned<String>>,
    }
}
