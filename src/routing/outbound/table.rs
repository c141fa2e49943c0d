//! The route table of a sidecar at one port (istiod: `BuildSidecarOutboundVirtualHosts`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::clause::{Clause, ClauseAction};
use super::super::http;
use super::super::proxy::Proxy;
use super::super::scope::{Egress, SidecarScope};
use super::super::table::{Fallback, Table, VirtualHost};
use super::domains::{domains, in_brackets};
use crate::config::OutboundMode;
use crate::world::{Discovery, Origin, Service, VirtualService, host};

/// The only port at which hosts without a service get routes. Names without a port mean this port to an HTTP proxy.
pub(super) const HTTP_PORT: u32 = 80;

/// The port that routes see at a listener that is an HTTP proxy.
const PROXY_PORT: u32 = 0;

/// Compiles the table that all HTTP services of a port share.
pub(super) fn shared<'a>(proxy: &Proxy<'a>, scope: &SidecarScope<'a>, egress: &Egress<'a>, port: u32) -> Table<'a> {
    let is_proxy = egress.is_http_proxy();
    // For an HTTP proxy, istiod adds the port to each domain. Envoy ignores the port when it looks up a virtual host,
    // so it only finds those of names without a port: the virtual hosts of port 80 (istiod: `mergeAllVirtualHosts`).
    let port = if is_proxy { HTTP_PORT } else { port };
    let services = services_on(egress, port);
    let mut builder = TableBuilder {
        proxy,
        port,
        route_port: if is_proxy { PROXY_PORT } else { port },
        owners: most_specific(egress),
        assumed: assumed_hosts(proxy, egress, port),
        unclaimed: services.keys().copied().collect(),
        claims: HashMap::new(),
        aliases: aliases(proxy, egress),
        registered: registered_on(egress, port).map(|service| service.hostname.as_str()).collect(),
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

/// The services with a port of this number that may carry HTTP, by host.
fn services_on<'a>(egress: &Egress<'a>, port: u32) -> BTreeMap<&'a str, &'a Service<'a>> {
    let speaks_http = |service: &&Service<'_>| service.port(port).is_some_and(|port| port.protocol.may_be_http());
    registered_on(egress, port).filter(speaks_http).map(|service| (service.hostname.as_str(), service)).collect()
}

/// The services with a port of this number, whatever its protocol is.
fn registered_on<'a>(egress: &Egress<'a>, port: u32) -> impl Iterator<Item = &'a Service<'a>> {
    let services = egress.services.iter().copied().filter(|service| service.discovery != Discovery::Alias);
    services.filter(move |service| service.port(port).is_some())
}

/// The ExternalName Services that the sidecar sees, by the service to which they finally lead (istiod:
/// `resolveServiceAliases`).
fn aliases<'a>(proxy: &Proxy<'a>, egress: &Egress<'a>) -> HashMap<&'a str, Vec<&'a str>> {
    let mut aliases: HashMap<&'a str, Vec<&'a str>> = HashMap::new();
    for alias in egress.services.iter().filter(|service| service.discovery == Discovery::Alias) {
        if let Some(target) = proxy.world.services.behind(&proxy.namespace, alias) {
            aliases.entry(&target.hostname).or_default().push(&alias.hostname);
        }
    }
    aliases
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
    port: u32,
    /// The port that matches of routes refer to.
    route_port: u32,
    services: BTreeMap<&'a str, &'a Service<'a>>,
    /// The hosts of all services with the port. Those of `services` can carry HTTP; the others get no virtual host, even
    /// if a VirtualService defines one (istiod: `separateVSHostsAndServices`).
    registered: BTreeSet<&'a str>,
    assumed: BTreeSet<&'a str>,
    owners: HashMap<&'a str, &'a VirtualService<'a>>,
    unclaimed: BTreeSet<&'a str>,
    /// The first VirtualService that defines a host.
    claims: HashMap<String, &'a VirtualService<'a>>,
    /// The hosts of ExternalName Services, by the service to which they lead.
    aliases: HashMap<&'a str, Vec<&'a str>>,
    table: Table<'a>,
}

