//! The route table of a sidecar for one port (istiod: `BuildSidecarOutboundVirtualHosts`).
//!
//! Manifests are often a part of what is in the cluster. Where they hold no Service of a namespace at all, a host of
//! Kubernetes in that namespace is taken to be a service with the port that is asked for: an *assumed* one.

use std::collections::{BTreeMap, BTreeSet};

use super::clause::{Action, Clause};
use super::http;
use super::table::{Fallback, Table, VirtualHost};
use super::vantage::Vantage;
use crate::world::{Discovery, Service, VirtualService, World, host};

/// The only port on which hosts that are no services get routes.
const HTTP_PORT: u32 = 80;

/// Compiles the table. `None` if nothing listens for HTTP there: connections then go where the client dialled, or
/// nowhere, as the mesh's policy for unknown destinations has it.
pub fn table<'a>(world: &'a World<'a>, vantage: &Vantage) -> Option<Table<'a>> {
    let (client, port) = (vantage.namespace(), vantage.port());
    let services = services_on(world, client, port);
    let bound: Vec<&VirtualService<'_>> = world
        .virtual_services_seen_from(client)
        .into_iter()
        .filter(|service| service.binds_mesh() && !service.is_delegate())
        .collect();
    let assumed = assumed_hosts(world, &bound);
    let nothing_known = world.services.iter().next().is_none() && port == HTTP_PORT;
    if services.is_empty() && assumed.is_empty() && !nothing_known {
        return None;
    }
    let mut builder = Builder {
        world,
        client,
        port,
        owners: most_specific(&bound, &services),
        services,
        assumed,
        unclaimed: BTreeSet::new(),
        aliases: aliases(world, client),
        table: Table::default(),
    };
    builder.unclaimed = builder.services.keys().cloned().collect();
    for service in bound {
        builder.add_virtual_service(service, vantage);
    }
    Some(builder.finish())
}

/// The services with an HTTP port of this number, as the client sees them, by host name.
fn services_on<'a>(world: &'a World<'a>, client: &str, port: u32) -> BTreeMap<String, &'a Service<'a>> {
    let has_http_port = |service: &&Service<'_>| service.port(port).is_some_and(|port| port.protocol.may_be_http());
    let names: BTreeSet<&str> = world.services.iter().map(|service| service.hostname.as_str()).collect();
    names
        .into_iter()
        .filter_map(|name| world.services.seen_from(client, name))
        .filter(|service| service.discovery != Discovery::Alias)
        .filter(has_http_port)
        .map(|service| (service.hostname.clone(), service))
        .collect()
}

/// The ExternalName Services that a client sees, by the service that they stand for in the end (istiod:
/// `resolveServiceAliases`).
fn aliases(world: &World<'_>, client: &str) -> BTreeMap<String, Vec<String>> {
    let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let seen = world.services.iter().filter(|service| service.export_to.includes(client));
    for alias in seen.filter(|service| service.discovery == Discovery::Alias) {
        if let Some(target) = world.services.behind(client, alias) {
            aliases.entry(target.hostname.clone()).or_default().push(alias.hostname.clone());
        }
    }
    aliases
}

/// Hosts of VirtualServices that are services for all these manifests can tell.
fn assumed_hosts(world: &World<'_>, bound: &[&VirtualService<'_>]) -> BTreeSet<String> {
    let hosts = bound.iter().flat_map(|service| &service.hosts).map(|host| host.value.as_str());
    hosts.filter(|host| is_assumed(world, host)).map(str::to_owned).collect()
}

/// Whether a host is one of Kubernetes in a namespace of which the manifests hold no Service.
pub(super) fn is_assumed(world: &World<'_>, hostname: &str) -> bool {
    host::kubernetes_service(hostname, &world.settings.domain)
        .is_some_and(|(_, namespace)| !world.inventory.has_services(namespace))
}

