//! The listeners of a proxy at a port, compiled once, with the decisions made so far.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::answer::Decision;
use super::decide::{self, ClauseDecision};
use super::request::Tls;
use super::{patched, unplaced};
use crate::model::networking::PatchContext;
use crate::policy::WorkloadPolicies;
use crate::routing::{
    ChainAction, Clause, DefaultChain, FilterChain, Matcher, Proxy, ProxyListener, Reception, Role, Table, TcpProxy,
    VirtualHost, gateway, outbound, rivals,
};
use crate::world::{CertificateHeader, GatewayTopology};

/// The listeners of a proxy at a port.
#[derive(Debug)]
pub(super) struct Compiled<'a> {
    pub proxy: Arc<Proxy<'a>>,
    /// The proxies in front of a gateway.
    pub topology: GatewayTopology,
    /// The policies that the proxy applies before it routes requests.
    pub policies: Arc<WorkloadPolicies<'a>>,
    port: ProxyPort<'a>,
    /// The route tables of the listeners, by their address in memory.
    routes: HashMap<usize, CompiledTable<'a>>,
    /// The decisions for connections that go on as they are, by the address of their filter chain in memory.
    tcp: HashMap<usize, OnceLock<TcpDecision>>,
    /// Remarks for all requests: on the policies of a gateway that is not among the manifests, and on what is not simulated.
    pub notes: Vec<String>,
}

/// The decision for the connections that a filter chain forwards.
#[derive(Debug)]
pub(super) struct TcpDecision {
    pub decision: Arc<Decision>,
    /// Notes on the services that lose the connections only by the order of hosts.
    pub rivals: Vec<String>,
    /// Notes on clusters that wrap the TLS of a client in TLS of their own.
    pub tls_in_tls: Vec<String>,
}

#[derive(Debug)]
enum ProxyPort<'a> {
    Outbound(outbound::OutboundPort<'a>),
    Gateway(gateway::GatewayPort<'a>),
}

/// A route table, and the decisions for its clauses.
#[derive(Debug)]
pub(super) struct CompiledTable<'a> {
    pub table: Arc<Table<'a>>,
    /// The reason why Envoy rejects the table.
    pub rejected: Option<String>,
    decisions: Vec<OnceLock<Result<ClauseDecision<'a>, String>>>,
}

