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

/// What chains are built for: a port of a service, as an egress listener knows it.
pub(super) struct Target<'a, 'p> {
    pub proxy: &'p Proxy<'a>,
    pub egress: &'p Egress<'a>,
    pub service: &'a Service<'a>,
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
        let name = self.service.hostname.as_str();
        let concerned = |it: &&VirtualService<'_>| it.hosts.iter().any(|host| host::overlap(&host.value, name));
        self.egress.virtual_services.iter().copied().filter(concerned)
    }

    fn chain(&self, networks: Vec<IpNet>, server_names: Vec<String>, route: TcpRoute<'a>) -> FilterChain<'a> {
        let criteria = Criteria { networks, server_names, plaintext_http: false };
        FilterChain { criteria, action: ChainAction::Tcp(Arc::new(route)) }
    }

    /// Goes to the service itself.
    fn default_route(&self) -> TcpRoute<'a> {
        let (service, hostname) = (self.service, self.service.hostname.clone());
        let referrer = &service.namespace;
        let cluster = destination::of_service(self.proxy, referrer, Some(service), hostname, String::new(), self.port);
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
            // Behind the address of the service alone no server name has to be asked for.
            let names = if self.is_shared { self.names() } else { Vec::new() };
            chains.push(self.chain(self.networks.clone(), names, self.default_route()));
        }
        Chains { chains, considered }
    }

    /// The names under which the service is known to TLS: its own and those of its aliases.
    fn names(&self) -> Vec<String> {
        let world = self.proxy.world;
        let is_alias = |other: &&&Service<'_>| {
            other.external_name().is_some()
                && world.services.behind(&self.proxy.namespace, other).is_some_and(|it| std::ptr::eq(it, self.service))
        };
        let aliases = self.egress.services.iter().filter(is_alias).map(|alias| alias.hostname.clone());
        std::iter::once(self.service.hostname.to_ascii_lowercase()).chain(aliases).filter(|name| name != "*").collect()
    }
}
