//! The scope of a sidecar: the services and VirtualServices that its Sidecar resource makes visible (istiod:
//! `SidecarScope`).
//!
//! A sidecar gets its configuration from four views of the services, which need not agree:
//!
//! - listeners: all services of each egress listener, so that each ServiceEntry of a host has its own addresses;
//! - route tables: the same services, but only the last one of each host counts;
//! - clusters: one merged service for each host, and the destinations of VirtualServices (`imported`);
//! - endpoints: those of all services of the host and namespace, by the name of the port (`endpoints`).
//!
//! So a listener or a route can lead to a cluster that does not exist.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::config::OutboundMode;
use crate::model::LabelSet;
use crate::model::field::TextField;
use crate::model::networking::{CaptureMode, Destination, IstioEgressListener};
use crate::world::{EgressHosts, ExportTo, Origin, Protocol, Service, Sidecar, VirtualService, World};

/// The services and VirtualServices that a sidecar sees.
#[derive(Debug)]
pub struct SidecarScope<'a> {
    /// The Sidecar resource that applies.
    pub sidecar: Option<&'a Sidecar<'a>>,
    /// The egress listeners. Without a Sidecar resource there is one, for everything.
    pub egress: Vec<Egress<'a>>,
    /// The policy for unknown destinations.
    pub outbound: OutboundMode,
    /// The destination of requests for unknown destinations, if they may leave.
    pub egress_proxy: Option<&'a Destination>,
}

/// The services and VirtualServices of an egress listener.
#[derive(Debug)]
pub struct Egress<'a> {
    /// The port, if the listener is for one port only.
    pub port: Option<EgressPort>,
    /// The address.
    pub bind: Bind,
    /// The services, in istiod's order: all of a host and its namespace, before they are merged.
    pub services: Vec<&'a Service<'a>>,
    /// The services that it would import, if no service of another namespace had the same host.
    pub outranked: Vec<&'a Service<'a>>,
    /// The VirtualServices that are bound to the mesh, in istiod's order.
    pub virtual_services: Vec<&'a VirtualService<'a>>,
    /// The hosts of ExternalName Services under which the sidecar knows a service, by the host of the service.
    pub aliases: HashMap<&'a str, Vec<&'a str>>,
}

/// The address of an egress listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// The addresses of the services, and all addresses for HTTP.
    OfServices,
    /// All addresses.
    All,
    /// One address.
    One(IpAddr),
}

impl Bind {
    /// The address that a listener names. One without traffic capture listens on the loopback address.
    fn of(listener: &IstioEgressListener) -> Self {
        let written = listener.bind.as_ref().and_then(|bind| bind.parse().ok());
        let is_captured = listener.capture_mode.is_none_or(|mode| mode.value != CaptureMode::None);
        match written {
            Some(address) if IpAddr::is_unspecified(&address) => Self::All,
            Some(address) => Self::One(address),
            None if is_captured => Self::OfServices,
            None => Self::One(Ipv4Addr::LOCALHOST.into()),
        }
    }

    /// The only address; `None` for several.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::One(address) => Some(address),
            Self::OfServices | Self::All => None,
        }
    }
}

impl Egress<'_> {
    /// The only port of services that the listener imports, if it is for one port and not an HTTP proxy (istiod:
    /// `needsPortMatch`).
    pub(super) fn only_port(&self) -> Option<u32> {
        let only = self.port.filter(|port| port.protocol != Protocol::HttpProxy && port.number != 0);
        only.map(|port| port.number)
    }

    /// Whether the listener is an HTTP proxy to its clients.
    pub fn is_http_proxy(&self) -> bool {
        self.port.is_some_and(|port| port.protocol == Protocol::HttpProxy)
    }
}

/// The port of an egress listener.
#[derive(Debug, Clone, Copy)]
pub struct EgressPort {
    /// The number.
    pub number: u32,
    /// The protocol of clients.
    pub protocol: Protocol,
}

impl<'a> SidecarScope<'a> {
    /// The scope of a workload's sidecar.
    pub fn new(world: &'a World<'a>, namespace: &str, labels: &LabelSet<'_>) -> Self {
        let sidecar = world.sidecar_of(namespace, labels);
        let listeners = sidecar.map(|sidecar| sidecar.spec.egress.as_slice()).unwrap_or_default();
        let imports = Imports::new(world, namespace);
        let egress: Vec<Egress<'a>> = if listeners.is_empty() {
            vec![imports.egress(None)]
        } else {
            listeners.iter().map(|listener| imports.egress(Some(listener))).collect()
        };
        let policy = sidecar.and_then(|sidecar| sidecar.spec.outbound_traffic_policy.as_ref());
        Self {
            sidecar,
            egress,
            outbound: sidecar.and_then(Sidecar::outbound).unwrap_or(world.settings.outbound),
            egress_proxy: policy.and_then(|policy| policy.egress_proxy.as_ref()),
        }
    }

    /// The egress listener whose services and VirtualServices make the route table of a port: the first for that port or
    /// for all ports. Listeners of the port can come from another one (istiod: `GetEgressListenerForRDS`).
    pub fn egress_of_port(&self, port: u32) -> Option<&Egress<'a>> {
        self.egress.iter().find(|egress| egress.port.is_none_or(|own| own.number == port))
    }
}

