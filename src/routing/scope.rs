//! The scope of a sidecar: the services and VirtualServices that its Sidecar resource makes visible (istiod:
//! `SidecarScope`).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::OutboundMode;
use crate::model::LabelSet;
use crate::model::field::TextField;
use crate::model::networking::{Destination, IstioEgressListener};
use crate::world::{Discovery, EgressHosts, Protocol, Service, Sidecar, VirtualService, World};

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
    /// The services that have clusters, by host name.
    services: HashMap<&'a str, &'a Service<'a>>,
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
            services: with_clusters(world, namespace, &egress),
            egress,
            outbound: sidecar.and_then(Sidecar::outbound).unwrap_or(world.settings.outbound),
            egress_proxy: policy.and_then(|policy| policy.egress_proxy.as_ref()),
        }
    }

    /// The service of a host, if the sidecar has clusters for it.
    pub fn service(&self, hostname: &str) -> Option<&'a Service<'a>> {
        self.services.get(hostname).copied()
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
        let only = port.filter(|port| port.protocol != Protocol::HttpProxy && port.number != 0);
        let has_port = |service: &&'a Service<'a>| only.is_none_or(|only| service.port(only.number).is_some());
        let listed = self.services.iter().copied().filter(|service| hosts.import(service)).filter(has_port);
        Egress {
            port,
            bind: listener.and_then(|listener| listener.bind.as_ref()).map(|bind| bind.as_str()),
            services: one_namespace_each(listed.collect(), self.namespace),
            virtual_services: self.virtual_services(&hosts),
        }
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

/// The services that have clusters: those of the egress listeners in order, each followed by the destinations of its
/// VirtualServices. The first service of a host counts, but a Kubernetes Service replaces a ServiceEntry (istiod:
/// `collectImportedServices`, `appendSidecarServices`).
fn with_clusters<'a>(
    world: &'a World<'a>,
    namespace: &str,
    egress: &[Egress<'a>],
) -> HashMap<&'a str, &'a Service<'a>> {
    let mut services: HashMap<&'a str, &'a Service<'a>> = HashMap::new();
    let mut add = |service: &'a Service<'a>| {
        let counted = services.entry(&service.hostname).or_insert(service);
        if service.is_kubernetes() && !counted.is_kubernetes() {
            *counted = service;
        }
    };
    let mut seen: HashSet<*const VirtualService<'_>> = HashSet::new();
    for egress in egress {
        egress.services.iter().copied().for_each(&mut add);
        let imported = egress.virtual_services.iter().copied();
        let new = imported.filter(|it| seen.insert(std::ptr::from_ref(*it)));
        new.flat_map(|it| destinations(world, namespace, it)).for_each(&mut add);
    }
    services
}

/// The services that a VirtualService routes to, by a port that they have.
fn destinations<'a>(
    world: &'a World<'a>,
    namespace: &str,
    virtual_service: &'a VirtualService<'a>,
) -> Vec<&'a Service<'a>> {
    let mut ports: BTreeMap<String, Vec<Option<u32>>> = BTreeMap::new();
    // The routes of delegates count for the VirtualService that delegates to them.
    let delegates = virtual_service.spec.http.iter().any(|route| route.delegate.is_some());
    let targets = world.virtual_services.iter().filter(|other| delegates && virtual_service.delegates_to(other));
    for virtual_service in std::iter::once(virtual_service).chain(targets) {
        for reference in virtual_service.destinations() {
            let full = virtual_service.full_host(reference.host, &world.settings).into_owned();
            let port = reference.destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
            ports.entry(full).or_default().push(port);
        }
    }
    let leads_to = |(full, ports): (String, Vec<Option<u32>>)| {
        let service = world.services.seen_from(namespace, &full)?;
        let is_named = ports.iter().any(|port| port.is_none_or(|port| service.port(port).is_some()));
        (is_named && service.discovery != Discovery::Alias).then_some(service)
    };
    ports.into_iter().filter_map(leads_to).collect()
}
