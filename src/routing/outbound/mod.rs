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
use super::scope::{Bind, Egress, SidecarScope};
use super::table::Table;
use crate::config::OutboundMode;
use crate::model::networking::Resolution;
use crate::source::Spanned;
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
    /// The protocol that it expects. Listeners for several protocols detect it.
    protocol: Protocol,
    /// The service that each chain comes from.
    owners: Vec<Option<&'a Service<'a>>>,
    /// Whether an egress listener for the port made it, so that the one for all ports adds nothing.
    is_locked: bool,
}

impl<'a> OutboundPort<'a> {
    /// Compiles the listeners of a sidecar at a port. Those of egress listeners for the port come first; the egress
    /// listener for all ports adds those for other addresses.
    pub fn new(proxy: &Proxy<'a>, scope: &SidecarScope<'a>, port: u32) -> Self {
        // At the ports at which sidecars capture traffic, HTTP services have no listener, and connections without a
        // listener go nowhere (istiod: `conflictWithReservedListener`, `blackholeFilterChain`).
        let default_chain = match scope.outbound {
            _ if proxy.world.settings.capture_ports.contains(&port) => DefaultChain::BlackHole,
            OutboundMode::RegistryOnly => DefaultChain::BlackHole,
            OutboundMode::AllowAny => DefaultChain::Passthrough,
            OutboundMode::AllowAnyDynamicDns => DefaultChain::DynamicDns,
        };
        let (listeners, by_address) = (Vec::new(), HashMap::new());
        let mut builder = ListenerBuilder { proxy, scope, port, shared: None, listeners, by_address, default_chain };
        for egress in scope.egress.iter().filter(|egress| egress.port.is_none_or(|own| own.number == port)) {
            if egress.port.is_none() {
                builder.listeners.iter_mut().for_each(|open| open.is_locked = true);
            }
            builder.add_egress(egress);
        }
        let http_proxy = scope.egress_of_port(port).filter(|egress| egress.is_http_proxy());
        let http_proxy = http_proxy.and_then(|egress| egress.bind.address());
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
        let declared = egress.port.map(|port| port.protocol);
        for service in egress.services.iter().filter(|service| service.discovery != Discovery::Alias) {
            if egress.is_http_proxy() {
                self.add_http(egress.bind, Protocol::HttpProxy);
            } else if let Some(port) = service.port(self.port) {
                self.add_service(egress, service, declared.unwrap_or(port.protocol));
            }
        }
        if egress.is_http_proxy() {
            return;
        }
        // Some hosts of VirtualServices are assumed to be services that no manifest defines.
        if !table::assumed_hosts(self.proxy, egress, self.port).is_empty() || self.nothing_is_known() {
            self.add_http(egress.bind, Protocol::Http);
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
            chains.push(self.http(true, None));
        }
        self.add(Some(address), Protocol::Auto, None, chains, considered);
    }

    fn nothing_is_known(&self) -> bool {
        self.port == table::HTTP_PORT && !self.proxy.world.inventory.knows_services()
    }

    fn add_service(&mut self, egress: &Egress<'a>, service: &'a Service<'a>, protocol: Protocol) {
        if protocol.class() == ProtocolClass::Http {
            return self.add_http(egress.bind, protocol);
        }
        for (address, networks) in self.addresses(egress, service) {
            let is_shared = address.is_none() || !networks.is_empty();
            let (proxy, port) = (self.proxy, self.port);
            let (host, of_service) = (service.hostname.as_str(), Some(service));
            let target = ChainTarget { proxy, egress, host, service: of_service, port, networks, is_shared };
            let is_tls = protocol.class() == ProtocolClass::Tls;
            let Chains { mut chains, considered } = if is_tls { target.tls() } else { target.tcp() };
            if protocol == Protocol::Auto {
                chains.push(self.http(true, of_service.filter(|_| address.is_some())));
            }
            self.add(address, protocol, Some(service), chains, considered);
        }
    }

    /// All HTTP of a port shares one listener. On all addresses it detects the protocol, so that other bytes pass.
    fn add_http(&mut self, bind: Bind, protocol: Protocol) {
        let address = bind.address();
        let is_reserved = address.is_none() && self.proxy.world.settings.capture_ports.contains(&self.port);
        let open = self.by_address.get(&address).map(|&index| &self.listeners[index]);
        let is_there = open.is_some_and(|open| {
            open.is_locked || !matches!(open.protocol.class(), ProtocolClass::Tcp | ProtocolClass::Tls)
        });
        if !is_reserved && !is_there {
            let detects = address.is_none() && protocol != Protocol::HttpProxy;
            let chain = self.http(detects, None);
            self.add(address, if detects { Protocol::Auto } else { protocol }, None, vec![chain], Vec::new());
        }
    }

