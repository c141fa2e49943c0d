//! The listener, the table and the virtual host at which a proxy looks for a request.

use std::net::IpAddr;
use std::sync::Arc;

use crate::routing::{ChainAction, Connection, ProxyListener, RouteLookup, VirtualHost};
use crate::simulate::compiled::Compiled;
use crate::simulate::direct;
use crate::simulate::question::{Question, ReceivingProxy};
use crate::world::World;

/// The proxy that routes a request, and the address that the client dials.
pub(super) struct RoutingProxy<'a> {
    compiled: Arc<Compiled<'a>>,
    address: IpAddr,
}

impl<'a> RoutingProxy<'a> {
    /// The sidecar of the client, a gateway or a waypoint. `None` if no proxy routes the request.
    pub fn of(world: &'a World<'a>, question: &Question<'_, 'a>) -> Option<Self> {
        let (compiled, address) = match &question.proxy {
            ReceivingProxy::Client { listeners, address } => (Arc::clone(listeners), *address),
            ReceivingProxy::Direct(client) => direct::waypoint_listeners(world, question, client)?,
            ReceivingProxy::Server(..) => return None,
        };
        Some(Self { compiled, address })
    }
}

/// The parts of a proxy that are for a request.
pub(super) struct LookedAt<'l, 'a> {
    pub compiled: &'l Compiled<'a>,
    pub listener: Option<&'l ProxyListener<'a>>,
    pub chain: Option<&'l ChainAction<'a>>,
    pub virtual_host: Option<&'l VirtualHost<'a>>,
}

impl<'l, 'a> LookedAt<'l, 'a> {
    /// The parts of a proxy for a request.
    pub fn at(proxy: &'l RoutingProxy<'a>, question: &'l Question<'_, 'a>) -> Self {
        let listeners = &*proxy.compiled;
        let connection = Connection { address: proxy.address, payload: question.payload() };
        let listener = listeners.listener(proxy.address);
        let chain = listener.and_then(|listener| listener.chain(&connection)).map(|chain| &chain.action);
        let table = match chain {
            Some(ChainAction::Http { table, .. }) => Some(&*listeners.routes(table).table),
            _ => None,
        };
        let virtual_host = table.and_then(|table| match table.find(&question.http) {
            RouteLookup::Clause(host, _) | RouteLookup::NoClause(host) | RouteLookup::RequiresTls(host) => Some(host),
            RouteLookup::NoVirtualHost | RouteLookup::NoPath => None,
        });
        Self { compiled: listeners, listener, chain, virtual_host }
    }
}