impl<'a> Compiled<'a> {
    pub fn new(proxy: Arc<Proxy<'a>>, policies: Arc<WorkloadPolicies<'a>>, port: u32) -> Self {
        let port = match &proxy.role {
            Role::Sidecar(scope) => ProxyPort::Outbound(outbound::OutboundPort::new(&proxy, scope, port)),
            Role::Gateway => ProxyPort::Gateway(gateway::GatewayPort::new(&proxy, port)),
        };
        let listeners: Vec<&ProxyListener<'a>> = match &port {
            ProxyPort::Outbound(port) => port.listeners().collect(),
            ProxyPort::Gateway(port) => port.listeners.iter().collect(),
        };
        let mut routes = HashMap::new();
        let mut tcp = HashMap::new();
        for chain in listeners.into_iter().flat_map(|listener| &listener.chains) {
            match &chain.action {
                ChainAction::Http { table, .. } => {
                    routes.entry(key(table)).or_insert_with(|| CompiledTable::new(Arc::clone(table)));
                }
                ChainAction::Tcp(_) => {
                    tcp.insert(key_of_chain(chain), OnceLock::new());
                }
            }
        }
        let mut notes = if proxy.is_placed { Vec::new() } else { unplaced::notes(&proxy) };
        let context = if proxy.is_gateway() { PatchContext::Gateway } else { PatchContext::SidecarOutbound };
        notes.extend(patched::note(proxy.world, &proxy.namespace, &proxy.label_set(), context));
        let topology = match proxy.role {
            Role::Sidecar(_) => GatewayTopology::default(),
            Role::Gateway => proxy.world.gateway_topology(&proxy.namespace, &proxy.label_set()),
        };
        Self { proxy, topology, policies, port, routes, tcp, notes }
    }

    /// The trust of the proxy in the headers of a client that uses TLS in some way.
    pub fn reception(&self, tls: Tls) -> Reception {
        match self.proxy.role {
            Role::Sidecar(_) => Reception::Sidecar,
            Role::Gateway => Reception::Gateway {
                trusted_proxies: self.topology.trusted_proxies,
                keeps_certificate: match self.topology.certificate_header {
                    CertificateHeader::Replaced => false,
                    CertificateHeader::KeptWithCertificate => tls == Tls::Mtls,
                    CertificateHeader::Kept => true,
                },
            },
        }
    }

    /// The listener of a connection to an address.
    pub fn listener(&self, address: IpAddr) -> Option<&ProxyListener<'a>> {
        match &self.port {
            ProxyPort::Outbound(port) => port.listener(address),
            ProxyPort::Gateway(port) => port.listener(address),
        }
    }

    /// All listeners.
    pub fn listeners(&self) -> Vec<&ProxyListener<'a>> {
        match &self.port {
            ProxyPort::Outbound(port) => port.listeners().collect(),
            ProxyPort::Gateway(port) => port.listeners.iter().collect(),
        }
    }

    /// The address of the HTTP proxy at the port, which clients dial for every host.
    pub fn http_proxy(&self) -> Option<IpAddr> {
        match &self.port {
            ProxyPort::Outbound(port) => port.http_proxy,
            ProxyPort::Gateway(_) => None,
        }
    }

    /// The reasons why Envoy rejects listeners of the port.
    pub fn rejections(&self) -> &[String] {
        match &self.port {
            ProxyPort::Outbound(_) => &[],
            ProxyPort::Gateway(port) => &port.rejections,
        }
    }

    /// The fate of connections without a listener. `None` if they are rejected.
    pub fn otherwise(&self) -> Option<DefaultChain> {
        match &self.port {
            ProxyPort::Outbound(port) => Some(port.default_chain),
            ProxyPort::Gateway(_) => None,
        }
    }

    /// The decision for the connections that a filter chain of one of the listeners forwards.
    pub fn forwarded(
        &self,
        listener: &ProxyListener<'a>,
        chain: &FilterChain<'a>,
        route: &TcpProxy<'a>,
    ) -> &TcpDecision {
        self.tcp[&key_of_chain(chain)].get_or_init(|| TcpDecision {
            decision: Arc::new(decide::by_tcp_route(&self.proxy, route)),
            rivals: rivals_of(listener, chain),
            tls_in_tls: decide::tls_in_tls(self.proxy.world, route),
        })
    }

    /// The compiled form of a table that one of the listeners has.
    pub fn routes(&self, table: &Arc<Table<'a>>) -> &CompiledTable<'a> {
        &self.routes[&key(table)]
    }
}

fn key_of_chain(chain: &FilterChain<'_>) -> usize {
    std::ptr::from_ref(chain).addr()
}

/// Notes on the services that lose the connections of a filter chain only by the order of hosts.
fn rivals_of(listener: &ProxyListener<'_>, chain: &FilterChain<'_>) -> Vec<String> {
    let of_chain = |index: usize| listener.chains.get(index).is_some_and(|it| std::ptr::eq(it, chain));
    let rivals = listener.rivals.iter().filter(|(index, _)| of_chain(*index));
    let note = |rival: &str| rivals::older_wins(&format!("{rival} has the same address and port"), "the first by name");
    rivals.map(|(_, rival)| note(rival)).collect()
}

fn key(table: &Arc<Table<'_>>) -> usize {
    Arc::as_ptr(table).addr()
}

impl<'a> CompiledTable<'a> {
    fn new(table: Arc<Table<'a>>) -> Self {
        let decisions = std::iter::repeat_with(OnceLock::new).take(table.clause_count()).collect();
        Self { rejected: rejection(table.virtual_hosts()), table, decisions }
    }

    /// The decision for the requests that a clause takes.
    pub fn decision(
        &self,
        proxy: &Proxy<'a>,
        host: &VirtualHost<'_>,
        clause: &Clause<'a>,
    ) -> Result<&ClauseDecision<'a>, String> {
        let decided = self.decisions[clause.id].get_or_init(|| decide::by_clause(proxy, host, clause));
        decided.as_ref().map_err(Clone::clone)
    }
}

/// The reason why Envoy rejects a route table: a regular expression that RE2 rejects.
fn rejection(hosts: &[VirtualHost<'_>]) -> Option<String> {
    hosts.iter().find_map(|host| {
        let conditions = host.clauses.iter().flat_map(|clause| &clause.conditions);
        let mut invalid = conditions.filter_map(|condition| match &condition.matcher {
            Matcher::Invalid { source, reason } => Some((source, reason)),
            _ => None,
        });
        let (source, reason) = invalid.next()?;
        Some(format!(
            "Envoy rejects the routes of `{}`: RE2 rejects the regular expression `{source}`: {reason}",
            host.name
        ))
    })
}
