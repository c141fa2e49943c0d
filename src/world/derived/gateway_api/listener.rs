//! Listeners of Gateways and ListenerSets, as Gateways of Istio (istiod: `GatewayCollection`, `ListenerSetCollection`,
//! `buildListener`).

use std::borrow::Cow;

use super::class::{self, Backing, Controller};
use super::listener_tls::CertificateFault;
use super::{Derived, Inputs, listener_tls};
use crate::model::field::TextField;
use crate::model::gateway_api::{GatewayListener, KubernetesGateway, ListenerSet, RouteGroupKind};
use crate::model::networking::{self, Server, ServerPort};
use crate::model::{Kind, Resource, Spec};
use crate::source::Spanned;
use crate::world::{Gateway, NamespacedName, Omission, creation_time};

/// A listener that routes attach to, and the names by which they refer to it.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    /// The kind of its owner: Gateway or ListenerSet.
    pub(super) kind: Kind,
    /// The name of its owner.
    pub(super) owner: NamespacedName<'static>,
    /// The Gateway derived from the listener.
    pub(super) gateway: NamespacedName<'static>,
    /// The name of the listener.
    pub(super) section: String,
    pub(super) port: u32,
    pub(super) protocol: String,
    /// The host name as written; empty without one.
    pub(super) hostname: String,
    /// The hosts of the derived server.
    pub(super) hosts: Vec<Spanned<String>>,
    /// The kinds of routes that may attach.
    pub(super) kinds: Vec<Kind>,
}

/// The result for a listener.
pub(super) struct Derivation<'a> {
    /// The derived Gateway. `None` if it is not served, although routes attach to it.
    pub(super) gateway: Option<Gateway<'a>>,
    pub(super) parent: Parent,
}

/// A listener as written.
struct WrittenListener<'a> {
    resource: &'a Resource,
    listener: &'a GatewayListener,
    /// The port. A ListenerSet may omit it, as the protocol implies it.
    port: u32,
}

pub(super) fn listeners<'a>(inputs: &Inputs<'a, '_>, derived: &mut Derived<'a>) -> Vec<Derivation<'a>> {
    let mut all = Vec::new();
    for resource in inputs.resources.iter().copied() {
        if let Spec::KubernetesGateway(spec) = &resource.spec {
            all.extend(of_gateway(resource, spec, inputs, derived));
        }
    }
    all
}

fn of_gateway<'a>(
    resource: &'a Resource,
    spec: &'a KubernetesGateway,
    inputs: &Inputs<'a, '_>,
    derived: &mut Derived<'a>,
) -> Vec<Derivation<'a>> {
    let Some(controller) = class::controller(spec, inputs) else {
        let place = spec.gateway_class_name.as_ref().map_or(resource.span, |name| name.span);
        derived.ignore(Omission::NotOurs, resource, place, "Istio does not handle the class of the Gateway");
        return Vec::new();
    };
    let backing = class::backing(resource, spec, controller, inputs);
    if controller == Controller::Waypoint {
        return Vec::new();
    }
    if backing.services.is_empty() {
        let place = spec.addresses.first().map_or(resource.span, |address| address.span);
        let reason =
            "istiod serves no listener of the Gateway: of these addresses, only those of type `Hostname` count";
        derived.ignore(Omission::Addresses, resource, place, reason);
        return Vec::new();
    }
    let mut written: Vec<WrittenListener<'a>> =
        spec.listeners.iter().map(|it| WrittenListener::new(resource, it)).collect();
    if controller == Controller::Gateway {
        written.extend(of_listener_sets(resource, spec, inputs, derived));
    }
    let mut found = Vec::new();
    for (index, it) in written.iter().enumerate() {
        if let Some(other) = conflict(&written[..index], it) {
            derived.ignore(
                Omission::ConflictingListener,
                it.resource,
                it.listener.span,
                format!("listener `{}` conflicts with listener `{}`", it.name(), other.name()),
            );
            continue;
        }
        if controller == Controller::EastWest && it.port == 15008 {
            continue;
        }
        match server(it, spec, inputs) {
            Ok((server, fault)) => {
                check_kinds(it, derived);
                let is_valid = fault.is_none();
                if let Some((kind, reason)) = fault {
                    derived.ignore(kind, it.resource, it.listener.span, reason);
                }
                if is_valid || it.resource.kind == Kind::KubernetesGateway {
                    found.push(derivation(it, server, is_valid, &backing, inputs));
                }
            }
            Err((reason, help)) => {
                let kind = Omission::UnsupportedListener;
                derived.ignore_with_help(kind, it.resource, it.listener.span, reason, Some(help));
            }
        }
    }
    found
}