    /// The addresses and networks at which a service is listened for. A service without an address, or with networks,
    /// uses the listener of all addresses.
    fn addresses(&self, egress: &Egress<'a>, service: &'a Service<'a>) -> Vec<(Option<IpAddr>, Vec<IpNet>)> {
        match egress.bind {
            Bind::OfServices => {}
            bind => return vec![(bind.address(), Vec::new())],
        }
        if egress.port.is_none()
            && let Some(endpoints) = self.endpoint_addresses(service)
        {
            return endpoints.into_iter().map(|address| (Some(address), Vec::new())).collect();
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

    /// The addresses of the endpoints of a service that has no address and is not balanced, except that of the client:
    /// there is a listener for each. `None` for other services, and for a ServiceEntry that can have no endpoints.
    fn endpoint_addresses(&self, service: &'a Service<'a>) -> Option<Vec<IpAddr>> {
        match service.discovery {
            Discovery::Headless => {}
            Discovery::Entry(Resolution::None) if service.networks().is_empty() => {}
            _ => return None,
        }
        let world = self.proxy.world;
        let named = || world.services.named(&service.hostname);
        let pooled = named().filter(|other| {
            std::ptr::eq(*other, service) || service.shares_endpoints_with(other) && other.has_port(self.port)
        });
        let pooled: Vec<&Service<'_>> = pooled.collect();
        // Pods are found by the name of the port. The last service of the host and namespace that has the number decides.
        let port_name = |it: &Service<'_>| it.port(self.port).map(|port| port.name.clone());
        let has_pods = pooled.last().is_none_or(|last| port_name(last) == port_name(service));
        let address = |written: &Spanned<String>| written.parse::<IpAddr>().ok();
        let mut found: Vec<IpAddr> = Vec::new();
        for service in pooled {
            let workloads = world.workloads_of_service(service).unwrap_or_default();
            let entries = workloads.iter().filter_map(|workload| workload.entry()).chain(service.endpoints);
            found.extend(entries.filter_map(|entry| entry.address.as_ref().and_then(address)));
            found.extend(service.pod_addresses.iter().filter(|_| has_pods));
        }
        if !service.is_kubernetes() && found.is_empty() && service.selector.is_none() {
            return None;
        }
        // If the pod addresses are unknown, a made-up one represents them.
        if service.is_kubernetes() && service.pod_addresses.is_empty() && has_pods {
            found.push(service.made_up_address);
        }
        found.retain(|address| Some(*address) != self.proxy.address);
        Some(found)
    }

    /// The filter chain for HTTP: with the routes that all services of the port share, or with those of one service at
    /// its address.
    fn http(&mut self, detects: bool, own: Option<&Service<'_>>) -> FilterChain<'a> {
        let shared = match &self.shared {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared = Arc::new(table::shared(self.proxy, self.scope, self.port));
                self.shared = Some(Arc::clone(&shared));
                shared
            }
        };
        let table = own.map_or(shared.clone(), |service| Arc::new(table::private(&shared, &service.hostname)));
        let criteria = Criteria { plaintext_http: detects, ..Criteria::default() };
        FilterChain { criteria, action: ChainAction::Http { table, terminates_tls: false } }
    }

    /// Adds filter chains to the listener of an address, or opens it. The protocol of an existing listener decides
    /// which chains it accepts (istiod: `buildSidecarOutboundListener`).
    fn add(
        &mut self,
        bind: Option<IpAddr>,
        protocol: Protocol,
        owner: Option<&'a Service<'a>>,
        chains: Vec<FilterChain<'a>>,
        considered: Vec<ConsideredRoute<'a>>,
    ) {
        if protocol.class() == ProtocolClass::Udp {
            return;
        }
        let Some(&index) = self.by_address.get(&bind) else {
            // Only connections without any listener are resolved by DNS.
            let default_chain = match self.default_chain {
                DefaultChain::DynamicDns => DefaultChain::Passthrough,
                other => other,
            };
            let owners = vec![owner; chains.len()];
            let rivals = Vec::new();
            let listener = ProxyListener { bind, port: self.port, chains, considered, default_chain, rivals };
            self.by_address.insert(bind, self.listeners.len());
            self.listeners.push(OpenListener { listener, protocol, owners, is_locked: false });
            return;
        };
        let open = &mut self.listeners[index];
        // Protocol detection would break protocols in which the server speaks first (istiod:
        // `isConflictWithWellKnownPort`).
        let server_first = |protocol: Protocol| matches!(protocol, Protocol::Mongo | Protocol::MySql);
        let differ = protocol != open.protocol;
        if open.is_locked || differ && (server_first(protocol) || server_first(open.protocol)) {
            return;
        }
        // A listener that expects HTTP on one address gives way to one that detects it.
        if open.protocol.class() == ProtocolClass::Http && protocol == Protocol::Auto {
            open.listener.chains.clear();
            open.owners.clear();
        }
        let is_tcp = |protocol: Protocol| matches!(protocol.class(), ProtocolClass::Tcp | ProtocolClass::Tls);
        if !is_tcp(protocol) || !is_tcp(open.protocol) {
            open.protocol = Protocol::Auto;
        }
        let taken = open.listener.merge(chains);
        open.owners.resize(open.listener.chains.len(), owner);
        for index in taken {
            if let (Some(winner), Some(loser)) = (open.owners[index], owner)
                && winner.hostname != loser.hostname
                && !std::ptr::eq(winner.resource, loser.resource)
                && winner.age() == loser.age()
            {
                open.listener.rivals.push((index, loser.to_string()));
            }
        }
        open.listener.considered.extend(considered);
    }
}
