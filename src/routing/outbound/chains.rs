//! Filter chains for the bytes of a service's port: `tcp` and `tls` routes, or the service itself (istiod:
//! `buildSidecarOutboundTCPFilterChainOpts`, `buildSidecarOutboundTLSFilterChainOpts`).

use std::sync::Arc;

use ipnet::IpNet;

use super::super::destination;
use super::super::l4::{Considered, Entry, TcpRoute, tcp_entries, tls_entries};
use super::super::listener::{ChainAction, Criteria, FilterChain};
use super::super::proxy::Proxy;
use super::super::scope::Egress;
use crate::source::Spanned;
use crate::world::{Service, VirtualService, host};

/// Filter chains, and the rules that were considered for them, in order.
pub(super) struct Chains<'a> {
    pub chains: Vec<FilterChain<'a>>,
    pub considered: Vec<Considered<'a>>,
}

/// What chains are built for: a port of a service, as an egress listener knows it, or of a host that is taken to be one.
pub(super) struct Target<'a, 'p> {
    pub proxy: &'p Proxy<'a>,
    pub egress: &'p Egress<'a>,
    pub host: &'a str,
    pub service: Option<&'a Service<'a>>,
    pub port: u32,
    /// The networks of the service, if the listener is not for its address alone.
    pub networks: Vec<IpNet>,
    /// Whether the listener is for other destinations as well.
    pub is_shared: bool,
}

impl<'a> Target<'a, '_> {
    /// The VirtualServices with a host that has some name in common with the service's. The most specific one has no
    /// privilege here.
    fn virtual_services(&self) -> impl Iterator<Item = &'a VirtualService<'a>> {
        let concerned = |it: &&VirtualService<'_>| it.hosts.iter().any(|host| host::overlap(&host.value, self.host));
        self.egress.virtual_services.iter().copied().filter(concerned)
    }

    /// The chains of a host that is taken to be a service: what the rules for connections say, whichever there are.
    pub fn assumed(&self) -> Chains<'a> {
        let has_rules = |entries: Vec<Entry<'a>>| {
            entries.iter().any(|entry| entry.exclusion(self.proxy, None, self.port).is_none())
        };
        let mut built = Chains { chains: Vec::new(), considered: Vec::new() };
        let all = || self.virtual_services();
        let of_tls = has_rules(all().flat_map(tls_entries).collect()).then(|| self.tls());
        let of_tcp = has_rules(all().flat_map(tcp_entries).collect()).then(|| self.tcp());
        for chains in of_tls.into_iter().chain(of_tcp) {
            built.chains.extend(chains.chains);
            built.considered.extend(chains.considered);
        }
        built
    }

    /// Whether some VirtualService has rules for HTTP.
    pub fn has_http_rules(&self) -> bool {
        self.virtual_services().any(|service| !service.spec.http.is_empty())
    }

    fn chain(&self, networks: Vec<IpNet>, server_names: Vec<String>, route: TcpRoute<'a>) -> FilterChain<'a> {
        let criteria = Criteria { networks, server_names, plaintext_http: false };
        FilterChain { criteria, action: ChainAction::Tcp(Arc::new(route)) }
    }

    /// Goes to the service itself.
    fn default_route(&self) -> TcpRoute<'a> {
        let referrer = self.service.map_or(&self.proxy.namespace, |service| &service.namespace);
        let (host, whole) = (self.host.to_owned(), String::new());
        let cluster = destination::of_service(self.proxy, referrer, self.service, host, whole, self.port);
        TcpRoute::to(cluster)
    }

    fn route(&self, entry: &Entry<'a>) -> TcpRoute<'a> {
        let destinations = entry.rule.destinations(self.proxy, self.port);
        TcpRoute { rule: Some(entry.rule), destinations, terminates_tls: false }
    }

    /// The chains of the `tcp` routes. The first alternative that asks for no network takes all that is left.
    pub fn tcp(&self) -> Chains<'a> {
        let mut chains = Vec::new();
        let mut considered = Vec::new();
        for entry in self.virtual_services().flat_map(tcp_entries) {
            let exclusion = entry.exclusion(self.proxy, None, self.port);
            considered.push(entry.considered(exclusion.clone()));
            if exclusion.is_some() {
                continue;
            }
            if entry.subnets.is_empty() {
                chains.push(self.chain(self.networks.clone(), Vec::new(), self.route(&entry)));
                return Chains { chains, considered };
            }
            chains.push(self.chain(entry.networks(), Vec::new(), self.route(&entry)));
        }
        chains.push(self.chain(self.networks.clone(), Vec::new(), self.default_route()));
        Chains { chains, considered }
    }

    /// The chains of the `tls` routes. If any of them is for this proxy, other server names have no chain.
    pub fn tls(&self) -> Chains<'a> {
        let mut chains: Vec<FilterChain<'a>> = Vec::new();
        let mut considered = Vec::new();
        let mut written: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
        // The networks of one alternative stay in force for those behind it.
        let mut networks = self.networks.clone();
        for entry in self.virtual_services().flat_map(tls_entries) {
            let exclusion = entry.exclusion(self.proxy, None, self.port);
            considered.push(entry.considered(exclusion.clone()));
            if exclusion.is_some() {
                continue;
            }
            let texts = |list: &'a [Spanned<String>]| list.iter().map(|it| it.as_str()).collect();
            let key: (Vec<&str>, Vec<&str>) = (texts(entry.server_names), texts(entry.subnets));
            if !entry.subnets.is_empty() {
                networks = entry.networks();
            }
            if !written.contains(&key) {
                written.push(key);
                chains.push(self.chain(networks.clone(), entry.names(), self.route(&entry)));
            }
        }
        if chains.is_empty() {
            // Behind the address of the service alone no server name has to be asked for, unless it is what counts.
            let is_asked = self.is_shared || self.service.is_some_and(Service::is_looked_up);
            let names = if is_asked { self.names() } else { Vec::new() };
            chains.push(self.chain(self.networks.clone(), names, self.default_route()));
        }
        Chains { chains, considered }
    }

    /// The names under which the service is known to TLS: its own and those of its aliases.
    fn names(&self) -> Vec<String> {
        let world = self.proxy.world;
        let is_own = |behind: &Service<'_>| self.service.is_some_and(|own| std::ptr::eq(own, behind));
        let is_alias = |other: &&&Service<'_>| {
            other.external_name().is_some() && world.services.behind(&self.proxy.namespace, other).is_some_and(is_own)
        };
        let aliases = self.egress.services.iter().filter(is_alias).map(|alias| alias.hostname.clone());
        std::iter::once(self.host.to_ascii_lowercase()).chain(aliases).filter(|name| name != "*").collect()
    }
}