/// The listeners of the ListenerSets that may attach to a Gateway, by creation time, namespace and name (istiod:
/// `NamespaceAcceptedByAllowListeners`).
fn of_listener_sets<'a>(
    gateway: &Resource,
    spec: &KubernetesGateway,
    inputs: &Inputs<'a, '_>,
    derived: &mut Derived<'a>,
) -> Vec<WrittenListener<'a>> {
    let own = inputs.settings.namespace_of(gateway);
    let mut sets: Vec<(&str, &'a Resource, &'a ListenerSet)> = Vec::new();
    for resource in inputs.resources.iter().copied() {
        let Spec::ListenerSet(set) = &resource.spec else { continue };
        let namespace = inputs.settings.namespace_of(resource);
        let Some(parent) = &set.parent_ref else { continue };
        let refers = parent.name.text() == gateway.name()
            && parent.namespace.as_ref().map_or(namespace, |it| it.as_str()) == own
            && parent.kind.as_ref().is_none_or(|kind| kind.as_str() == "Gateway");
        if !refers {
            continue;
        }
        let choice = spec.allowed_listeners.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
        let admits = |choice| {
            let chosen = inputs.namespaces.chosen(Some(choice), own);
            chosen.contains(&"*") || chosen.contains(&namespace)
        };
        let is_none = |it: &&crate::model::gateway_api::RouteNamespaces| {
            it.from.as_ref().is_none_or(|from| from.as_str() == "None") && it.selector.is_none()
        };
        match choice.filter(|choice| !is_none(choice)) {
            Some(choice) if admits(choice) => sets.push((namespace, resource, set)),
            _ => derived.ignore(
                Omission::ListenerSet,
                resource,
                parent.span,
                format!("the Gateway does not allow ListenerSets of namespace `{namespace}`"),
            ),
        }
    }
    sets.sort_by_key(|(namespace, resource, _)| (creation_time(resource), *namespace, resource.name()));
    sets.into_iter()
        .flat_map(|(_, resource, set)| set.listeners.iter().map(|it| WrittenListener::new(resource, it)))
        .collect()
}

impl<'a> WrittenListener<'a> {
    fn new(resource: &'a Resource, listener: &'a GatewayListener) -> Self {
        let by_protocol = match listener.protocol.text() {
            "HTTP" => 80,
            "HTTPS" => 443,
            _ => 0,
        };
        let written = listener.port.map_or(0, |port| port.value);
        let port = if written == 0 && resource.kind == Kind::ListenerSet { by_protocol } else { written };
        Self { resource, listener, port }
    }

    fn name(&self) -> &'a str {
        self.listener.name.text()
    }

    fn hostname(&self) -> &'a str {
        match self.listener.hostname.text() {
            "" => "*",
            hostname => hostname,
        }
    }
}

/// The earlier listener that conflicts with a listener (istiod: `listenersDistinct`).
fn conflict<'w, 'a>(
    earlier: &'w [WrittenListener<'a>],
    listener: &WrittenListener<'a>,
) -> Option<&'w WrittenListener<'a>> {
    let mut accepted: Vec<&WrittenListener<'a>> = Vec::new();
    let clash = |a: &WrittenListener<'_>, b: &WrittenListener<'_>| {
        let (first, second) = (a.listener.protocol.text(), b.listener.protocol.text());
        let is_stream = |protocol: &str| matches!(protocol, "TCP" | "UDP");
        let is_like_http = |protocol: &str| matches!(protocol, "HTTP" | "HTTPS" | "TLS");
        a.port == b.port
            && match (first, second) {
                (a, b) if is_stream(a) => is_stream(b) || is_like_http(b),
                (a, b) if is_like_http(a) && is_stream(b) => true,
                (one, other) if is_like_http(one) && is_like_http(other) => a.hostname() == b.hostname(),
                (one, other) => one == other,
            }
    };
    for candidate in earlier {
        if !accepted.iter().any(|other| clash(candidate, other)) {
            accepted.push(candidate);
        }
    }
    accepted.into_iter().find(|other| clash(listener, other))
}

/// The server for a listener, and the fault of its certificates, if they have one. An error is the reason for which
/// there is no server, and the advice.
fn server(
    written: &WrittenListener<'_>,
    gateway: &KubernetesGateway,
    inputs: &Inputs<'_, '_>,
) -> Result<(Server, Option<CertificateFault>), (String, String)> {
    let listener = written.listener;
    let protocol = listener.protocol.text();
    let is_supported = |protocol: &str| matches!(protocol, "HTTP" | "HTTPS" | "TLS" | "TCP");
    if !is_supported(protocol) {
        let upper = protocol.to_ascii_uppercase();
        let help = match is_supported(&upper) {
            true => format!("write `{upper}`"),
            false => "use `HTTP`, `HTTPS`, `TLS` or `TCP`".to_owned(),
        };
        return Err((format!("Istio does not support protocol `{protocol}`"), help));
    }
    let tls = listener_tls::settings(written.resource, listener, gateway.tls.as_ref(), inputs);
    if tls.is_none() && matches!(protocol, "HTTPS" | "TLS") {
        let help = "add `tls.certificateRefs` with a Secret".to_owned();
        return Err((format!("protocol `{protocol}` needs `tls`, so istiod does not open the port"), help));
    }
    let span = listener.span;
    let port = ServerPort {
        number: Some(Spanned::new(written.port, listener.port.map_or(span, |port| port.span))),
        protocol: listener.protocol.clone(),
        name: listener.name.clone(),
        ..ServerPort::empty(span)
    };
    let (tls, fault) = tls.map_or((None, None), |(tls, fault)| (Some(tls), fault));
    Ok((Server { port: Some(port), hosts: hosts(written, inputs), tls, ..Server::empty(span) }, fault))
}

