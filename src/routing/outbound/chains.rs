//! Filter chains for the bytes of a service's port: `tcp` and `tls` routes, or the service itself (istiod:
//! `buildSidecarOutboundTCPFilterChainOpts`, `buildSidecarOutboundTLSFilterChainOpts`).

use std::sync::Arc;

use ipnet::IpNet;

use super::super::destination;
use super::super::l4::{ConsideredRoute, L4Match, TcpProxy, tcp_matches, tls_matches};
use super::super::listener::{ChainAction, Criteria, FilterChain};
use super::super::proxy::Proxy;
use super::super::scope::Egress;
use super::domains;
use crate::source::Spanned;
use crate::world::{Service, VirtualService, host};

/// Filter chains, and the routes that were considered for them, in order.
pub(super) struct Chains<'a> {
    pub chains: Vec<FilterChain<'a>>,
    pub considered: Vec<ConsideredRoute<'a>>,
}

/// The subject of filter chains: a port of a service within an egress listener, or of a host that is assumed to be a
/// service.
pub(super) struct ChainTarget<'a, 'p> {
    pub proxy: &'p Proxy<'a>,
    pub egress: &'p Egress<'a>,
    pub host: &'a str,
    pub service: Option<&'a Service<'a>>,
    pub port: u32,
    /// The networks of the service, if the listener is not for its address only.
    pub networks: Vec<IpNet>,
    /// Whether the listener is for other destinations as well.
    pub is_shared: bool,
}

impl<'a> ChainTarget<'a, '_> {
    /// The VirtualServices with a host that overlaps that of the service. The most specific host has no precedence
    /// here.
    fn virtual_services(&self) -> impl Iterator<Item = &'a VirtualService<'a>> {
        let concerned = |it: &&VirtualService<'_>| it.hosts.iter().any(|host| host::overlap(&host.value, self.host));
        self.egress.virtual_services.iter().copied().filter(concerned)
    }

    /// The filter chains of a host that is assumed to be a service: those of all its `tls` and `tcp` routes.
    pub fn assumed(&self) -> Chains<'a> {
        let has_routes =
            |matches: Vec<L4Match<'a>>| matches.iter().any(|it| it.exclusion(self.proxy, None, self.port).is_none());
        let mut built = Chains { chains: Vec::new(), considered: Vec::new() };
        let all = || self.virtual_services();
        let of_tls = has_routes(all().flat_map(tls_matches).collect()).then(|| self.tls());
        let of_tcp = has_routes(all().flat_map(tcp_matches).collect()).then(|| self.tcp());
        for chains in of_tls.into_iter().chain(of_tcp) {
            built.chains.extend(chains.chains);
            built.considered.extend(chains.considered);
        }
        built
    }

    /// Whether some VirtualService has `http` routes.
    pub fn has_http_routes(&self) -> bool {
        self.virtual_services().any(|it| !it.spec.http.is_empty())
    }

    fn chain(&self, networks: Vec<IpNet>, server_names: Vec<String>, route: TcpProxy<'a>) -> FilterChain<'a> {
        let criteria = Criteria { networks, server_names, plaintext_http: false };
        FilterChain { criteria, action: ChainAction::Tcp(Arc::new(route)) }
    }

    /// The default route to the service.
    fn default_route(&self) -> TcpProxy<'a> {
        let referrer = self.service.map_or(&self.proxy.namespace, |service| &service.namespace);
        let (host, whole) = (self.host.to_owned(), String::new());
        let cluster = destination::of_service(self.proxy, referrer, host, whole, self.port);
        TcpProxy::to(cluster)
    }

    fn route(&self, l4_match: &L4Match<'a>) -> TcpProxy<'a> {
        let destinations = l4_match.route.destinations(self.proxy, self.port);
        TcpProxy { route: Some(l4_match.route), destinations, terminates_tls: false }
    }

    /// The filter chains of the `tcp` routes. The first match without a network takes all remaining connections.
    pub fn tcp(&self) -> Chains<'a> {
        let mut chains = Vec::new();
        let mut considered = Vec::new();
        for l4_match in self.virtual_services().flat_map(tcp_matches) {
            let exclusion = l4_match.exclusion(self.proxy, None, self.port);
            considered.push(l4_match.considered(exclusion.clone()));
            if exclusion.is_some() {
                continue;
            }
            if l4_match.subnets.is_empty() {
                chains.push(self.chain(self.networks.clone(), Vec::new(), self.route(&l4_match)));
                return Chains { chains, considered };
            }
            chains.push(self.chain(l4_match.networks(), Vec::new(), self.route(&l4_match)));
        }
        chains.push(self.chain(self.networks.clone(), Vec::new(), self.default_route()));
        Chains { chains, considered }
    }

    /// The filter chains of the `tls` routes. If any of them is for this proxy, other server names have no chain.
    pub fn tls(&self) -> Chains<'a> {
        let mut chains: Vec<FilterChain<'a>> = Vec::new();
        let mut considered = Vec::new();
        let mut written: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
        // istiod keeps the networks of a match in force for later matches.
        let mut networks = self.networks.clone();
        for l4_match in self.virtual_services().flat_map(tls_matches) {
            let exclusion = l4_match.exclusion(self.proxy, None, self.port);
            considered.push(l4_match.considered(exclusion.clone()));
            if exclusion.is_some() {
                continue;
            }
            let texts = |list: &'a [Spanned<String>]| list.iter().map(|it| it.as_str()).collect();
            let key: (Vec<&str>, Vec<&str>) = (texts(l4_match.server_names), texts(l4_match.subnets));
            if !l4_match.subnets.is_empty() {
                networks = l4_match.networks();
            }
            if !written.contains(&key) {
                written.push(key);
                chains.push(self.chain(networks.clone(), l4_match.names(), self.route(&l4_match)));
            }
        }
        if chains.is_empty() {
            // At the address of one service, no server name is required, unless Envoy resolves the service by name.
            let needs_name = self.is_shared || self.service.is_some_and(Service::is_looked_up);
            let names = if needs_name { self.names() } else { Vec::new() };
            chains.push(self.chain(self.networks.clone(), names, self.default_route()));
        }
        Chains { chains, considered }
    }

    /// The server names of the service: its host, and its aliases in their short forms as well.
    fn names(&self) -> Vec<String> {
        let aliases = self.egress.aliases.get(self.host).into_iter().flatten();
        let of_aliases = aliases.flat_map(|alias| domains::of_name(self.proxy, alias, |_| false));
        std::iter::once(self.host.to_owned()).chain(of_aliases).filter(|name| name != "*").collect()
    }
}