/// The services and VirtualServices that a namespace sees, before a Sidecar resource narrows them.
struct Imports<'a, 'n> {
    world: &'a World<'a>,
    namespace: &'n str,
    services: Vec<&'a Service<'a>>,
    virtual_services: Vec<&'a VirtualService<'a>>,
}

impl<'a, 'n> Imports<'a, 'n> {
    fn new(world: &'a World<'a>, namespace: &'n str) -> Self {
        let seen = world.routes_seen_from(namespace).into_iter();
        let mut virtual_services: Vec<_> = seen.filter(|it| it.binds_mesh() && !it.is_delegate()).collect();
        // Routes of the Gateway API come first among those that only the namespace sees, too (istiod:
        // `SelectVirtualServices`).
        virtual_services.sort_by_key(|it| {
            let is_private = it.export_to != ExportTo::Public && it.name.namespace == namespace;
            (!is_private, is_private && it.origin != Origin::GatewayApi)
        });
        Self { world, namespace, services: world.services.visible_from(namespace), virtual_services }
    }

    fn egress(&self, listener: Option<&'a IstioEgressListener>) -> Egress<'a> {
        let hosts =
            listener.map_or_else(EgressHosts::all, |listener| EgressHosts::new(&listener.hosts, self.namespace));
        let port = listener.and_then(|listener| listener.port.as_ref()).and_then(|port| {
            let protocol = Protocol::parse(port.protocol.text());
            Some(EgressPort { number: port.number?.value, protocol })
        });
        let mut egress = Egress {
            port,
            bind: listener.map_or(Bind::OfServices, Bind::of),
            services: Vec::new(),
            outranked: Vec::new(),
            virtual_services: self.virtual_services(&hosts),
            aliases: HashMap::new(),
        };
        let only = egress.only_port();
        let has_port = |service: &&'a Service<'a>| only.is_none_or(|only| service.port(only).is_some());
        let listed = if hosts.are_exact() { self.indexed() } else { self.services.clone() };
        let listed = listed.into_iter().filter(|service| hosts.import(service)).filter(has_port);
        (egress.services, egress.outranked) = one_namespace_each(listed.collect(), self.namespace);
        if self.world.services.has_aliases() {
            egress.aliases = egress.services.iter().map(|service| self.aliases(&hosts, service)).collect();
        }
        egress
    }

    /// The services that stand for a host and namespace, in creation order, of those that the namespace sees.
    fn indexed(&self) -> Vec<&'a Service<'a>> {
        let services = &self.world.services;
        let stands = |it: &&'a Service<'a>| {
            services.indexed(&it.hostname, &it.namespace).is_some_and(|indexed| std::ptr::eq(indexed, *it))
        };
        services.iter().filter(|it| it.export_to.includes(self.namespace)).filter(stands).collect()
    }

    /// The ExternalName Services under whose hosts the sidecar knows a service.
    fn aliases(&self, hosts: &EgressHosts<'_>, service: &'a Service<'a>) -> (&'a str, Vec<&'a str>) {
        let aliases = self.world.services.aliases_of(&service.hostname).map(|alias| alias.hostname.as_str());
        (&service.hostname, aliases.filter(|alias| hosts.import_alias(service, alias)).collect())
    }

    fn virtual_services(&self, hosts: &EgressHosts<'_>) -> Vec<&'a VirtualService<'a>> {
        self.virtual_services.iter().copied().filter(|it| hosts.import_routes(it)).collect()
    }
}

/// Chooses one namespace for each host that several namespaces define: the workload's own, else one with a Kubernetes
/// Service, else the first. All services of the host in that namespace remain; the second list has the others (istiod:
/// `selectServices`).
fn one_namespace_each<'s, 'a>(
    services: Vec<&'s Service<'a>>,
    own: &str,
) -> (Vec<&'s Service<'a>>, Vec<&'s Service<'a>>) {
    let mut chosen: HashMap<&str, &Service<'a>> = HashMap::new();
    for service in services.iter().copied() {
        let best = chosen.entry(&service.hostname).or_insert(service);
        if service.precedence(own) < best.precedence(own) {
            *best = service;
        }
    }
    services.into_iter().partition(|service| chosen[service.hostname.as_str()].namespace == service.namespace)
}
