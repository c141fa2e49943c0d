//! The listeners of a client's sidecar (istiod: `buildSidecarOutboundListeners`).

mod chains;
mod domains;
mod table;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use self::chains::{ChainTarget, Chains};
use super::l4::ConsideredRoute;
use super::listener::{ChainAction, Criteria, DefaultChain, FilterChain, ProxyListener};
use super::proxy::Proxy;
use super::scope::{Egress, SidecarScope};
use super::table::Table;
use crate::config::OutboundMode;
use crate::world::{Discovery, Protocol, ProtocolClass, Service, VirtualService};

/// The listeners of a sidecar at one port.
#[derive(Debug)]
pub struct OutboundPort<'a> {
    listeners: Vec<OpenListener<'a>>,
    /// The index of a listener by address; `None` for that of all addresses.
    by_address: HashMap<Option<IpAddr>, usize>,
    /// The fate of connections to other addresses.
    pub default_chain: DefaultChain,
    /// The address of the HTTP proxy that a Sidecar resource opens at the port, if it has one.
    pub http_proxy: Option<IpAddr>,
}

/// A listener under construction.
#[derive(Debug)]
struct OpenListener<'a> {
    listener: ProxyListener<'a>,
    /// The protocol of the first service on it.
    protocol: Protocol,
    expected: ExpectedProtocol,
}

/// The protocol that a listener expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedProtocol {
    Http,
    Bytes,
    /// Envoy detects the protocol from the first bytes.
    Either,
}

impl ExpectedProtocol {
    /// The protocol that a listener expects for a port; `None` if the port is not proxied.
    fn of(protocol: Protocol) -> Option<Self> {
        match protocol.class() {
            ProtocolClass::Http => Some(Self::Http),
            ProtocolClass::Tls | ProtocolClass::Tcp => Some(Self::Bytes),
            ProtocolClass::Auto => Some(Self::Either),
            ProtocolClass::Udp => None,
        }
    }
}

/// The ports on which sidecars capture all traffic of workloads. HTTP services have no listener there, and connections
/// without a listener go nowhere (istiod: `conflictWithReservedListener`, `blackholeFilterChain`).
const CAPTURE_PORTS: [u32; 2] = [15001, 15006];

impl<'a> OutboundPort<'a> {
    /// Compiles the listeners of a sidecar at a port. An egress listener of the Sidecar resource for this port excludes
    /// all others.
    pub fn new(proxy: &Proxy<'a>, scope: &SidecarScope<'a>, port: u32) -> Self {
        let default_chain = match scope.outbound {
            _ if CAPTURE_PORTS.contains(&port) => DefaultChain::BlackHole,
            OutboundMode::RegistryOnly => DefaultChain::BlackHole,
            OutboundMode::AllowAny => DefaultChain::Passthrough,
            OutboundMode::AllowAnyDynamicDns => DefaultChain::DynamicDns,
        };
        let (listeners, by_address) = (Vec::new(), HashMap::new());
        let mut builder = ListenerBuilder { proxy, scope, port, shared: None, listeners, by_address, default_chain };
        let egress = scope.egress_of_port(port);
        egress.into_iter().for_each(|egress| builder.add_egress(egress));
        let http_proxy = egress.filter(|egress| egress.is_http_proxy()).and_then(bind);
        Self { listeners: builder.listeners, by_address: builder.by_address, default_chain, http_proxy }
    }

    /// The listener of a connection: that of the address, else that of all addresses.
    pub fn listener(&self, address: IpAddr) -> Option<&ProxyListener<'a>> {
        let index = self.by_address.get(&Some(address)).or_else(|| self.by_address.get(&None))?;
        Some(&self.listeners[*index].listener)
    }

    /// All listeners of the port.
    pub fn listeners(&self) -> impl Iterator<Item = &ProxyListener<'a>> {
        self.listeners.iter().map(|open| &open.listener)
    }
}

