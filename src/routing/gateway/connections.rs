//! Filter chains for servers that forward bytes: `tcp` and `tls` routes on a gateway (istiod:
//! `buildGatewayNetworkFiltersFromTCPRoutes`, `buildGatewayNetworkFiltersFromTLSRoutes`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::destination::{self, Naming};
use super::super::l4::{ConsideredRoute, L4Match, TcpProxy, tcp_matches, tls_matches};
use super::super::listener::{ChainAction, Criteria, FilterChain};
use super::super::proxy::Proxy;
use super::servers::ListeningServer;
use crate::world::{Discovery, Origin, Protocol, VirtualService, host};

/// The VirtualServices that are bound to a server and share a host with it, in istiod's order.
fn bound<'a>(proxy: &Proxy<'a>, open: &ListeningServer<'a>) -> Vec<&'a VirtualService<'a>> {
    let seen = proxy.world.routes_seen_from(&proxy.namespace);
    let concerned = |virtual_service: &&VirtualService<'_>| {
        let namespace = &virtual_service.name.namespace;
        virtual_service.binds(&open.gateway.name)
            && virtual_service.hosts.iter().any(|host| open.server.serves(host, namespace))
    };
    seen.into_iter().filter(concerned).collect()
}

/// The filter chain of a server for `tcp` routes: the first route for the server counts.
pub(super) fn tcp<'a>(
    proxy: &Proxy<'a>,
    open: &ListeningServer<'a>,
    considered: &mut Vec<ConsideredRoute<'a>>,
) -> Option<FilterChain<'a>> {
    let server_names = if open.server.is_tls() { open.server_names() } else { Vec::new() };
    for l4_match in bound(proxy, open).into_iter().flat_map(tcp_matches) {
        let exclusion = l4_match.exclusion(proxy, Some(&open.gateway.name), open.port);
        considered.push(l4_match.considered(exclusion.clone()));
        if exclusion.is_none() {
            let criteria = Criteria { server_names, ..Criteria::default() };
            return Some(FilterChain { criteria, action: to(proxy, open, &l4_match) });
        }
    }
    None
}

/// The filter chains of a server that terminates TLS, for `tls` routes. Only the Gateway API has such routes there.
pub(super) fn terminated<'a>(
    proxy: &Proxy<'a>,
    open: &ListeningServer<'a>,
    considered: &mut Vec<ConsideredRoute<'a>>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    let routes = bound(proxy, open).into_iter().filter(|it| it.origin == Origin::GatewayApi);
    by_server_name(proxy, open, routes.flat_map(tls_matches), considered, taken)
}

/// The filter chains of a server that passes TLS through, for `tls` routes.
pub(super) fn tls<'a>(
    proxy: &Proxy<'a>,
    open: &ListeningServer<'a>,
    considered: &mut Vec<ConsideredRoute<'a>>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    by_server_name(proxy, open, bound(proxy, open).into_iter().flat_map(tls_matches), considered, taken)
}

/// A filter chain for each match. A server name stays with the first match that has it.
fn by_server_name<'a>(
    proxy: &Proxy<'a>,
    open: &ListeningServer<'a>,
    matches: impl Iterator<Item = L4Match<'a>>,
    considered: &mut Vec<ConsideredRoute<'a>>,
    taken: &mut BTreeSet<&'a str>,
) -> Vec<FilterChain<'a>> {
    let mut chains: Vec<FilterChain<'a>> = Vec::new();
    for l4_match in matches {
        let exclusion = l4_match.exclusion(proxy, Some(&open.gateway.name), open.port);
        considered.push(l4_match.considered(exclusion.clone()));
        let names = || l4_match.server_names.iter().map(|name| name.as_str());
        if exclusion.is_none() && !names().any(|name| taken.contains(name)) {
            taken.extend(names());
            let criteria = Criteria { server_names: l4_match.names(), ..Criteria::default() };
            chains.push(FilterChain { criteria, action: to(proxy, open, &l4_match) });
        }
    }
    chains
}

fn to<'a>(proxy: &Proxy<'a>, open: &ListeningServer<'a>, l4_match: &L4Match<'a>) -> ChainAction<'a> {
    let destinations = l4_match.route.destinations(proxy, open.port);
    ChainAction::Tcp(Arc::new(TcpProxy {
        route: Some(l4_match.route),
        destinations,
        terminates_tls: open.server.terminates_tls(),
    }))
}

/// The filter chains of an `AUTO_PASSTHROUGH` server, whose server names encode port, subset and service (istiod:
/// `buildGatewayNetworkFiltersFromAutoPassthrough`).
pub(super) fn automatic<'a>(proxy: &Proxy<'a>, open: &ListeningServer<'a>) -> Vec<FilterChain<'a>> {
    let world = proxy.world;
    let hosts = &open.server.hosts;
    let mut chains = Vec::new();
    for service in world.services.visible_from(&proxy.namespace) {
        // The namespace before a host does not matter here.
        let is_covered = hosts.iter().any(|it| host::covered_by(&service.hostname, &it.host));
        let Some(imported) = proxy.imported(&service.hostname) else { continue };
        if !is_covered
            || !std::ptr::eq(imported.service, service)
            || service.discovery == Discovery::Alias
            || service.is_mesh_external()
        {
            continue;
        }
        let labels = proxy.label_set();
        let destination_rules = &world.destination_rules;
        let destination_rule =
            destination_rules.applying(&proxy.namespace, &service.namespace, &service.hostname, Some(&labels));
        let named = destination_rule.map(|it| destination_rules.subsets(it)).unwrap_or_default();
        let subsets: Vec<&str> =
            named.iter().filter_map(|it| it.subset.name.as_ref()).map(|name| name.as_str()).collect();
        let ports = imported.ports().into_iter().map(|it| it.port);
        for port in ports.filter(|port| port.protocol != Protocol::Udp) {
            for subset in std::iter::once("").chain(subsets.iter().copied()) {
                let (hostname, referrer) = (service.hostname.clone(), service.namespace.as_str());
                let mut cluster = destination::of_service(proxy, referrer, hostname, subset.to_owned(), port.number);
                cluster.naming = Naming::ServerName;
                let criteria = Criteria { server_names: vec![cluster.name()], ..Criteria::default() };
                chains.push(FilterChain { criteria, action: ChainAction::Tcp(Arc::new(TcpProxy::to(cluster))) });
            }
        }
    }
    chains
}
