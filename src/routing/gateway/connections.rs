//! The filter chains of servers whose bytes are forwarded: `tcp` and `tls` routes on a gateway (istiod:
//! `buildGatewayNetworkFiltersFromTCPRoutes`, `buildGatewayNetworkFiltersFromTLSRoutes`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::destination::{self, Naming};
use super::super::l4::{Considered, Entry, TcpRoute, tcp_entries, tls_entries};
use super::super::listener::{ChainAction, Criteria, FilterChain};
use super::super::proxy::Proxy;
use super::servers::Open;
use crate::world::{Discovery, Origin, VirtualService, host};

/// The VirtualServices that are bound to a server and have a host in common with it, in istiod's order.
fn bound<'a>(proxy: &Proxy<'a>, open: &Open<'a>) -> Vec<&'a VirtualService<'a>> {
    let seen = proxy.world.routes_seen_from(&proxy.namespace);
    let concerned = |service: &&VirtualService<'_>| {
        let namespace = &service.name.namespace;
        service.binds(&open.gateway.name) && service.hosts.iter().any(|host| open.server.serves(host, namespace))
    };
    seen.into_iter().filter(concerned).collect()
}

/// The chain of a server by `tcp` routes: the first rule of the first VirtualService that has one for it.
pub(super) fn tcp<'a>(
    proxy: &Proxy<'a>,
    open: &Open<'a>,
    considered: &mut Vec<Considered<'a>>,
) -> Option<FilterChain<'a>> {
    let server_names = if open.server.is_tls() { open.server_names() } else { Vec::new() };
    for entry in bound(proxy, open).into_iter().flat_map(tcp_entries) {
        let exclusion = entry.exclusion(proxy, Some(&open.gateway.name), open.port);
        considered.push(entry.considered(exclusion.clone()));
        if exclusion.is_none() {
            let criteria = Criteria { server_names, ..Criteria::default() };
            return Some(FilterChain { criteria, action: to(proxy, open, &entry) });
        }
    }
    None
}

/// The chains of a server that terminates TLS by `tls` routes, which only the Gateway API has there.
pub(super) fn terminated<'a>(
    proxy: &Proxy<'a>,
    open: &Open<'a>,
    considered: &mut Vec<Considered<'a>>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    let routes = bound(proxy, open).into_iter().filter(|service| service.origin == Origin::GatewayApi);
    by_server_name(proxy, open, routes.flat_map(tls_entries), considered, taken)
}

/// The chains of a server that passes TLS on, by `tls` routes.
pub(super) fn tls<'a>(
    proxy: &Proxy<'a>,
    open: &Open<'a>,
    considered: &mut Vec<Considered<'a>>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    by_server_name(proxy, open, bound(proxy, open).into_iter().flat_map(tls_entries), considered, taken)
}

/// A chain for each alternative. A server name that is taken already stays with the first.
fn by_server_name<'a>(
    proxy: &Proxy<'a>,
    open: &Open<'a>,
    entries: impl Iterator<Item = Entry<'a>>,
    considered: &mut Vec<Considered<'a>>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    let mut chains: Vec<FilterChain<'a>> = Vec::new();
    for entry in entries {
        let exclusion = entry.exclusion(proxy, Some(&open.gateway.name), open.port);
        considered.push(entry.considered(exclusion.clone()));
        let names = || entry.server_names.iter().map(|name| name.as_str());
        if exclusion.is_none() && !names().any(|name| taken.contains(name)) {
            taken.extend(names());
            let criteria = Criteria { server_names: entry.names(), ..Criteria::default() };
            chains.push(FilterChain { criteria, action: to(proxy, open, &entry) });
        }
    }
    chains
}

fn to<'a>(proxy: &Proxy<'a>, open: &Open<'a>, entry: &Entry<'a>) -> ChainAction<'a> {
    let destinations = entry.rule.destinations(proxy, open.port);
    ChainAction::Tcp(Arc::new(TcpRoute {
        rule: Some(entry.rule),
        destinations,
        terminates_tls: open.server.terminates_tls(),
    }))
}

/// The chains of an `AUTO_PASSTHROUGH` server: the server name says port, subset and service
/// (istiod: `buildGatewayNetworkFiltersFromAutoPassthrough`).
pub(super) fn automatic<'a>(proxy: &Proxy<'a>, open: &Open<'a>) -> Vec<FilterChain<'a>> {
    let world = proxy.world;
    let hosts = &open.server.hosts;
    let mut chains = Vec::new();
    for service in world.services.visible_from(&proxy.namespace) {
        // Which namespaces may bind to a host does not matter here.
        let is_covered = hosts.iter().any(|it| host::covered_by(&service.hostname, &it.host));
        let is_counted = proxy.service(&service.hostname).is_none_or(|counted| std::ptr::eq(counted, service));
        if !is_covered || !is_counted || service.discovery == Discovery::Alias || service.is_mesh_external() {
            continue;
        }
        let labels = proxy.label_set();
        let rules = &world.destination_rules;
        let rule = rules.applying(&proxy.namespace, &service.namespace, &service.hostname, Some(&labels));
        let named = rule.map(|rule| rules.subsets(rule)).unwrap_or_default();
        let subsets: Vec<&str> =
            named.iter().filter_map(|it| it.subset.name.as_ref()).map(|name| name.as_str()).collect();
        for port in service.ports.iter().filter(|port| port.protocol != crate::world::Protocol::Udp) {
            for subset in std::iter::once("").chain(subsets.iter().copied()) {
                let (hostname, referrer) = (service.hostname.clone(), service.namespace.as_str());
                let mut cluster =
                    destination::of_service(proxy, referrer, Some(service), hostname, subset.to_owned(), port.number);
                cluster.naming = Naming::ServerName;
                let criteria = Criteria { server_names: vec![cluster.name()], ..Criteria::default() };
                chains.push(FilterChain { criteria, action: ChainAction::Tcp(Arc::new(TcpRoute::to(cluster))) });
            }
        }
    }
    chains
}
