//! The route tables of HTTP servers (istiod: `buildGatewayHTTPRouteConfig`).

use std::collections::{BTreeMap, HashMap};

use super::super::clause::Clause;
use super::super::http;
use super::super::proxy::Proxy;
use super::super::table::{Table, VirtualHost};
use super::servers::ListeningServer;
use crate::world::{NamespacedName, VirtualService, host};

/// Compiles the table that servers share: all plaintext servers of a port, or one that terminates TLS.
pub(super) fn table<'a>(proxy: &Proxy<'a>, servers: &[ListeningServer<'a>]) -> Table<'a> {
    let mut hosts = Hosts::default();
    // A VirtualService is compiled once for a Gateway, with the port of the first server that has routes of it.
    let mut compiled: HashMap<(&NamespacedName<'_>, &NamespacedName<'_>), Vec<Clause<'a>>> = HashMap::new();
    for open in servers {
        let redirects = open.server.https_redirect().is_some();
        for (host, virtual_service) in served(proxy, open) {
            let known = compiled.entry((&open.gateway.name, &virtual_service.name)).or_default();
            if !known.iter().any(Clause::is_live) {
                *known = http::clauses(proxy, virtual_service, Some(&open.gateway.name), open.port);
            }
            if known.iter().any(Clause::is_live) {
                hosts.add(host, open.port, known.clone(), redirects);
            }
        }
        if redirects {
            let of_server = open.server.hosts.iter();
            // istiod looks up hosts with a namespace by their full text, so it never finds them.
            of_server
                .filter(|host| host.namespace.is_none())
                .for_each(|host| hosts.add(host.host.clone(), open.port, Vec::new(), true));
        }
    }
    let mut table = Table::default();
    // A server without routes still has a listener.
    if hosts.order.is_empty() {
        let port = servers.first().map_or(0, |open| open.port);
        let (name, domains) = (format!("blackhole:{port}"), vec!["*".to_owned()]);
        table.add(VirtualHost { name, domains, clauses: Vec::new(), requires_tls: false, rivals: Vec::new() });
    }
    for host in hosts.order {
        let Some((port, mut merged)) = hosts.by_name.remove(&host) else { continue };
        // The clauses of several VirtualServices are joined, with those that take every request last. The sort is
        // stable.
        merged.clauses.sort_by_key(|clause| clause.is_catch_all);
        table.add(VirtualHost { name: format!("{host}:{port}"), domains: vec![host.to_ascii_lowercase()], ..merged });
    }
    table
}

/// The hosts that VirtualServices serve on a server: the narrower of each pair of hosts, in istiod's order.
pub(super) fn served<'a>(proxy: &Proxy<'a>, open: &ListeningServer<'a>) -> Vec<(String, &'a VirtualService<'a>)> {
    let seen = proxy.world.routes_seen_from(&proxy.namespace);
    let bound = seen.into_iter().filter(|it| !it.is_delegate() && it.binds(&open.gateway.name));
    bound
        .flat_map(|virtual_service| {
            let of_server = open.server.hosts_for(&virtual_service.name.namespace);
            let of_virtual_service: Vec<&str> = virtual_service.hosts.iter().map(|host| host.value.as_str()).collect();
            let common = host::intersection(&of_server, &of_virtual_service);
            common.into_iter().map(|host| (host.to_owned(), virtual_service)).collect::<Vec<_>>()
        })
        .collect()
}

/// Virtual hosts by domain, in insertion order, each with the port of its first server.
#[derive(Default)]
struct Hosts<'a> {
    order: Vec<String>,
    by_name: BTreeMap<String, (u32, VirtualHost<'a>)>,
}

impl<'a> Hosts<'a> {
    fn add(&mut self, host: String, port: u32, clauses: Vec<Clause<'a>>, requires_tls: bool) {
        let (_, entry) = self.by_name.entry(host.clone()).or_insert_with(|| {
            self.order.push(host);
            (port, VirtualHost::default())
        });
        entry.clauses.extend(clauses);
        entry.requires_tls |= requires_tls;
    }
}
