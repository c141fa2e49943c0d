//! What a gateway listens on (istiod: `buildGatewayListeners`).

mod connections;
mod servers;
mod table;

use std::sync::Arc;

use self::servers::Open;
use super::listener::{ChainAction, Criteria, FilterChain, Listener, Otherwise};
use super::proxy::Proxy;
use crate::model::networking::ServerTlsMode;
use crate::world::Protocol;

/// Compiles what a gateway listens on at a port. `None` if no server is for it.
pub fn listener<'a>(proxy: &Proxy<'a>, port: u32) -> Option<Listener<'a>> {
    let (open, listening) = servers::open(proxy, port);
    if open.is_empty() {
        return None;
    }
    let mut listener = Listener {
        bind: None,
        chains: Vec::new(),
        considered: Vec::new(),
        otherwise: Otherwise::Reset,
        port: listening,
    };
    let plaintext: Vec<Open<'a>> = open.iter().copied().filter(Open::is_plaintext_http).collect();
    if !plaintext.is_empty() {
        let table = Arc::new(table::table(proxy, &plaintext));
        let action = ChainAction::Http { table, terminates_tls: false };
        listener.chains.push(FilterChain { criteria: Criteria::default(), action });
    }
    for server in open.iter().filter(|server| !server.is_plaintext_http()) {
        let chains = chains(proxy, server, &mut listener);
        listener.merge(chains);
    }
    // A server without any route does not open the port.
    (!listener.chains.is_empty()).then_some(listener)
}

fn chains<'a>(proxy: &Proxy<'a>, server: &Open<'a>, listener: &mut Listener<'a>) -> Vec<FilterChain<'a>> {
    if !server.is_tls() {
        return connections::tcp(proxy, server, &mut listener.considered).into_iter().collect();
    }
    match server.tls_mode() {
        ServerTlsMode::AutoPassthrough => connections::automatic(proxy, server),
        ServerTlsMode::Passthrough => connections::tls(proxy, server, &mut listener.considered),
        _ if server.protocol == Protocol::Https => {
            let table = Arc::new(table::table(proxy, std::slice::from_ref(server)));
            let criteria = Criteria { server_names: server.server_names(), ..Criteria::default() };
            vec![FilterChain { criteria, action: ChainAction::Http { table, terminates_tls: true } }]
        }
        _ => {
            let tcp = connections::tcp(proxy, server, &mut listener.considered);
            tcp.into_iter().chain(connections::terminated(proxy, server, &mut listener.considered)).collect()
        }
    }
}
