//! The route table that decides about the requests on a connection, for code that reasons about all of them at once.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::compiled::Compiled;
use super::question::{Question, ReceivingProxy};
use super::treatment::Treatment;
use super::{Outcome, Request, Simulator, direct, naming};
use crate::routing::{ChainAction, Clause, Connection, Criteria, ProxyListener, Table, VirtualHost};

/// A route table of a proxy at a port.
#[derive(Debug, Clone)]
pub struct RouteTable<'a> {
    listeners: Arc<Compiled<'a>>,
    table: Arc<Table<'a>>,
}

impl<'a> RouteTable<'a> {
    /// The virtual hosts.
    pub fn table(&self) -> &Table<'a> {
        &self.table
    }

    /// Whether both are the same table, not just equal ones.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table)
    }

    /// Whether the proxies of both trust the same proxies in front of them, so that they see a request alike.
    pub fn is_received_as(&self, other: &Self) -> bool {
        self.listeners.topology == other.listeners.topology
    }

    /// Whether requests may have claims when the proxy routes them: a gateway may check tokens, and so may a waypoint.
    pub fn may_know_claims(&self) -> bool {
        let Compiled { proxy, policies, .. } = &*self.listeners;
        match proxy.is_gateway() {
            true => policies.check_tokens(),
            false => !proxy.world.policies.request_authentications().is_empty(),
        }
    }

    /// The reason why Envoy rejects the table.
    pub fn rejection(&self) -> Option<&str> {
        self.listeners.routes(&self.table).rejected.as_deref()
    }

    /// The treatment of the requests that a clause takes. The error says why istiod leaves the route without an
    /// action.
    pub fn treatment(&self, host: &VirtualHost<'a>, clause: &Clause<'a>) -> Result<Treatment<'a>, String> {
        let decided = self.listeners.routes(&self.table).decision(&self.listeners.proxy, host, clause)?;
        Ok(Treatment::of_clause(clause, decided))
    }
}

impl<'a> Simulator<'a> {
    /// The table that routes the request, and all others on such a connection. `None` if no table does: then all these
    /// requests have the same fate, whatever they ask for.
    pub fn route_table(&self, request: &Request) -> Option<RouteTable<'a>> {
        let is_refused = |request| self.simulate(request).is_ok_and(|answer| answer.outcome == Outcome::Refused);
        let found = self.on_listener(request, |_, listeners, listener, connection| {
            let ChainAction::Http { table, .. } = &listener.chain(connection)?.action else { return None };
            Some(RouteTable { listeners: Arc::clone(listeners), table: Arc::clone(table) })
        });
        found.filter(|_| !is_refused(request))
    }

    /// The treatment of a connection that no table routes, and that a filter chain forwards.
    pub fn connection(&self, request: &Request) -> Option<Treatment<'a>> {
        self.on_listener(request, |_, listeners, listener, connection| {
            let chain = listener.chain(connection)?;
            let ChainAction::Tcp(route) = &chain.action else { return None };
            let decision = &listeners.forwarded(listener, chain, route).decision;
            Some(Treatment::of_connection(decision, &route.destinations))
        })
    }

    /// The server names, in lower case, by which the listeners at the port of a request tell connections apart.
    pub fn server_names(&self, request: &Request) -> BTreeSet<String> {
        let name = |criteria: &Criteria| criteria.server_names.iter().map(|name| name.to_ascii_lowercase()).collect();
        self.criteria(request, name)
    }

    /// The networks of destinations by which they tell connections apart.
    pub fn networks(&self, request: &Request) -> BTreeSet<IpNet> {
        self.criteria(request, |criteria| criteria.networks.clone())
    }

    fn criteria<T: Ord>(&self, request: &Request, of: impl Fn(&Criteria) -> Vec<T>) -> BTreeSet<T> {
        let found = self.on_listeners(request, |_, listeners, _| {
            let chains = listeners.listeners().into_iter().flat_map(|listener| &listener.chains);
            Some(chains.flat_map(|chain| of(&chain.criteria)).collect())
        });
        found.unwrap_or_default()
    }

    /// Looks at the listener that takes a request, and at the connection.
    pub(super) fn on_listener<T>(
        &self,
        request: &Request,
        look: impl FnOnce(&Question<'_, 'a>, &Arc<Compiled<'a>>, &ProxyListener<'a>, &Connection<'_>) -> Option<T>,
    ) -> Option<T> {
        self.on_listeners(request, |question, listeners, address| {
            let connection = Connection { address, payload: question.payload() };
            look(question, listeners, listeners.listener(address)?, &connection)
        })
    }

    /// Looks at the listeners of the proxy that routes a request, and at the address that the client dials. `None` for a
    /// request that cannot be resolved, or that no such proxy gets.
    fn on_listeners<T>(
        &self,
        request: &Request,
        look: impl FnOnce(&Question<'_, 'a>, &Arc<Compiled<'a>>, IpAddr) -> Option<T>,
    ) -> Option<T> {
        let named = naming::resolve(self.world, request).ok()?;
        let question = Question::new(&named.request, self).ok()?;
        let (listeners, address) = match &question.proxy {
            ReceivingProxy::Client { listeners, address } => (Arc::clone(listeners), *address),
            ReceivingProxy::Direct(client) => direct::waypoint_listeners(self.world, &question, client)?,
            ReceivingProxy::Server(..) => return None,
        };
        look(&question, &listeners, address)
    }
}
