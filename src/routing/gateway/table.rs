//! The routes of servers that speak HTTP (istiod: `buildGatewayHTTPRouteConfig`).

use std::collections::{BTreeMap, HashMap};

use super::super::clause::Clause;
use super::super::http;
use super::super::proxy::Proxy;
use super::super::table::{Table, VirtualHost};
use super::servers::Open;
use crate::world::{NamespacedName, VirtualService, host};

/// Compiles the table of servers that share one: all plaintext ones of a port, or one that terminates TLS.
pub(super) fn table<'a>(proxy: &Proxy<'a>, servers: &[Open<'a>]) -> Table<'a> {
    let mut hosts = Hosts::default();
    // What a VirtualService says is compiled once for a Gateway, with the number of the first server that has routes of it.
    let mut compiled: HashMap<(&NamespacedName<'_>, &NamespacedName<'_>), Vec<Clause<'a>>> = HashMap::new();
    for open in servers {
        let redirects = open.server.https_redirect().is_some();
        for (host, service) in served(proxy, open) {
            let known = compiled.entry((&open.gateway.name, &service.name)).or_default();
            if !known.iter().any(Clause::is_live) {
                *known = http::clauses(proxy, service, Some(&open.gateway.name), open.port);
            }
            if known.iter().any(Clause::is_live) {
                hosts.add(host, open.port, known.clone(), redirects);
            }
        }
        if redirects {
            // istiod looks for the others with the namespace in front of their name, so for nothing.
            let of_server = open.server.hosts.iter();
            of_server
                .filter(|host| host.namespace.is_none())
                .for_each(|host| hosts.add(host.host.clone(), open.port, Vec::new(), true));
        }
    }
    let mut table = Table::default();
    // Without any route the listener is there all the same.
    if hosts.order.is_empty() {
        let port = servers.first().map_or(0, |open| open.port);
        let (name, domains) = (format!("blackhole:{port}"), vec!["*".to_owned()]);
        table.add(VirtualHost { name, domains, clauses: Vec::new(), requires_tls: false, rivals: Vec::new() });
    }
    for host in hosts.order {
        let Some((port, mut merged)) = hosts.by_name.remove(&host) else { continue };
        // Several VirtualServices of one host are joined, and what takes every request goes last. The sort is stable.
        merged.clauses.sort_by_key(|clause| clause.is_catch_all);
        table.add(VirtualHost { name: format!("{host}:{port}"), domains: vec![host.to_ascii_lowercase()], ..merged });
    }
    table
}

/// The hosts that VirtualServices serve on a server: the narrower of each pair of names, in istiod's order.
pub(super) fn served<'a>(proxy: &Proxy<'a>, open: &Open<'a>) -> Vec<(String, &'a VirtualService<'a>)> {
    let seen = proxy.world.routes_seen_from(&proxy.namespace);
    let bound = seen.into_iter().filter(|it| !it.is_delegate() && it.binds(&open.gateway.name));
    bound
        .flat_map(|service| {
            let of_server = open.server.hosts_for(&service.name.namespace);
            let of_service: Vec<&str> = service.hosts.iter().map(|host| host.value.as_str()).collect();
            let common = host::intersection(&of_server, &of_service);
            common.into_iter().map(|host| (host.to_owned(), service)).collect::<Vec<_>>()
        })
        .collect()
}

/// Virtual hosts by their one domain, in the order in which they came up, with the number of the server that they came up
/// for.
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
