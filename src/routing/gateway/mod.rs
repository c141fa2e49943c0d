//! What a gateway listens on (istiod: `buildGatewayListeners`).

mod connections;
mod merging;
mod servers;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use self::servers::Open;
use super::listener::{ChainAction, Criteria, FilterChain, Listener, Otherwise};
use super::proxy::Proxy;
use crate::world::Section;

/// What a gateway listens on at one port.
#[derive(Debug)]
pub struct Port<'a> {
    /// Its listeners, each for an address of its own.
    pub listeners: Vec<Listener<'a>>,
}

impl<'a> Port<'a> {
    /// Compiles what a gateway listens on at a port. Without a server for it nothing does.
    pub fn new(proxy: &Proxy<'a>, port: u32) -> Self {
        let (open, listening) = servers::open(proxy, port);
        let mut by_address: BTreeMap<Option<IpAddr>, Vec<Open<'a>>> = BTreeMap::new();
        for server in open {
            by_address.entry(server.address()).or_default().push(server);
        }
        let listeners = by_address.into_iter().map(|(bind, open)| listener(proxy, bind, &open, listening));
        // A server without any route does not open the port.
        Self { listeners: listeners.filter(|listener| !listener.chains.is_empty()).collect() }
    }

    /// The listener that a connection gets to: that of the address, else that of all. Of a connection to nowhere in
    /// particular (`0.0.0.0`) it is the first.
    pub fn listener(&self, address: IpAddr) -> Option<&Listener<'a>> {
        let bound_to = |bind: Option<IpAddr>| self.listeners.iter().find(|listener| listener.bind == bind);
        let any = || self.listeners.first().filter(|_| address.is_unspecified());
        bound_to(Some(address)).or_else(|| bound_to(None)).or_else(any)
    }
}

fn listener<'a>(proxy: &Proxy<'a>, bind: Option<IpAddr>, open: &[Open<'a>], port: u32) -> Listener<'a> {
    let mut listener = Listener { bind, chains: Vec::new(), considered: Vec::new(), otherwise: Otherwise::Reset, port };
    let plaintext: Vec<Open<'a>> = open.iter().copied().filter(Open::is_plaintext_http).collect();
    if !plaintext.is_empty() {
        let table = Arc::new(table::table(proxy, &plaintext));
        let action = ChainAction::Http { table, terminates_tls: false };
        listener.chains.push(FilterChain { criteria: Criteria::default(), action });
    }
    let mut taken = BTreeSet::new();
    for server in open.iter().filter(|server| !server.is_plaintext_http()) {
        let chains = chains(proxy, server, &mut listener, &mut taken);
        listener.merge(chains);
    }
    listener
}

/// The chains of a server. `taken` are the server names of `tls` routes before it.
fn chains<'a>(
    proxy: &Proxy<'a>,
    server: &Open<'a>,
    listener: &mut Listener<'a>,
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
