//! Listeners and their filter chains: which one takes a connection, and what it does with it (Envoy: `Listener`,
//! `FilterChainMatch`).

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::l4::{ConsideredRoute, TcpProxy};
use super::table::Table;
use crate::model::networking::ServerTlsMode;
use crate::world::host;

/// A connection as a listener sees it.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'c> {
    /// The address that the client dialled.
    pub address: IpAddr,
    /// The first bytes of the client.
    pub payload: Payload<'c>,
}

/// The first bytes of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'c> {
    /// Plaintext HTTP.
    Http,
    /// TLS, with the server name that the client sends; empty without one.
    Tls(&'c str),
    /// Any other bytes.
    Bytes,
}

/// A listener on an address and port.
#[derive(Debug)]
pub struct ProxyListener<'a> {
    /// The address; `None` for all addresses.
    pub bind: Option<IpAddr>,
    /// The port of the proxy. Clients may dial another one: that of the Service in front of a gateway.
    pub port: u32,
    /// The filter chains, in istiod's order.
    pub chains: Vec<FilterChain<'a>>,
    /// The routes for connections that were considered for the chains, in order.
    pub considered: Vec<ConsideredRoute<'a>>,
    /// The fate of connections that no chain takes.
    pub default_chain: DefaultChain,
}

/// The fate of connections that no filter chain takes (Envoy: `default_filter_chain`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultChain {
    /// `PassthroughCluster`: the address that the client dialled.
    Passthrough,
    /// HTTP goes where DNS resolves the host, anything else where the client dialled.
    DynamicDns,
    /// `BlackHoleCluster`: nowhere.
    BlackHole,
    /// The proxy resets the connection.
    Reset,
}

/// A filter chain.
#[derive(Debug)]
pub struct FilterChain<'a> {
    /// The connections that the chain takes.
    pub criteria: Criteria,
    /// The action for these connections.
    pub action: ChainAction<'a>,
}

/// The connections that a filter chain takes. An empty field matches every connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The networks of the destination.
    pub networks: Vec<IpNet>,
    /// The server names of TLS; one that starts with `*` is a suffix.
    pub server_names: Vec<String>,
    /// Whether the chain takes only plaintext HTTP.
    pub plaintext_http: bool,
}

/// The action of a filter chain.
#[derive(Debug, Clone)]
pub enum ChainAction<'a> {
    /// The proxy routes the requests.
    Http {
        /// The routes.
        table: Arc<Table<'a>>,
        /// The mode of the TLS that the proxy terminates first; `None` if it terminates none.
        terminates: Option<ServerTlsMode>,
    },
    /// The proxy forwards the bytes.
    Tcp(Arc<TcpProxy<'a>>),
}

impl ChainAction<'_> {
    /// The mode of the TLS that the proxy terminates; `None` if it terminates none.
    pub fn terminates(&self) -> Option<ServerTlsMode> {
        match self {
            Self::Http { terminates, .. } => *terminates,
            Self::Tcp(route) => route.terminates,
        }
    }
}

impl<'a> ProxyListener<'a> {
    /// The filter chain that takes a connection: by the most specific network, then by server name, then by the first
    /// bytes. Each step keeps only the best group, without backtracking (Envoy: `FilterChainManager`).
    pub fn chain(&self, connection: &Connection<'_>) -> Option<&FilterChain<'a>> {
        let network = |chain: &FilterChain<'a>| chain.criteria.network(connection.address);
        let name = |chain: &FilterChain<'a>| chain.criteria.server_name(connection.payload);
        let spoken = |chain: &FilterChain<'a>| chain.criteria.spoken(connection.payload);
        let nearest = self.chains.iter().filter_map(network).max()?;
        let near = || self.chains.iter().filter(|chain| network(chain) == Some(nearest));
        let best_name = near().filter_map(name).max()?;
        let named = || near().filter(|chain| name(chain) == Some(best_name));
        let best_spoken = named().filter_map(spoken).max()?;
        named().find(|chain| spoken(chain) == Some(best_spoken))
    }

    /// Adds chains. A chain whose criteria are already taken is dropped.
    pub fn merge(&mut self, chains: Vec<FilterChain<'a>>) {
        for chain in chains {
            if !self.chains.iter().any(|earlier| earlier.criteria == chain.criteria) {
                self.chains.push(chain);
            }
        }
    }
}

impl Criteria {
    /// The specificity of the network that contains an address.
    fn network(&self, address: IpAddr) -> Option<usize> {
        if self.networks.is_empty() {
            return Some(0);
        }
        let within = self.networks.iter().filter(|network| network.contains(&address));
        within.map(|network| usize::from(network.prefix_len()) + 1).max()
    }

    /// The specificity for the first bytes.
    fn spoken(&self, payload: Payload<'_>) -> Option<usize> {
        match (self.plaintext_http, payload) {
            (true, Payload::Http) => Some(1),
            (true, Payload::Tls(_) | Payload::Bytes) => None,
            (false, _) => Some(0),
        }
    }

    /// The specificity of the server name that covers that of a connection.
    fn server_name(&self, payload: Payload<'_>) -> Option<usize> {
        if self.server_names.is_empty() {
            return Some(0);
        }
        let Payload::Tls(sent) = payload else { return None };
        let covering = self.server_names.iter().filter(|name| {
            host::wildcard_suffix(name)
                .map_or(*name == sent, |suffix| sent.len() > suffix.len() && sent.ends_with(suffix))
        });
        // An exact name takes precedence over every wildcard.
        covering.map(|name| if name.starts_with('*') { name.len() } else { usize::MAX }).max()
    }
}