/// The address of an egress listener; `None` for all addresses.
fn bind(egress: &Egress<'_>) -> Option<IpAddr> {
    egress.bind?.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
}

struct ListenerBuilder<'a, 'p> {
    proxy: &'p Proxy<'a>,
    scope: &'p SidecarScope<'a>,
    port: u32,
    shared: Option<Arc<Table<'a>>>,
    listeners: Vec<OpenListener<'a>>,
    by_address: HashMap<Option<IpAddr>, usize>,
    default_chain: DefaultChain,
}

impl<'a> ListenerBuilder<'a, '_> {
    fn add_egress(&mut self, egress: &Egress<'a>) {
        let bind = bind(egress);
        if egress.is_http_proxy() {
            return self.add_http(egress, bind);
        }
        let declared = egress.port.filter(|port| port.number != 0).map(|port| port.protocol);
        for service in egress.services.iter().filter(|service| service.discovery != Discovery::Alias) {
            if let Some(port) = service.port(self.port) {
                self.add_service(egress, service, declared.unwrap_or(port.protocol), bind);
            }
        }
        // Some hosts of VirtualServices are assumed to be services that no manifest defines.
        if !table::assumed_hosts(self.proxy, egress, self.port).is_empty() || self.nothing_is_known() {
            self.add_http(egress, bind);
        }
        let for_connections = |it: &&&VirtualService<'_>| !it.spec.tcp.is_empty() || !it.spec.tls.is_empty();
        for virtual_service in egress.virtual_services.iter().filter(for_connections) {
            virtual_service.hosts.iter().for_each(|host| self.add_assumed(egress, host));
        }
    }

    /// Adds a listener for a host that is assumed to be a service and has `tcp` or `tls` routes.
    fn add_assumed(&mut self, egress: &Egress<'a>, host: &str) {
        let Some((host, address)) = self.proxy.world.assumed.at(host, self.port) else { return };
        if self.by_address.contains_key(&Some(address)) {
            return;
        }
        let (proxy, port, networks) = (self.proxy, self.port, Vec::new());
        let target = ChainTarget { proxy, egress, host, service: None, port, networks, is_shared: false };
        let Chains { mut chains, considered } = target.assumed();
        if chains.is_empty() {
            return;
        }
        if target.has_http_routes() {
            chains.push(self.http(egress, None));
        }
        self.add(Some(address), Protocol::Auto, chains, considered);
    }

    fn nothing_is_known(&self) -> bool {
        self.port == table::HTTP_PORT && !self.proxy.world.inventory.knows_services()
    }

    fn add_service(&mut self, egress: &Egress<'a>, service: &'a Service<'a>, protocol: Protocol, bind: Option<IpAddr>) {
        if protocol.class() == ProtocolClass::Http {
            return self.add_http(egress, bind);
        }
        for (address, networks) in self.addresses(service, bind) {
            let is_shared = address.is_none() || !networks.is_empty();
            let (proxy, port) = (self.proxy, self.port);
            let (host, service) = (service.hostname.as_str(), Some(service));
            let target = ChainTarget { proxy, egress, host, service, port, networks, is_shared };
            let is_tls = protocol.class() == ProtocolClass::Tls;
            let Chains { mut chains, considered } = if is_tls { target.tls() } else { target.tcp() };
            if protocol == Protocol::Auto {
                chains.push(self.http(egress, service.filter(|_| address.is_some())));
            }
            self.add(address, protocol, chains, considered);
        }
    }

    /// All HTTP of a port shares one listener.
    fn add_http(&mut self, egress: &Egress<'a>, bind: Option<IpAddr>) {
        let known = self.by_address.get(&bind).map(|&index| &self.listeners[index]);
        let is_reserved = bind.is_none() && CAPTURE_PORTS.contains(&self.port);
        if !is_reserved && known.is_none_or(|open| open.expected == ExpectedProtocol::Bytes) {
            let chain = self.http(egress, None);
            self.add(bind, Protocol::Http, vec![chain], Vec::new());
        }
    }

    /// The addresses and networks at which a service is listened for. A service without an address, or with networks,
    /// uses the listener of all addresses.
    fn addresses(&self, service: &Service<'_>, bind: Option<IpAddr>) -> Vec<(Option<IpAddr>, Vec<IpNet>)> {
        if bind.is_some() {
            return vec![(bind, Vec::new())];
        }
        // A headless Service has a listener for each of its pods, except the client. If the pod addresses are unknown,
        // a made-up one represents them.
        if service.discovery == Discovery::Headless {
            let made_up = service.pod_addresses.is_empty().then_some(service.made_up_address);
            let pods = service.pod_addresses.iter().copied().filter(|address| Some(*address) != self.proxy.address);
            return pods.chain(made_up).map(|address| (Some(address), Vec::new())).collect();
        }
        let networks = service.networks();
        if networks.is_empty() {
            return vec![(None, Vec::new())];
        }
        let is_address = |network: &IpNet| network.prefix_len() == network.max_prefix_len();
        let place = |network: IpNet| match is_address(&network) {
            true => (Some(network.addr()), Vec::new()),
            false => (None, vec![network]),
        };
        networks.into_iter().map(place).collect()
    }

    /// The filter chain for plaintext HTTP: with the routes that all services of the port share, or with those of one
    /// service at its address.
    fn http(&mut self, egress: &Egress<'a>, own: Option<&Service<'_>>) -> FilterChain<'a> {
        let shared = match &self.shared {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared = Arc::new(table::shared(self.proxy, self.scope, egress, self.port));
                self.shared = Some(Arc::clone(&shared));
                shared
            }
        };
        let table = own.map_or(shared.clone(), |service| Arc::new(table::private(&shared, &service.hostname)));
        let criteria = Criteria { plaintext_http: true, ..Criteria::default() };
        FilterChain { criteria, action: ChainAction::Http { table, terminates: None } }
    }

    /// Adds filter chains to the listener of an address, or opens it. The protocol of an existing listener decides
    /// which chains it accepts.
    fn add(
        &mut self,
        bind: Option<IpAddr>,
        protocol: Protocol,
        chains: Vec<FilterChain<'a>>,
        considered: Vec<ConsideredRoute<'a>>,
    ) {
        let Some(expected) = ExpectedProtocol::of(protocol) else { return };
        let Some(&index) = self.by_address.get(&bind) else {
            // Only connections without any listener are resolved by DNS.
            let default_chain = match self.default_chain {
                DefaultChain::DynamicDns => DefaultChain::Passthrough,
                other => other,
            };
            let listener = ProxyListener { bind, port: self.port, chains, considered, default_chain };
            self.by_address.insert(bind, self.listeners.len());
            self.listeners.push(OpenListener { listener, protocol, expected });
            return;
        };
        let open = &mut self.listeners[index];
        // Protocol detection would break protocols in which the server expected first (istiod:
        // `isConflictWithWellKnownPort`).
        let server_first = |protocol: Protocol| matches!(protocol, Protocol::Mongo | Protocol::MySql);
        if protocol != open.protocol && (server_first(protocol) || server_first(open.protocol)) {
            return;
        }
        match (open.expected, expected) {
            // The routes of the port already include the service.
            (ExpectedProtocol::Http | ExpectedProtocol::Either, ExpectedProtocol::Http) => return,
            (ExpectedProtocol::Http, ExpectedProtocol::Either) => open.listener.chains.clear(),
            _ => {}
        }
        if (open.expected, expected) != (ExpectedProtocol::Bytes, ExpectedProtocol::Bytes) {
            open.expected = ExpectedProtocol::Either;
        }
        open.listener.merge(chains);
        open.listener.considered.extend(considered);
    }
}
