//! What the sidecar of a client listens on (istiod: `buildSidecarOutboundListeners`).

mod chains;
mod domains;
mod table;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use self::chains::{Chains, Target};
use super::l4::Considered;
use super::listener::{ChainAction, Criteria, FilterChain, Listener, Otherwise};
use super::proxy::Proxy;
use super::scope::{Egress, Scope};
use super::table::Table;
use crate::config::OutboundMode;
use crate::world::{Discovery, Protocol, ProtocolClass, Service, VirtualService};

/// What a sidecar listens on at one port.
#[derive(Debug)]
pub struct Port<'a> {
    listeners: Vec<Open<'a>>,
    /// By address; `None` for the one of all.
    by_address: HashMap<Option<IpAddr>, usize>,
    /// What happens to connections to other addresses.
    pub otherwise: Otherwise,
    /// The address that clients of the Sidecar resource's HTTP proxy dial, if the port is one and has one.
    pub http_proxy: Option<IpAddr>,
}

/// A listener while it is put together.
#[derive(Debug)]
struct Open<'a> {
    listener: Listener<'a>,
    /// The protocol of the first service on it.
    protocol: Protocol,
    speaks: Speaks,
}

/// What a listener takes its clients to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Http,
    Bytes,
    /// The first bytes decide.
    Either,
}

impl Speaks {
    /// What clients of a protocol speak; nothing of what is not proxied.
    fn of(protocol: Protocol) -> Option<Self> {
        match protocol.class() {
            ProtocolClass::Http => Some(Self::Http),
            ProtocolClass::Tls | ProtocolClass::Tcp => Some(Self::Bytes),
            ProtocolClass::Auto => Some(Self::Either),
            ProtocolClass::Udp => None,
        }
    }
}

/// The ports on which sidecars themselves listen for all that workloads send and get. HTTP of services has no listener
/// there, and what no other listener is for goes nowhere (istiod: `conflictWithReservedListener`,
/// `blackholeFilterChain`).
const CAPTURE_PORTS: [u32; 2] = [15001, 15006];

impl<'a> Port<'a> {
    /// Compiles what a sidecar listens on at a port. A listener of the Sidecar resource for this very port is all
    /// that there is.
    pub fn new(proxy: &Proxy<'a>, scope: &Scope<'a>, port: u32) -> Self {
        let otherwise = match scope.outbound {
            _ if CAPTURE_PORTS.contains(&port) => Otherwise::BlackHole,
            OutboundMode::RegistryOnly => Otherwise::BlackHole,
            OutboundMode::AllowAny => Otherwise::Passthrough,
            OutboundMode::AllowAnyDynamicDns => Otherwise::DynamicDns,
        };
        let (listeners, by_address) = (Vec::new(), HashMap::new());
        let mut builder = Builder { proxy, scope, port, shared: None, listeners, by_address, otherwise };
        let egress = scope.egress_of_port(port);
        egress.into_iter().for_each(|egress| builder.add_egress(egress));
        let http_proxy = egress.filter(|egress| egress.is_http_proxy()).and_then(bind);
        Self { listeners: builder.listeners, by_address: builder.by_address, otherwise, http_proxy }
    }

    /// The listener that a connection to an address gets to: that of the address, else that of all.
    pub fn listener(&self, address: IpAddr) -> Option<&Listener<'a>> {
        let index = self.by_address.get(&Some(address)).or_else(|| self.by_address.get(&None))?;
        Some(&self.listeners[*index].listener)
    }

    /// All listeners of the port.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener<'a>> {
        self.listeners.iter().map(|open| &open.listener)
    }
}

/// The address that an egress listener is for, if it is not for all.
fn bind(egress: &Egress<'_>) -> Option<IpAddr> {
    egress.bind?.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
}

struct Builder<'a, 'p> {
    proxy: &'p Proxy<'a>,
    scope: &'p Scope<'a>,
    port: u32,
    shared: Option<Arc<Table<'a>>>,
    listeners: Vec<Open<'a>>,
    by_address: HashMap<Option<IpAddr>, usize>,
    otherwise: Otherwise,
}