/// The host name, once for each namespace whose routes may attach; with the namespace `~` if no routes may (istiod:
/// `buildHostnameMatch`).
fn hosts(written: &WrittenListener<'_>, inputs: &Inputs<'_, '_>) -> Vec<Spanned<String>> {
    let listener = written.listener;
    let span = listener.hostname.as_ref().map_or(listener.span, |hostname| hostname.span);
    let choice = listener.allowed_routes.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
    let mut namespaces = inputs.namespaces.chosen(choice, inputs.settings.namespace_of(written.resource));
    if namespaces.is_empty() {
        namespaces.push("~");
    }
    let hostname = listener.hostname.as_ref().map_or("*", |hostname| hostname.as_str());
    namespaces.into_iter().map(|namespace| Spanned::new(format!("{namespace}/{hostname}"), span)).collect()
}

fn derivation<'a>(
    written: &WrittenListener<'a>,
    server: Server,
    is_valid: bool,
    backing: &Backing,
    inputs: &Inputs<'a, '_>,
) -> Derivation<'a> {
    let (resource, listener) = (written.resource, written.listener);
    let namespace = inputs.settings.namespace_of(resource).to_owned();
    let name = format!("{}~istio-autogenerated-k8s-gateway~{}", resource.name(), written.name());
    let parent = Parent {
        kind: resource.kind,
        owner: NamespacedName::new(namespace.clone(), resource.name().to_owned()),
        gateway: NamespacedName::new(namespace, name),
        section: written.name().to_owned(),
        port: written.port,
        protocol: listener.protocol.text().to_owned(),
        hostname: listener.hostname.text().to_owned(),
        hosts: server.hosts.clone(),
        kinds: kinds(listener),
    };
    let spec = networking::Gateway { servers: vec![server].into(), ..networking::Gateway::empty(resource.span) };
    let mut gateway = Gateway::new(parent.gateway.clone(), resource, Cow::Owned(spec));
    gateway.services.clone_from(&backing.services);
    gateway.served_by = Some(backing.gateway.clone());
    gateway.is_managed = backing.is_managed;
    Derivation { gateway: is_valid.then_some(gateway), parent }
}

/// Notes the entries of `allowedRoutes.kinds` that the protocol of a listener does not support.
fn check_kinds<'a>(written: &WrittenListener<'a>, derived: &mut Derived<'a>) {
    let (listener, name) = (written.listener, written.name());
    let allowed = || listener.allowed_routes.iter().flat_map(|allowed| &allowed.kinds);
    let of_protocol = kinds_of_protocol(listener);
    let Some(first) = allowed().next() else { return };
    let names: Vec<String> = of_protocol.iter().map(|kind| format!("`{}`", kind.name())).collect();
    let help = Some(format!("use {}, or remove `kinds`", names.join(" or ")));
    let protocol = listener.protocol.text();
    if kinds(listener).is_empty() {
        let reason = format!("no route can attach to listener `{name}`: `kinds` has no kind for protocol {protocol}");
        derived.ignore_with_help(Omission::ListenerWithoutKinds, written.resource, first.span, reason, help);
        return;
    }
    for entry in allowed().filter(|entry| !of_protocol.iter().any(|kind| is_kind(entry, *kind))) {
        let kind = entry.kind.text();
        let reason = format!("routes of kind `{kind}` cannot attach to listener `{name}` of protocol {protocol}");
        let help = Some("remove the entry".to_owned());
        derived.ignore_with_help(Omission::ListenerKind, written.resource, entry.span, reason, help);
    }
}

/// The kinds of routes that may attach (istiod: `GenerateGatewaySupportedKinds`).
fn kinds(listener: &GatewayListener) -> Vec<Kind> {
    let mut kinds = kinds_of_protocol(listener);
    let allowed = listener.allowed_routes.iter().flat_map(|allowed| &allowed.kinds).collect::<Vec<_>>();
    if !allowed.is_empty() {
        kinds.retain(|kind| allowed.iter().any(|entry| is_kind(entry, *kind)));
    }
    kinds
}

fn is_kind(entry: &RouteGroupKind, kind: Kind) -> bool {
    entry.kind.text() == kind.name() && entry.group.as_ref().is_none_or(|group| group.as_str() == kind.group())
}

fn kinds_of_protocol(listener: &GatewayListener) -> Vec<Kind> {
    let terminates = listener.tls.as_ref().is_some_and(|tls| tls.mode.text() == "Terminate" || tls.mode.is_none());
    match listener.protocol.text() {
        "HTTP" | "HTTPS" => vec![Kind::HttpRoute, Kind::GrpcRoute],
        "TLS" if terminates => vec![Kind::TlsRoute, Kind::TcpRoute],
        "TLS" => vec![Kind::TlsRoute],
        _ => vec![Kind::TcpRoute],
    }
}
