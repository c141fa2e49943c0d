//! The services and ports for which a proxy has clusters: one service for each host, merged from those that the proxy
//! sees (istiod: `collectImportedServices`, `appendSidecarServices`, `DefaultSidecarScopeForGateway`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::delegate;
use super::route::CompiledRoute;
use super::scope::Egress;
use crate::model::field::TextField;
use crate::model::networking::Destination;
use crate::world::{Protocol, Section, Service, ServicePort, VirtualService, World};

/// The services for which a proxy has clusters, by host name.
#[derive(Debug, Default)]
pub(super) struct Imported<'a>(HashMap<&'a str, ImportedService<'a>>);

/// A service for which a proxy has clusters.
#[derive(Debug)]
pub(super) struct ImportedService<'a> {
    /// The service whose settings apply.
    pub service: &'a Service<'a>,
    /// The ports that have clusters, each with the service that it comes from; `None` for those of the service.
    ports: Option<Vec<ImportedPort<'a>>>,
}

/// A port for which a proxy has a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImportedPort<'a> {
    /// The service that has the port.
    pub service: &'a Service<'a>,
    pub port: &'a ServicePort,
}

impl<'a> ImportedService<'a> {
    fn new(service: &'a Service<'a>, only: Option<&BTreeSet<u32>>) -> Self {
        let ports = only.map(|only| ports_of(service).filter(|it| only.contains(&it.port.number)).collect());
        Self { service, ports }
    }

    /// The ports that have clusters.
    pub fn ports(&self) -> Vec<ImportedPort<'a>> {
        self.ports.clone().unwrap_or_else(|| ports_of(self.service).collect())
    }

    /// The port with this number. Proxies do not handle UDP.
    pub fn port(&self, number: u32) -> Option<ImportedPort<'a>> {
        match &self.ports {
            Some(ports) => {
                ports.iter().find(|it| it.port.number == number && it.port.protocol != Protocol::Udp).copied()
            }
            None => self.service.port(number).map(|port| ImportedPort { service: self.service, port }),
        }
    }

    /// The only port.
    pub fn only_port(&self) -> Option<u32> {
        match self.ports().as_slice() {
            [only] => Some(only.port.number),
            _ => None,
        }
    }

    fn extend(&mut self, other: Self) {
        let mut ports = self.ports();
        let known: BTreeSet<u32> = ports.iter().map(|it| it.port.number).collect();
        ports.extend(other.ports().into_iter().filter(|it| !known.contains(&it.port.number)));
        self.ports = Some(ports);
    }
}

fn ports_of<'a>(service: &'a Service<'a>) -> impl Iterator<Item = ImportedPort<'a>> {
    service.ports.iter().map(move |port| ImportedPort { service, port })
}

impl<'a> Imported<'a> {
    /// The services of a sidecar: those of the egress listeners in order, each followed by the destinations of its
    /// VirtualServices.
    pub fn of_sidecar(world: &'a World<'a>, namespace: &str, egress: &[Egress<'a>]) -> Self {
        let mut imported = Self::default();
        let mut seen: HashSet<*const VirtualService<'_>> = HashSet::new();
        for egress in egress {
            let only = egress.only_port().map(|port| BTreeSet::from([port]));
            for service in egress.services.iter().copied() {
                imported.add(ImportedService::new(service, only.as_ref()));
            }
            let new = egress.virtual_services.iter().copied();
            // A listener for one port imports only that port of the destinations.
            let new = new.filter(|it| only.is_some() || seen.insert(std::ptr::from_ref(*it)));
            for (host, named) in new.flat_map(|it| Destinations::of(world, namespace, it).0) {
                let Some(service) = world.services.routed_from(namespace, &host) else { continue };
                let ports = only.as_ref().or_else(|| Some(&named).filter(|named| !named.contains(&0)));
                let has_port = |ports: &BTreeSet<u32>| service.ports.iter().any(|port| ports.contains(&port.number));
                if ports.is_none_or(has_port) {
                    imported.add(ImportedService::new(service, ports));
                }
            }
        }
        imported
    }

    /// The services of a gateway: all that its namespace sees. Its own namespace has no precedence.
    pub fn of_gateway(world: &'a World<'a>, namespace: &str) -> Self {
        let mut imported = Self::default();
        for service in world.services.visible_from(namespace) {
            imported.add(ImportedService::new(service, None));
        }
        imported
    }

    /// Adds a service. The first one of a host counts, but a Kubernetes Service replaces a ServiceEntry. Others only add
    /// ports, if their settings are equal.
    fn add(&mut self, new: ImportedService<'a>) {
        let Some(counted) = self.0.get_mut(new.service.hostname.as_str()) else {
            self.0.insert(&new.service.hostname, new);
            return;
        };
        if new.service.is_kubernetes() && !counted.service.is_kubernetes() {
            *counted = new;
        } else if counted.service.merges_with(new.service) && !is_whole(counted, &new) {
            counted.extend(new);
        }
    }

    /// The service of a host. Hosts are compared with regard to case.
    pub fn get(&self, hostname: &str) -> Option<&ImportedService<'a>> {
        self.0.get(hostname)
    }
}

/// Whether a service has all ports of another already, because both are the same.
fn is_whole(counted: &ImportedService<'_>, new: &ImportedService<'_>) -> bool {
    counted.ports.is_none() && std::ptr::eq(counted.service, new.service)
}

/// The hosts that a VirtualService routes to, each with the ports of its destinations; 0 for a destination without a
/// port.
struct Destinations(BTreeMap<String, BTreeSet<u32>>);

impl Destinations {
    /// The destinations for clients of a namespace, including those of delegates. Routes for clients of other
    /// namespaces do not count (istiod: `virtualServiceDestinationsFilteredBySourceNamespace`).
    fn of<'a>(world: &'a World<'a>, namespace: &str, virtual_service: &'a VirtualService<'a>) -> Self {
        let mut found = Self(BTreeMap::new());
        let mut add = |owner: &VirtualService<'_>, destination: &Destination| {
            let Some(host) = destination.host.filled() else { return };
            let full = owner.full_host(host, &world.settings).into_owned();
            let number = destination.port.as_ref().and_then(|port| port.number);
            found.0.entry(full).or_default().insert(number.map_or(0, |number| number.value));
        };
        for route in delegate::http_routes(world, virtual_service).iter().filter(|route| is_for(route, namespace)) {
            let owner = route.owner.virtual_service;
            route.route.iter().filter_map(|it| it.destination.as_ref()).for_each(|it| add(owner, it));
            let mirrors = route.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref());
            route.mirror.into_iter().chain(mirrors).for_each(|it| add(route.mirror_owner, it));
        }
        for section in [Section::Tls, Section::Tcp] {
            let targets = virtual_service.routes_of(section).into_iter().flat_map(|route| route.targets());
            targets.filter_map(|target| target.destination).for_each(|it| add(virtual_service, it));
        }
        found
    }
}

/// Whether a route is for clients of a namespace, as far as `sourceNamespace` says. One match that names the namespace
/// is enough, and so is a route without `sourceNamespace`.
fn is_for(route: &CompiledRoute<'_>, namespace: &str) -> bool {
    let mut named = route.matches.iter().filter_map(|it| it.source_namespace).peekable();
    named.peek().is_none() || named.any(|it| it == namespace)
}
