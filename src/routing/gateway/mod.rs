//! The listeners of a gateway (istiod: `buildGatewayListeners`).

mod connections;
mod merging;
mod servers;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use self::servers::ListeningServer;
use super::listener::{ChainAction, Criteria, DefaultChain, FilterChain, ProxyListener};
use super::proxy::Proxy;
use crate::world::{GatewayName, Section};

/// The listeners of a gateway at one port.
#[derive(Debug)]
pub struct GatewayPort<'a> {
    /// The listeners, one for each address.
    pub listeners: Vec<ProxyListener<'a>>,
    /// The reasons why Envoy rejects other listeners.
    pub rejections: Vec<String>,
}

impl<'a> GatewayPort<'a> {
    /// Compiles the listeners of a gateway at a port. Without a server for the port there are none.
    pub fn new(proxy: &Proxy<'a>, port: u32) -> Self {
        let (open, listening) = servers::open(proxy, port);
        let mut by_address: BTreeMap<Option<IpAddr>, Vec<ListeningServer<'a>>> = BTreeMap::new();
        for server in open {
            by_address.entry(server.address()).or_default().push(server);
        }
        let mut all = Self { listeners: Vec::new(), rejections: Vec::new() };
        for (bind, open) in by_address {
            match listener(proxy, bind, &open, listening) {
                // A server without routes does not open the port.
                Ok(listener) if listener.chains.is_empty() => {}
                Ok(listener) => all.listeners.push(listener),
                Err(rejection) => all.rejections.push(rejection),
            }
        }
        all
    }

    /// The listener of a connection: that of the address, else that of all addresses. For the unspecified address
    /// (`0.0.0.0`) it is the first one.
    pub fn listener(&self, address: IpAddr) -> Option<&ProxyListener<'a>> {
        let bound_to = |bind: Option<IpAddr>| self.listeners.iter().find(|listener| listener.bind == bind);
        let any = || self.listeners.first().filter(|_| address.is_unspecified());
        bound_to(Some(address)).or_else(|| bound_to(None)).or_else(any)
    }
}

/// The listener of an address. The error is the reason why Envoy rejects it: two filter chains take the same
/// connections. istiod compares the hosts of TLS servers with the namespaces before them (Envoy:
/// `FilterChainManagerImpl`, istiod: `CheckDuplicates`).
fn listener<'a>(
    proxy: &Proxy<'a>,
    bind: Option<IpAddr>,
    open: &[ListeningServer<'a>],
    port: u32,
) -> Result<ProxyListener<'a>, String> {
    let mut listener = ProxyListener {
        bind,
        chains: Vec::new(),
        considered: Vec::new(),
        default_chain: DefaultChain::Reset,
        port,
        rivals: Vec::new(),
    };
    let plaintext: Vec<ListeningServer<'a>> = open.iter().copied().filter(ListeningServer::is_plaintext_http).collect();
    if !plaintext.is_empty() {
        let table = Arc::new(table::table(proxy, &plaintext));
        let action = ChainAction::Http { table, terminates_tls: false };
        listener.chains.push(FilterChain { criteria: Criteria::default(), action });
    }
    let mut taken = BTreeSet::new();
    let mut owners: BTreeMap<String, &GatewayName<'a>> = BTreeMap::new();
    for server in open.iter().filter(|server| !server.is_plaintext_http()) {
        for chain in chains(proxy, server, &mut listener, &mut taken) {
            let mut names: BTreeSet<String> = chain.criteria.server_names.iter().cloned().collect();
            if names.is_empty() {
                names.insert("*".to_owned());
            }
            for name in names {
                if let Some(other) = owners.insert(name.clone(), &server.gateway.name) {
                    return Err(format!(
                        "Envoy rejects the listener of port {port}, because two of its filter chains are for server name \
                         `{name}`: that of Gateway `{other}` and that of Gateway `{}`",
                        server.gateway.name
                    ));
                }
            }
            listener.chains.push(chain);
        }
    }
    Ok(listener)
}

/// The filter chains of a server. `taken` holds the server names of earlier `tls` routes.
fn chains<'a>(
    proxy: &Proxy<'a>,
    server: &ListeningServer<'a>,
    listener: &mut ProxyListener<'a>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    let considered = &mut listener.considered;
    match server.server.section() {
        None => connections::automatic(proxy, server),
        Some(Section::Tls) => connections::tls(proxy, server, considered, taken),
        Some(Section::Http) => {
            let table = Arc::new(table::table(proxy, std::slice::from_ref(server)));
            let criteria = Criteria { server_names: server.server_names(), ..Criteria::default() };
            vec![FilterChain { criteria, action: ChainAction::Http { table, terminates_tls: true } }]
        }
        Some(Section::Tcp) => {
            let mut chains: Vec<_> = connections::tcp(proxy, server, considered).into_iter().collect();
            if server.server.terminates_tls() {
                chains.extend(connections::terminated(proxy, server, considered, taken));
            }
            chains
        }
    }
}
