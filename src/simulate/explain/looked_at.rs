//! The listener, the table and the virtual host at which a proxy looks for a request.

use crate::routing::{ChainAction, Connection, ProxyListener, RouteLookup, VirtualHost};
use crate::simulate::compiled::Compiled;
use crate::simulate::question::{Question, ReceivingProxy};

/// What a proxy has for a request.
pub(super) struct LookedAt<'l, 'a> {
    pub compiled: &'l Compiled<'a>,
    pub listener: Option<&'l ProxyListener<'a>>,
    pub chain: Option<&'l ChainAction<'a>>,
    pub virtual_host: Option<&'l VirtualHost<'a>>,
}

impl<'l, 'a> LookedAt<'l, 'a> {
    /// What the proxy of a client or a gateway has. `None` at the sidecar of a server.
    pub fn of(question: &'l Question<'_, 'a>) -> Option<Self> {
        let ReceivingProxy::Client { listeners, address } = &question.proxy else { return None };
        let connection = Connection { address: *address, payload: question.payload() };
        let listener = listeners.listener(*address);
        let chain = listener.and_then(|listener| listener.chain(&connection)).map(|chain| &chain.action);
        let table = match chain {
            Some(ChainAction::Http { table, .. }) => Some(&*listeners.routes(table).table),
            _ => None,
        };
        let virtual_host = table.and_then(|table| match table.find(&question.http) {
            RouteLookup::Clause(host, _) | RouteLookup::NoClause(host) | RouteLookup::RequiresTls(host) => Some(host),
            RouteLookup::NoVirtualHost | RouteLookup::NoPath => None,
        });
        Some(Self { compiled: listeners, listener, chain, virtual_host })
    }
}
