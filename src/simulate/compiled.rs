//! What a proxy listens on at a port, compiled once, with what has been decided so far.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::decide::{self, ClauseDecision};
use crate::routing::{
    ChainAction, Clause, Listener, Matcher, Otherwise, Proxy, Role, Table, VirtualHost, gateway, outbound,
};

/// What a proxy listens on at a port.
#[derive(Debug)]
pub(super) struct Compiled<'a> {
    pub proxy: Arc<Proxy<'a>>,
    port: Port<'a>,
    /// By the address of the table.
    routes: HashMap<usize, Routes<'a>>,
}

#[derive(Debug)]
enum Port<'a> {
    Outbound(outbound::Port<'a>),
    Gateway(gateway::Port<'a>),
}

/// A route table, and what has been decided for its clauses.
#[derive(Debug)]
pub(super) struct Routes<'a> {
    pub table: Arc<Table<'a>>,
    /// Why Envoy does not take it.
    pub refused: Option<String>,
    decisions: Vec<OnceLock<Result<ClauseDecision<'a>, String>>>,
}

impl<'a> Compiled<'a> {
    pub fn new(proxy: Arc<Proxy<'a>>, port: u32) -> Self {
        let port = match &proxy.role {
            Role::Sidecar(scope) => Port::Outbound(outbound::Port::new(&proxy, scope, port)),
            Role::Gateway => Port::Gateway(gateway::Port::new(&proxy, port)),
        };
        let listeners: Vec<&Listener<'a>> = match &port {
            Port::Outbound(port) => port.listeners().collect(),
            Port::Gateway(port) => port.listeners.iter().collect(),
        };
        let mut routes = HashMap::new();
        for chain in listeners.into_iter().flat_map(|listener| &listener.chains) {
            if let ChainAction::Http { table, .. } = &chain.action {
                routes.entry(key(table)).or_insert_with(|| Routes::new(Arc::clone(table)));
            }
        }
        Self { proxy, port, routes }
    }

    /// The listener that a connection to an address gets to.
    pub fn listener(&self, address: IpAddr) -> Option<&Listener<'a>> {
        match &self.port {
            Port::Outbound(port) => port.listener(address),
            Port::Gateway(port) => port.listener(address),
        }
    }

    /// The address that clients dial if the port is for an HTTP proxy, whatever host they ask that for.
    pub fn http_proxy(&self) -> Option<IpAddr> {
        match &self.port {
            Port::Outbound(port) => port.http_proxy,
            Port::Gateway(_) => None,
        }
    }

    /// What happens to connections that no listener is for. `None`: they are refused.
    pub fn otherwise(&self) -> Option<Otherwise> {
        match &self.port {
            Port::Outbound(port) => Some(port.otherwise),
            Port::Gateway(_) => None,
        }
    }

    /// The routes of a table that one of the listeners has.
    pub fn routes(&self, table: &Arc<Table<'a>>) -> &Routes<'a> {
        &self.routes[&key(table)]
    }
}

fn key(table: &Arc<Table<'_>>) -> usize {
    Arc::as_ptr(table).addr()
}

impl<'a> Routes<'a> {
    fn new(table: Arc<Table<'a>>) -> Self {
        let decisions = std::iter::repeat_with(OnceLock::new).take(table.clause_count()).collect();
        Self { refused: refusal(table.virtual_hosts()), table, decisions }
    }

    /// What is decided for the requests that a clause takes.
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

/// Why Envoy takes no part of a configuration: an expression that is none of RE2's.
fn refusal(hosts: &[VirtualHost<'_>]) -> Option<String> {
    hosts.iter().find_map(|host| {
        let conditions = host.clauses.iter().flat_map(|clause| &clause.conditions);
        let mut invalid = conditions.filter_map(|condition| match &condition.matcher {
            Matcher::Invalid { source, reason } => Some((source, reason)),
            _ => None,
        });
        let (source, reason) = invalid.next()?;
        Some(format!("Envoy refuses the routes of {}: the expression {source} is not RE2 ({reason})", host.name))
    })
}
