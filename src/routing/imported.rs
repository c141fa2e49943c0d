//! The services and ports for which a sidecar has clusters (istiod: `collectImportedServices`, `appendSidecarServices`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::delegate;
use super::route::CompiledRoute;
use super::scope::Egress;
use crate::model::field::TextField;
use crate::model::networking::Destination;
use crate::world::{Discovery, Section, Service, VirtualService, World};

/// The services for which a sidecar has clusters, by host name.
#[derive(Debug, Default)]
pub(super) struct Imported<'a>(HashMap<&'a str, ImportedService<'a>>);

#[derive(Debug)]
struct ImportedService<'a> {
    service: &'a Service<'a>,
    /// The ports that have clusters; `None` for all ports of the service.
    ports: Option<BTreeSet<u32>>,
}

impl<'a> Imported<'a> {
    /// Imports the services of the egress listeners in order, each followed by the destinations of its VirtualServices.
    pub fn new(world: &'a World<'a>, namespace: &str, egress: &[Egress<'a>]) -> Self {
        let mut imported = Self::default();
        let mut seen: HashSet<*const VirtualService<'_>> = HashSet::new();
        for egress in egress {
            let only = egress.only_port();
            for service in egress.services.iter().copied() {
                imported.add(service, only.map(|port| BTreeSet::from([port])));
            }
            let new = egress.virtual_services.iter().copied();
            // A listener for one port imports only that port of the destinations.
            let new = new.filter(|it| only.is_some() || seen.insert(std::ptr::from_ref(*it)));
            for (host, ports) in new.flat_map(|it| Destinations::of(world, namespace, it).0) {
                let Some(service) = world.services.routed_from(namespace, &host) else { continue };
                let ports = match only {
                    Some(only) => Some(BTreeSet::from([only])),
                    None => Some(ports).filter(|ports| !ports.contains(&0)),
                };
                let has_port = |ports: &BTreeSet<u32>| ports.iter().any(|port| service.port(*port).is_some());
                if service.discovery != Discovery::Alias && ports.as_ref().is_none_or(has_port) {
                    imported.add(service, ports);
                }
            }
        }
        imported
    }

    /// Adds ports of a service. The first service of a host counts, but a Kubernetes Service replaces a ServiceEntry.
    fn add(&mut self, service: &'a Service<'a>, ports: Option<BTreeSet<u32>>) {
        let Some(counted) = self.0.get_mut(service.hostname.as_str()) else {
            self.0.insert(&service.hostname, ImportedService { service, ports });
            return;
        };
        if service.is_kubernetes() && !counted.service.is_kubernetes() {
            *counted = ImportedService { service, ports };
        } else if std::ptr::eq(service, counted.service) || service.merges_with(counted.service) {
            counted.ports = match (counted.ports.take(), ports) {
                (Some(mut known), Some(new)) => {
                    known.extend(new);
                    Some(known)
                }
                _ => None,
            };
        }
    }

    /// The service of a host.
    pub fn service(&self, hostname: &str) -> Option<&'a Service<'a>> {
        self.0.get(hostname).map(|it| it.service)
    }

    /// Whether a port of the service of a host is imported.
    pub fn has_port(&self, hostname: &str, port: u32) -> bool {
        let ports = self.0.get(hostname).and_then(|it| it.ports.as_ref());
        ports.is_none_or(|ports| ports.contains(&port))
    }
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