impl<'a> TableBuilder<'a, '_> {
    fn add_virtual_service(&mut self, virtual_service: &'a VirtualService<'a>) {
        if self.route_port != HTTP_PORT && !virtual_service.hosts.iter().any(|host| self.is_for_service(&host.value)) {
            return;
        }
        // A Gateway API route that is for none of the services here has no effect.
        if virtual_service.origin == Origin::GatewayApi
            && !self.services.values().any(|it| self.is_for(virtual_service, it))
        {
            return;
        }
        let clauses = http::clauses(self.proxy, virtual_service, None, self.route_port);
        if !clauses.iter().any(Clause::is_live) {
            return;
        }
        let mut others = Vec::new();
        let mut found_service = false;
        for host in &virtual_service.hosts {
            let of_host = self.services_for(virtual_service, &host.value);
            found_service |= !of_host.is_empty();
            if of_host.is_empty() && !self.is_registered(virtual_service, &host.value) {
                others.push(host.value.clone());
            }
            for name in of_host {
                // The first VirtualService owns a host; istiod does not merge the routes of a second one.
                let is_first = !self.claims.contains_key(&name);
                if is_first && (self.unclaimed.remove(name.as_str()) || self.assumed.contains(name.as_str())) {
                    self.add_service(&name, clauses.clone());
                }
                self.claim(name, virtual_service);
            }
        }
        if found_service || self.route_port == HTTP_PORT {
            for name in others {
                self.add(&name, vec![in_brackets(&name).to_ascii_lowercase()], clauses.clone());
                self.claim(name, virtual_service);
            }
        }
    }

    /// Notes the first VirtualService that defines a host. A later one loses, even if only by name, since manifests
    /// have no creation times.
    fn claim(&mut self, name: String, virtual_service: &'a VirtualService<'a>) {
        let Some(&first) = self.claims.get(&name) else {
            self.claims.insert(name, virtual_service);
            return;
        };
        if !std::ptr::eq(first, virtual_service) && first.is_tied_with(virtual_service) {
            self.table.add_rival(&format!("{}:{}", in_brackets(&name), self.port), virtual_service.name.to_string());
        }
    }

    /// Whether a host gets a virtual host at a port other than 80.
    fn is_for_service(&self, host: &str) -> bool {
        let of_registry = || {
            let covers = |name: &str| host::covered_by(name, host) || host::covered_by(host, name);
            self.services.keys().any(|name| covers(name))
        };
        self.assumed.contains(host) || self.services.contains_key(host) || of_registry()
    }

    fn is_for(&self, virtual_service: &VirtualService<'_>, service: &Service<'_>) -> bool {
        virtual_service.is_for(service, &self.proxy.namespace)
    }

    /// The services for which a host of a VirtualService routes.
    fn services_for(&self, virtual_service: &VirtualService<'_>, host: &str) -> Vec<String> {
        if host::wildcard_suffix(host).is_none() {
            let host = host.to_ascii_lowercase();
            let known = self.services.get(host.as_str()).is_some_and(|it| self.is_for(virtual_service, it));
            return (known || self.assumed.contains(host.as_str())).then_some(host).into_iter().collect();
        }
        let is_owned = |name: &&str| self.owners.get(*name).is_some_and(|owner| std::ptr::eq(*owner, virtual_service));
        let covered = self.services.keys().copied().filter(|name| host::covered_by(name, host));
        // Gateway API wildcards do not expand to services.
        match virtual_service.origin {
            Origin::GatewayApi => Vec::new(),
            Origin::VirtualService | Origin::Ingress => covered.filter(is_owned).map(str::to_owned).collect(),
        }
    }

    /// Whether a host of a VirtualService is that of a service, or a wildcard that covers some, even if other
    /// VirtualServices route for them.
    fn is_registered(&self, virtual_service: &VirtualService<'_>, host: &str) -> bool {
        match host::wildcard_suffix(host) {
            Some(_) if virtual_service.origin == Origin::GatewayApi => false,
            Some(_) => self.registered.iter().any(|name| host::covered_by(name, host)),
            None => self.registered.contains(host.to_ascii_lowercase().as_str()),
        }
    }

    fn add_service(&mut self, name: &str, clauses: Vec<Clause<'a>>) {
        let service = self.services.get(name).copied();
        let is_service = |other: &str| self.services.contains_key(other);
        let aliases = self.aliases.get(name).map(Vec::as_slice).unwrap_or_default();
        let all = domains(self.proxy, name, aliases, service, is_service);
        self.add(name, all, clauses);
    }

    fn add(&mut self, name: &str, domains: Vec<String>, clauses: Vec<Clause<'a>>) {
        let name = format!("{}:{}", in_brackets(name), self.port);
        self.table.add(VirtualHost { name, domains, clauses, requires_tls: false, rivals: Vec::new() });
    }

    fn add_default_routes(&mut self) {
        for name in std::mem::take(&mut self.unclaimed) {
            let service = self.services[name];
            self.add_service(name, vec![Clause::default_route(ClauseAction::Service(service), self.port)]);
        }
    }
}

/// The table of a port with protocol detection at the address of one service. It routes every host to that service
/// (istiod: `getVirtualHostsForSniffedServicePort`).
pub(super) fn private<'a>(shared: &Table<'a>, hostname: &str) -> Table<'a> {
    let mut table = Table::default();
    let full = in_brackets(hostname);
    let own = shared.virtual_hosts().iter().find(|it| it.domains.contains(&full));
    if let Some(own) = own {
        table.add(VirtualHost { domains: vec!["*".to_owned()], ..own.clone() });
    }
    table
}
