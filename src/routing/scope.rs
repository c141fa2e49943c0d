//! The scope of a sidecar: the services and VirtualServices that its Sidecar resource makes visible (istiod:
//! `SidecarScope`).

use std::collections::HashMap;

use super::imported::Imported;
use crate::config::OutboundMode;
use crate::model::LabelSet;
use crate::model::field::TextField;
use crate::model::networking::{Destination, IstioEgressListener};
use crate::world::{EgressHosts, Protocol, Service, Sidecar, VirtualService, World};

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
    /// The services that have clusters.
    imported: Imported<'a>,
}

/// The services and VirtualServices of an egress listener.
#[derive(Debug)]
pub struct Egress<'a> {
    /// The port, if the listener is for one port only.
    pub port: Option<EgressPort>,
    /// The address, if the resource names one.
    pub bind: Option<&'a str>,
    /// The services, in istiod's order.
    pub services: Vec<&'a Service<'a>>,
    /// The VirtualServices that are bound to the mesh, in istiod's order.
    pub virtual_services: Vec<&'a VirtualService<'a>>,
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
            imported: Imported::new(world, namespace, &egress),
            egress,
            outbound: sidecar.and_then(Sidecar::outbound).unwrap_or(world.settings.outbound),
            egress_proxy: policy.and_then(|policy| policy.egress_proxy.as_ref()),
        }
    }

    /// The service of a host, if the sidecar has clusters for it.
    pub fn service(&self, hostname: &str) -> Option<&'a Service<'a>> {
        self.imported.service(hostname)
    }

    /// Whether the sidecar has clusters for a port of the service of a host, if the service has that port.
    pub fn imports_port(&self, hostname: &str, port: u32) -> bool {
        self.imported.has_port(hostname, port)
    }

    /// The egress listener of a port: the first for that port or for all ports.
    pub fn egress_of_port(&self, port: u32) -> Option<&Egress<'a>> {
        self.egress.iter().find(|egress| egress.port.is_none_or(|own| own.number == port))
    }
}

/// The services and VirtualServices that a namespace sees, before a Sidecar resource narrows them.
struct Imports<'a, 'n> {
    namespace: &'n str,
    services: Vec<&'a Service<'a>>,
    virtual_services: Vec<&'a VirtualService<'a>>,
}

impl<'a, 'n> Imports<'a, 'n> {
    fn new(world: &'a World<'a>, namespace: &'n str) -> Self {
        let virtual_services = world.routes_seen_from(namespace).into_iter();
        Self {
            namespace,
            services: world.services.visible_from(namespace),
            virtual_services: virtual_services.filter(|it| it.binds_mesh() && !it.is_delegate()).collect(),
        }
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
            bind: listener.and_then(|listener| listener.bind.as_ref()).map(|bind| bind.as_str()),
            services: Vec::new(),
            virtual_services: self.virtual_services(&hosts),
        };
        let only = egress.only_port();
        let has_port = |service: &&'a Service<'a>| only.is_none_or(|only| service.port(only).is_some());
        let listed = self.services.iter().copied().filter(|service| hosts.import(service)).filter(has_port);
        egress.services = one_namespace_each(listed.collect(), self.namespace);
        egress
    }

    fn virtual_services(&self, hosts: &EgressHosts<'_>) -> Vec<&'a VirtualService<'a>> {
        self.virtual_services.iter().copied().filter(|it| hosts.import_routes(it)).collect()
    }
}

/// Chooses one namespace for each host that several namespaces define: the workload's own, else one with a Kubernetes
/// Service, else the first. Within it a Kubernetes Service counts alone; ServiceEntries all count.
fn one_namespace_each<'a>(services: Vec<&'a Service<'a>>, own: &str) -> Vec<&'a Service<'a>> {
    let mut chosen: HashMap<&str, &'a Service<'a>> = HashMap::new();
    for service in &services {
        let best = chosen.entry(&service.hostname).or_insert(service);
        if service.precedence(own) < best.precedence(own) {
            *best = service;
        }
    }
    let counts = |service: &&'a Service<'a>| {
        let best = chosen[service.hostname.as_str()];
        std::ptr::eq(*service, best) || (!best.is_kubernetes() && service.namespace == best.namespace)
    };
    services.into_iter().filter(counts).collect()
}
