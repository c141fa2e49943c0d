//! The route table of a sidecar at one port (istiod: `BuildSidecarOutboundVirtualHosts`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::clause::{Clause, ClauseAction};
use super::super::http;
use super::super::proxy::Proxy;
use super::super::scope::{Egress, SidecarScope};
use super::super::table::{Fallback, Table, VirtualHost};
use super::domains::domains;
use crate::config::OutboundMode;
use crate::uri::in_brackets;
use crate::world::{Discovery, Origin, Service, VirtualService, host};

/// The only port at which hosts without a service get routes. Names without a port mean this port to an HTTP proxy.
pub(super) const HTTP_PORT: u32 = 80;

/// The port that routes see at a listener that is an HTTP proxy.
const PROXY_PORT: u32 = 0;

/// Compiles the table that all HTTP services of a port share, from the egress listener of the port. It has virtual hosts
/// for the services that have the port, of whatever protocol it is there, and for other hosts of VirtualServices.
pub(super) fn shared<'a>(proxy: &Proxy<'a>, scope: &SidecarScope<'a>, port: u32) -> Table<'a> {
    let Some(egress) = scope.egress_of_port(port) else { return Table::default() };
    let is_proxy = egress.is_http_proxy();
    let services = known_services(egress, if is_proxy { PROXY_PORT } else { port });
    // For an HTTP proxy, istiod adds the port to each domain. Envoy ignores the port when it looks up a virtual host,
    // so it only finds those of names without a port: the virtual hosts of port 80 (istiod: `mergeAllVirtualHosts`).
    let port = if is_proxy { HTTP_PORT } else { port };
    let speaks_http = |service: &Service<'_>| service.port(port).is_some_and(|port| port.protocol.may_be_http());
    let unclaimed = services.iter().filter(|(_, it)| speaks_http(it) && it.discovery != Discovery::Alias);
    let mut builder = TableBuilder {
        proxy,
        egress,
        port,
        route_port: if is_proxy { PROXY_PORT } else { port },
        owners: most_specific(egress),
        assumed: assumed_hosts(proxy, egress, port),
        unclaimed: unclaimed.map(|(name, _)| name.clone()).collect(),
        claims: HashMap::new(),
        http: services.iter().filter(|(_, it)| speaks_http(it)).map(|(name, _)| name.clone()).collect(),
        services,
        table: Table::default(),
    };
    for virtual_service in &egress.virtual_services {
        builder.add_virtual_service(virtual_service);
    }
    builder.add_default_routes();
    let mut table = builder.table;
    table.fallback = match scope.outbound {
        OutboundMode::AllowAny => Fallback::Passthrough,
        OutboundMode::RegistryOnly => Fallback::BlackHole,
        OutboundMode::AllowAnyDynamicDns => Fallback::DynamicDns,
    };
    table
}

/// The hosts of VirtualServices that are assumed to be services with a port.
pub(super) fn assumed_hosts<'a>(proxy: &Proxy<'a>, egress: &Egress<'a>, port: u32) -> BTreeSet<&'a str> {
    let hosts = egress.virtual_services.iter().flat_map(|it| &it.hosts);
    hosts.filter_map(|host| proxy.world.assumed.at(host, port)).map(|(host, _)| host).collect()
}

/// The services that have a port, by host in lower case; all of them for `PROXY_PORT`. The last one of a host counts.
fn known_services<'a>(egress: &Egress<'a>, port: u32) -> BTreeMap<String, &'a Service<'a>> {
    let having = egress.services.iter().copied().filter(|service| port == PROXY_PORT || service.has_port(port));
    having.map(|service| (service.hostname.to_ascii_lowercase(), service)).collect()
}

/// The VirtualService that routes for each service: the one with the most specific host, the first of equals (istiod:
/// `computeWildcardHostVirtualServiceIndex`). Ports and matches do not matter.
fn most_specific<'a>(egress: &Egress<'a>) -> HashMap<&'a str, &'a VirtualService<'a>> {
    let mut by_host: BTreeMap<&'a str, &'a VirtualService<'a>> = BTreeMap::new();
    for virtual_service in &egress.virtual_services {
        virtual_service.hosts.iter().for_each(|host| {
            by_host.entry(&host.value).or_insert(virtual_service);
        });
    }
    let wildcards: Vec<&str> = by_host.keys().copied().filter(|host| host::wildcard_suffix(host).is_some()).collect();
    let owner = |service: &&'a Service<'a>| {
        let name = service.hostname.as_str();
        let plain = by_host.get(name);
        let best = plain.or_else(|| by_host.get(host::most_specific(name, wildcards.iter().copied())?))?;
        Some((name, *best))
    };
    egress.services.iter().filter_map(owner).collect()
}

struct TableBuilder<'a, 'p> {
    proxy: &'p Proxy<'a>,
    egress: &'p Egress<'a>,
    port: u32,
    /// The port that matches of routes refer to.
    route_port: u32,
    /// The services that have the port, by host in lower case.
    services: BTreeMap<String, &'a Service<'a>>,
    /// The hosts of those that can carry HTTP there. The others get no virtual host, even if a VirtualService defines one
    /// (istiod: `separateVSHostsAndServices`).
    http: BTreeSet<String>,
    /// Hosts that are treated like those of HTTP services.
    assumed: BTreeSet<&'a str>,
    owners: HashMap<&'a str, &'a VirtualService<'a>>,
    unclaimed: BTreeSet<String>,
    /// The first VirtualService that defines a host.
    claims: HashMap<String, &'a VirtualService<'a>>,
    table: Table<'a>,
}

