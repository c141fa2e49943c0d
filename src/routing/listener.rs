//! Listeners and their filter chains: which one takes a connection, and what it does with it (Envoy: `Listener`,
//! `FilterChainMatch`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::l4::{ConsideredRoute, TcpProxy};
use super::table::Table;
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
    /// The services that lose a chain to another one only by the order of names, each with the index of that chain.
    pub rivals: Vec<(usize, String)>,
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
        /// Whether the proxy terminates TLS first.
        terminates_tls: bool,
    },
    /// The proxy forwards the bytes.
    Tcp(Arc<TcpProxy<'a>>),
}

impl<'a> ProxyListener<'a> {
    /// The filter chain that takes a connection: by the most specific network, then by server name, then by the first
    /// bytes. Each step keeps only the best group, without backtracking (Envoy: `FilterChainManager`). A chain without
    /// criteria takes what is left (istiod: `buildListenerFromEntry`).
    pub fn chain(&self, connection: &Connection<'_>) -> Option<&FilterChain<'a>> {
        self.best_chain(connection).or_else(|| self.chains.iter().find(|chain| chain.criteria == Criteria::default()))
    }

    fn best_chain(&self, connection: &Connection<'_>) -> Option<&FilterChain<'a>> {
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

    /// Adds chains. A chain whose criteria are already taken is dropped. The result has the index of the chain that takes
    /// its connections, for each dropped one.
    pub fn merge(&mut self, chains: Vec<FilterChain<'a>>) -> Vec<usize> {
        let mut taken = Vec::new();
        for chain in chains {
            match self.chains.iter().position(|earlier| earlier.criteria.conflicts_with(&chain.criteria)) {
                Some(earlier) => taken.push(earlier),
                None => self.chains.push(chain),
            }
        }
        taken
    }
}

impl Criteria {
    /// Whether both take the same connections, whatever the order of the networks and names is (istiod:
    /// `conflictsWith`).
    fn conflicts_with(&self, other: &Self) -> bool {
        let networks = |it: &Self| it.networks.iter().map(IpNet::trunc).collect::<BTreeSet<_>>();
        let names = |it: &Self| it.server_names.iter().cloned().collect::<BTreeSet<_>>();
        self.plaintext_http == other.plaintext_http
            && (self.networks == other.networks || networks(self) == networks(other))
            && (self.server_names == other.server_names || names(self) == names(other))
    }

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
            // Envoy compares server names without regard to case.
            host::wildcard_suffix(name).map_or_else(
                || name.eq_ignore_ascii_case(sent),
                |suffix| {
                    let start = sent.len().checked_sub(suffix.len()).filter(|start| *start > 0);
                    let end = start.and_then(|start| sent.get(start..));
                    end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
                },
            )
        });
        // An exact name takes precedence over every wildcard.
        covering.map(|name| if name.starts_with('*') { name.len() } else { usize::MAX }).max()
    }
}