/// For each service the host of the VirtualService that routes for it, by the most specific of all hosts
/// (istiod: `computeWildcardHostVirtualServiceIndex`). It does not look at ports or matches.
fn most_specific(bound: &[&VirtualService<'_>], services: &BTreeMap<String, &Service<'_>>) -> BTreeMap<String, String> {
    let hosts: BTreeSet<&str> = bound.iter().flat_map(|it| &it.hosts).map(|host| host.value.as_str()).collect();
    let wildcards: Vec<&str> = hosts.iter().copied().filter(|host| host::wildcard_suffix(host).is_some()).collect();
    let owner = |name: &String| {
        let plain = hosts.get(name.as_str()).copied();
        let best = plain.or_else(|| host::most_specific(name, wildcards.iter().copied()))?;
        Some((name.clone(), best.to_owned()))
    };
    services.keys().filter_map(owner).collect()
}

struct Builder<'a, 'c> {
    world: &'a World<'a>,
    client: &'c str,
    port: u32,
    services: BTreeMap<String, &'a Service<'a>>,
    assumed: BTreeSet<String>,
    owners: BTreeMap<String, String>,
    unclaimed: BTreeSet<String>,
    /// The names of ExternalName Services, by the service that they stand for.
    aliases: BTreeMap<String, Vec<String>>,
    table: Table<'a>,
}

impl<'a> Builder<'a, '_> {
    fn add_virtual_service(&mut self, service: &'a VirtualService<'a>, vantage: &Vantage) {
        if self.port != HTTP_PORT && !service.hosts.iter().any(|host| self.is_for_service(&host.value)) {
            return;
        }
        let clauses = http::clauses(self.world, service, vantage, None, self.port);
        if !clauses.iter().any(Clause::is_live) {
            return;
        }
        let mut others = Vec::new();
        let mut found_service = false;
        for host in &service.hosts {
            let of_host = self.services_for(&host.value);
            found_service |= !of_host.is_empty();
            if of_host.is_empty() && self.services_covered(&host.value) == 0 {
                others.push(host.value.clone());
            }
            for name in of_host {
                // The first VirtualService in order owns a host; the routes of a second one are not joined.
                if self.unclaimed.remove(&name) || self.assumed.contains(&name) {
                    self.add_service_host(&name, clauses.clone());
                }
            }
        }
        if found_service || self.port == HTTP_PORT {
            for name in others {
                let domains = vec![name.to_ascii_lowercase()];
                self.add(&name, domains, clauses.clone());
            }
        }
    }

    /// Whether a host keeps its VirtualService in the table of a port other than 80.
    fn is_for_service(&self, host: &str) -> bool {
        self.assumed.contains(host)
            || self
                .services
                .keys()
                .any(|name| name == host || host::covered_by(name, host) || host::covered_by(host, name))
    }

    /// The services that a host of a VirtualService routes for.
    fn services_for(&self, host: &str) -> Vec<String> {
        if host::wildcard_suffix(host).is_none() {
            let host = host.to_ascii_lowercase();
            let is_service = self.services.contains_key(&host) || self.assumed.contains(&host);
            return is_service.then_some(host).into_iter().collect();
        }
        self.owners.iter().filter(|(_, owner)| *owner == host).map(|(name, _)| name.clone()).collect()
    }

    fn services_covered(&self, host: &str) -> usize {
        if host::wildcard_suffix(host).is_none() {
            return 0;
        }
        self.services.keys().filter(|name| host::covered_by(name, host)).count()
    }

    fn add_service_host(&mut self, name: &str, clauses: Vec<Clause<'a>>) {
        let service = self.services.get(name).copied();
        let domain = &self.world.settings.domain;
        let is_service = |other: &str| self.services.contains_key(other);
        let mut all = domains(name, service, self.client, domain, is_service);
        for alias in self.aliases.get(name).into_iter().flatten() {
            all.extend(domains(alias, None, self.client, domain, is_service));
        }
        self.add(name, all, clauses);
    }

    fn add(&mut self, name: &str, domains: Vec<String>, clauses: Vec<Clause<'a>>) {
        let name = format!("{name}:{}", self.port);
        self.table.add(VirtualHost { name, port: self.port, domains, clauses, requires_tls: false });
    }

    fn finish(mut self) -> Table<'a> {
        for name in std::mem::take(&mut self.unclaimed) {
            let service = self.services[&name];
            self.add_service_host(&name, vec![Clause::default_route(Action::Service(service))]);
        }
        self.table.fallback =
            if self.world.settings.allow_any_outbound { Fallback::Passthrough } else { Fallback::BlackHole };
        self.table
    }
}

/// The domains under which a client reaches a service (istiod: `generateVirtualHostDomains`).
fn domains(
    hostname: &str,
    service: Option<&Service<'_>>,
    client: &str,
    domain: &str,
    is_service: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut domains = vec![hostname.to_owned()];
    if host::wildcard_suffix(hostname).is_none() {
        domains.push(format!("{hostname}."));
    }
    if let Some((name, namespace)) = host::kubernetes_service(hostname, domain) {
        let short = (namespace == client).then(|| name.to_owned());
        let shorter = [format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")];
        // A short form that is the full name of another service belongs to that one.
        domains.extend(short.into_iter().chain(shorter).filter(|form| !is_service(form)));
    }
    if let Some(service) = service {
        if service.discovery == Discovery::Headless {
            let of_pods: Vec<String> = domains.iter().map(|domain| format!("*.{domain}")).collect();
            domains.extend(of_pods);
        }
        domains.extend(service.addresses.iter().filter(|it| **it != "0.0.0.0").map(|it| (*it).to_owned()));
    }
    domains
}