impl<'a> TableBuilder<'a, '_> {
    fn add_virtual_service(&mut self, virtual_service: &'a VirtualService<'a>) {
        let is_selected = || virtual_service.hosts.iter().any(|host| self.selects(&host.to_ascii_lowercase()));
        if self.route_port != HTTP_PORT && !is_selected() {
            return;
        }
        // A Gateway API route that is for none of the services here has no effect.
        if virtual_service.origin == Origin::GatewayApi
            && !self.services.values().any(|it| virtual_service.is_for(it, &self.proxy.namespace))
        {
            return;
        }
        let clauses = http::clauses(self.proxy, virtual_service, None, self.route_port);
        if !clauses.iter().any(Clause::is_live) {
            return;
        }
        let mut plain = Vec::new();
        let mut of_services = Vec::new();
        for host in virtual_service.hosts.iter().map(|host| host.to_ascii_lowercase()) {
            match self.services_for(virtual_service, &host) {
                Some(services) => of_services.extend(services),
                None => plain.push(host),
            }
        }
        let of_http = |name: &String| self.http.contains(name) || self.assumed.contains(name.as_str());
        let is_any_http = of_services.iter().any(of_http);
        of_services.retain(of_http);
        if is_any_http || self.route_port == HTTP_PORT {
            for name in plain {
                let is_new = self.claim(&name, virtual_service);
                if is_new {
                    self.add(&name, vec![in_brackets(&name).into_owned()], clauses.clone());
                }
            }
        }
        for name in of_services {
            self.unclaimed.remove(name.as_str());
            // The first VirtualService owns a host; istiod does not merge the routes of a second one.
            if self.claim(&name, virtual_service) {
                self.add_service(&name, clauses.clone());
            }
        }
    }

    /// Notes the first VirtualService that defines a host, and returns whether it is this one. A later one loses, even if
    /// only by name, since manifests have no creation times.
    fn claim(&mut self, name: &str, virtual_service: &'a VirtualService<'a>) -> bool {
        let Some(&first) = self.claims.get(name) else {
            self.claims.insert(name.to_owned(), virtual_service);
            return true;
        };
        let is_tied = self.is_of_client(first) == self.is_of_client(virtual_service)
            && first.is_tied_with(virtual_service)
            && !std::ptr::eq(first.resource, virtual_service.resource);
        if is_tied {
            let resource = virtual_service.resource;
            let namespace = self.proxy.world.namespace_of(resource);
            let rival = format!("{} `{namespace}/{}`", resource.kind.name(), resource.name());
            self.table.add_rival(&format!("{}:{}", in_brackets(name), self.port), rival);
        }
        false
    }

    /// Whether it is a Gateway API route of the client's namespace, which comes before others of any age.
    fn is_of_client(&self, virtual_service: &VirtualService<'_>) -> bool {
        virtual_service.origin == Origin::GatewayApi && virtual_service.name.namespace == self.proxy.namespace
    }

    /// Whether a VirtualService with this host has an effect at a port other than 80: a service has the host, or one of
    /// both is a wildcard and they overlap (istiod: `selectVirtualServices`).
    fn selects(&self, host: &str) -> bool {
        self.assumed.contains(host)
            || self.services.contains_key(host)
            || self.services.keys().any(|name| host::overlap(name, host))
    }

    /// The services for which a host of a VirtualService routes. `None` if the host is that of no service, nor a wildcard
    /// that overlaps with one: then it gets a virtual host of its own.
    fn services_for(&self, virtual_service: &VirtualService<'_>, host: &str) -> Option<Vec<String>> {
        if host::wildcard_suffix(host).is_none() {
            let is_known = self.services.contains_key(host) || self.assumed.contains(host);
            return is_known.then(|| vec![host.to_owned()]);
        }
        // Gateway API wildcards do not expand to services.
        if virtual_service.origin == Origin::GatewayApi {
            return None;
        }
        let is_owned =
            |name: &&String| self.owners.get(name.as_str()).is_some_and(|owner| std::ptr::eq(*owner, virtual_service));
        let overlapping: Vec<&String> = self.services.keys().filter(|name| host::overlap(name, host)).collect();
        (!overlapping.is_empty()).then(|| overlapping.into_iter().filter(is_owned).cloned().collect())
    }

    fn add_service(&mut self, name: &str, clauses: Vec<Clause<'a>>) {
        let service = self.services.get(name).copied();
        let is_service = |other: &str| self.http.contains(other);
        let aliases = service.and_then(|service| self.egress.aliases.get(service.hostname.as_str()));
        let aliases = aliases.map(Vec::as_slice).unwrap_or_default();
        let all = domains(self.proxy, name, aliases, service, is_service);
        self.add(name, all, clauses);
    }

    fn add(&mut self, name: &str, domains: Vec<String>, clauses: Vec<Clause<'a>>) {
        let name = format!("{}:{}", in_brackets(name), self.port);
        self.table.add(VirtualHost { name, domains, clauses, requires_tls: false, rivals: Vec::new() });
    }

    fn add_default_routes(&mut self) {
        for name in std::mem::take(&mut self.unclaimed) {
            let service = self.services[&name];
            self.add_service(&name, vec![Clause::default_route(ClauseAction::Service(service), self.port)]);
        }
    }
}

/// The table of a port with protocol detection at the address of one service. It routes every host to that service, or
/// has no routes if the egress listener of the port does not import the service (istiod:
/// `getVirtualHostsForSniffedServicePort`).
pub(super) fn private<'a>(shared: &Table<'a>, hostname: &str) -> Table<'a> {
    let mut table = Table::default();
    let full = in_brackets(hostname).into_owned();
    let own = shared.virtual_hosts().iter().find(|it| it.domains.contains(&full));
    if let Some(own) = own {
        table.add(VirtualHost { domains: vec!["*".to_owned()], ..own.clone() });
    }
    table
}