impl<'a> Builder<'a, '_> {
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
        // Where the manifests hold no Service at all, hosts of VirtualServices are taken to be services.
        if !table::assumed_hosts(self.proxy, egress).is_empty() || self.nothing_is_known() {
            self.add_http(egress, bind);
        }
        let for_connections = |it: &&&VirtualService<'_>| !it.spec.tcp.is_empty() || !it.spec.tls.is_empty();
        for service in egress.virtual_services.iter().filter(for_connections) {
            service.hosts.iter().for_each(|host| self.add_assumed(egress, host));
        }
    }

    /// A host that is taken to be a service has an address of its own for connections that there are rules for.
    fn add_assumed(&mut self, egress: &Egress<'a>, host: &str) {
        let Some((host, address)) = self.proxy.world.assumed.get(host) else { return };
        if self.by_address.contains_key(&Some(address)) {
            return;
        }
        let (proxy, port, networks) = (self.proxy, self.port, Vec::new());
        let target = Target { proxy, egress, host, service: None, port, networks, is_shared: false };
        let Chains { mut chains, considered } = target.assumed();
        if chains.is_empty() {
            return;
        }
        if target.has_http_rules() {
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
        for (address, networks) in self.places(service, bind) {
            let is_shared = address.is_none() || !networks.is_empty();
            let (proxy, port) = (self.proxy, self.port);
            let (host, service) = (service.hostname.as_str(), Some(service));
            let target = Target { proxy, egress, host, service, port, networks, is_shared };
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
        if !is_reserved && known.is_none_or(|open| open.speaks == Speaks::Bytes) {
            let chain = self.http(egress, None);
            self.add(bind, Protocol::Http, vec![chain], Vec::new());
        }
    }

    /// Where a port of a service is listened on: at its addresses; for networks and without an address, at all.
    fn places(&self, service: &Service<'_>, bind: Option<IpAddr>) -> Vec<(Option<IpAddr>, Vec<IpNet>)> {
        if bind.is_some() {
            return vec![(bind, Vec::new())];
        }
        // A headless Service is listened for at each of its pods, but the client itself. Where nothing tells their
        // addresses one stands for them.
        if service.discovery == Discovery::Headless {
            let stands_in = service.pod_addresses.is_empty().then_some(service.made_up_address);
            let pods = service.pod_addresses.iter().copied().filter(|address| Some(*address) != self.proxy.address);
            return pods.chain(stands_in).map(|address| (Some(address), Vec::new())).collect();
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

    /// A chain for HTTP, which takes what is seen to be that: with the routes that the port's services share, or those of
    /// one service at its own address.
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
        FilterChain { criteria, action: ChainAction::Http { table, terminates_tls: false } }
    }

    /// Adds chains to the listener of an address, or opens it. What is there already decides what comes of it.
    fn add(
        &mut self,
        bind: Option<IpAddr>,
        protocol: Protocol,
        chains: Vec<FilterChain<'a>>,
        considered: Vec<Considered<'a>>,
    ) {
        let Some(speaks) = Speaks::of(protocol) else { return };
        let Some(&index) = self.by_address.get(&bind) else {
            // Only what no listener is for is looked up by name.
            let otherwise = match self.otherwise {
                Otherwise::DynamicDns => Otherwise::Passthrough,
                other => other,
            };
            let listener = Listener { bind, port: self.port, chains, considered, otherwise };
            self.by_address.insert(bind, self.listeners.len());
            self.listeners.push(Open { listener, protocol, speaks });
            return;
        };
        let open = &mut self.listeners[index];
        // Looking at the first bytes would break protocols in which the server speaks first (istiod:
        // `isConflictWithWellKnownPort`).
        let server_first = |protocol: Protocol| matches!(protocol, Protocol::Mongo | Protocol::MySql);
        if protocol != open.protocol && (server_first(protocol) || server_first(open.protocol)) {
            return;
        }
        match (open.speaks, speaks) {
            // The routes are those of the port: they know the service already.
            (Speaks::Http | Speaks::Either, Speaks::Http) => return,
            (Speaks::Http, Speaks::Either) => open.listener.chains.clear(),
            _ => {}
        }
        if (open.speaks, speaks) != (Speaks::Bytes, Speaks::Bytes) {
            open.speaks = Speaks::Either;
        }
        open.listener.merge(chains);
        open.listener.considered.extend(considered);
    }
}
