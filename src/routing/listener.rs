//! Listeners: which filter chain takes a connection, and what it does with it (Envoy: `Listener`, `FilterChainMatch`).

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::l4::{Considered, TcpRoute};
use super::table::Table;
use crate::world::host;

/// A connection as a listener sees it.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'c> {
    /// The address that the client dialled.
    pub address: IpAddr,
    /// What the client speaks first.
    pub payload: Payload<'c>,
}

/// What a client speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'c> {
    /// Plaintext HTTP.
    Http,
    /// TLS, with the server name that is asked for; empty without one.
    Tls(&'c str),
    /// Any other bytes.
    Bytes,
}

/// What listens on an address and port.
#[derive(Debug)]
pub struct Listener<'a> {
    /// The address; `None` for all.
    pub bind: Option<IpAddr>,
    /// The port of the proxy that is listened on. A client may dial another one, of the Service before a gateway.
    pub port: u32,
    /// The filter chains, in istiod's order.
    pub chains: Vec<FilterChain<'a>>,
    /// The rules for connections that were considered for the chains, in order.
    pub considered: Vec<Considered<'a>>,
    /// What happens to connections that no chain takes.
    pub otherwise: Otherwise,
}

/// What happens to connections that no filter chain takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// They go where the client dialled: `PassthroughCluster`.
    Passthrough,
    /// HTTP goes where DNS says, anything else where the client dialled.
    DynamicDns,
    /// They go nowhere: `BlackHoleCluster`.
    BlackHole,
    /// They are reset.
    Reset,
}

/// A filter chain.
#[derive(Debug)]
pub struct FilterChain<'a> {
    /// Which connections it takes.
    pub criteria: Criteria,
    /// What it does with them.
    pub action: ChainAction<'a>,
}

/// Which connections a filter chain takes. What is empty asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The networks of the destination.
    pub networks: Vec<IpNet>,
    /// The server names of TLS; what starts with `*` is a suffix.
    pub server_names: Vec<String>,
    /// Whether only plaintext HTTP is taken.
    pub plaintext_http: bool,
}

/// What a filter chain does with a connection.
#[derive(Debug, Clone)]
pub enum ChainAction<'a> {
    /// Its requests are routed, TLS being terminated if `terminates_tls`.
    Http {
        /// The routes.
        table: Arc<Table<'a>>,
        /// Whether TLS is terminated first.
        terminates_tls: bool,
    },
    /// Its bytes are forwarded.
    Tcp(Arc<TcpRoute<'a>>),
}

impl<'a> Listener<'a> {
    /// The filter chain that takes a connection. Each step keeps the best group only, and there is no way back
    /// (Envoy: `FilterChainManager`): the most specific network, then the server name, then what is spoken.
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

    /// Adds chains, except those whose criteria are those of one that is there: the first wins.
    pub fn merge(&mut self, chains: Vec<FilterChain<'a>>) {
        for chain in chains {
            if !self.chains.iter().any(|earlier| earlier.criteria == chain.criteria) {
                self.chains.push(chain);
            }
        }
    }
}

impl Criteria {
    /// How specific the network is that an address is in.
    fn network(&self, address: IpAddr) -> Option<usize> {
        if self.networks.is_empty() {
            return Some(0);
        }
        let within = self.networks.iter().filter(|network| network.contains(&address));
        within.map(|network| usize::from(network.prefix_len()) + 1).max()
    }

    /// How specific it is of what is spoken.
    fn spoken(&self, payload: Payload<'_>) -> Option<usize> {
        match (self.plaintext_http, payload) {
            (true, Payload::Http) => Some(1),
            (true, Payload::Tls(_) | Payload::Bytes) => None,
            (false, _) => Some(0),
        }
    }

    /// How specific the server name is that a connection asks for.
    fn server_name(&self, payload: Payload<'_>) -> Option<usize> {
        if self.server_names.is_empty() {
            return Some(0);
        }
        let Payload::Tls(asked) = payload else { return None };
        let covering = self.server_names.iter().filter(|name| {
            host::wildcard_suffix(name)
                .map_or(*name == asked, |suffix| asked.len() > suffix.len() && asked.ends_with(suffix))
        });
        // An exact name goes before every wildcard.
        covering.map(|name| if name.starts_with('*') { name.len() } else { usize::MAX }).max()
    }
}
