//! Merging of servers: those that cannot share a port with earlier ones are dropped (istiod: `mergeGateways`).

use std::collections::{BTreeMap, BTreeSet};

use super::servers::ListeningServer;
use crate::model::field::TextField;
use crate::world::{Protocol, ProtocolClass};

/// The servers of a port so far, as far as later servers can conflict with them.
#[derive(Debug, Default)]
pub(super) struct Merging<'a> {
    has_any: bool,
    /// The hosts of servers with `tls`, each with the namespaces that may bind to it, and the address that it was last
    /// served on.
    hosts: BTreeMap<(Option<&'a str>, &'a str), Option<&'a str>>,
    /// The protocol and address of the plaintext server with which later servers must be compatible.
    plaintext: Option<(Protocol, Option<&'a str>)>,
    groups: BTreeSet<(Protocol, Option<&'a str>)>,
    route_tables: BTreeSet<RouteTable<'a>>,
}

/// The name of a route table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum RouteTable<'a> {
    /// All plaintext servers of a port share one table.
    Plaintext { bind: Option<&'a str> },
    /// A server that terminates TLS has a table for itself, by the name of its port.
    Https { gateway: String, number: u32, port_name: &'a str, bind: Option<&'a str> },
}

impl<'a> Merging<'a> {
    /// Adds a server if it is compatible with those before it. After a plaintext server only HTTP joins HTTP. A TLS
    /// host can be served once, and so can the name of an HTTPS port within a Gateway. Servers on different addresses
    /// do not conflict.
    pub fn admits(&mut self, open: &ListeningServer<'a>) -> bool {
        let (bind, protocol) = (open.server.bind(), open.server.protocol);
        let group = (protocol, bind);
        if open.server.spec.tls.is_some() {
            let hosts = || open.server.hosts.iter().map(|host| (host.namespace.as_deref(), host.host.as_str()));
            if hosts().any(|host| self.hosts.get(&host) == Some(&bind)) {
                return false;
            }
            self.hosts.extend(hosts().map(|host| (host, bind)));
        }
        let table = RouteTable::of(open);
        let is_plaintext = !open.server.is_tls();
        let is_first = !std::mem::replace(&mut self.has_any, true);
        match self.plaintext {
            Some((current, of_current)) if of_current == bind => {
                let is_http = |protocol: Protocol| protocol.class() == ProtocolClass::Http;
                let joins = (is_http(protocol) || protocol == current) && is_http(current);
                if !joins || table.is_none() {
                    return false;
                }
            }
            Some(_) if is_plaintext && !self.groups.contains(&group) => self.plaintext = Some(group),
            None if is_plaintext => self.plaintext = Some(group),
            None if !is_first && table.as_ref().is_some_and(|table| self.route_tables.contains(table)) => return false,
            Some(_) | None => {}
        }
        self.groups.insert(group);
        self.route_tables.extend(table);
        true
    }
}

impl<'a> RouteTable<'a> {
    /// The route table of a server; `None` if it has none (istiod: `gatewayRDSRouteName`).
    fn of(open: &ListeningServer<'a>) -> Option<Self> {
        let bind = open.server.bind();
        match open.server.protocol {
            protocol if protocol.class() == ProtocolClass::Http => Some(Self::Plaintext { bind }),
            Protocol::Https if !open.server.passes_tls_through() => {
                let port_name = open.server.spec.port.as_ref().map_or("", |port| port.name.text());
                Some(Self::Https { gateway: open.gateway.name.to_string(), number: open.port, port_name, bind })
            }
            _ => None,
        }
    }
}
