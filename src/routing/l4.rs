//! Routes for connections: `tcp` and `tls` of VirtualServices.

use ipnet::IpNet;

use super::clause::Exclusion;
use super::destination::{self, Cluster, Weighted, WeightedTarget};
use super::proxy::Proxy;
use super::vantage::{RouteBinding, Vantage};
use crate::model::Labels;
use crate::model::networking::{L4MatchAttributes, RouteDestination, ServerTlsMode, TlsMatchAttributes};
use crate::source::{Span, Spanned};
use crate::world::{NamespacedName, Section, VirtualService, host, resolve_gateway_name};

/// The destinations of a connection (Envoy: `TcpProxy`).
#[derive(Debug)]
pub struct TcpProxy<'a> {
    /// The route; `None` if no VirtualService routes for the service.
    pub route: Option<L4Route<'a>>,
    /// The destinations with their weights.
    pub destinations: Vec<Weighted<'a>>,
    /// The mode of the client's TLS that the proxy terminates; `None` if it terminates none.
    pub terminates: Option<ServerTlsMode>,
}

/// A route of `tcp` or `tls`, or one of its matches.
#[derive(Debug, Clone, Copy)]
pub struct L4Route<'a> {
    /// The VirtualService.
    pub virtual_service: &'a VirtualService<'a>,
    /// The section.
    pub section: Section,
    /// The index of the route in the section.
    pub index: usize,
    /// The place of the route.
    pub span: Span,
    /// The index and place of the match.
    pub route_match: Option<(usize, Span)>,
    destinations: &'a [RouteDestination],
}

/// A route that was considered for a connection.
#[derive(Debug, Clone)]
pub struct ConsideredRoute<'a> {
    /// The route.
    pub route: L4Route<'a>,
    /// The reason why the proxy does not have the route.
    pub exclusion: Option<Exclusion>,
    /// The server names of its match.
    pub server_names: Vec<String>,
    /// The destination networks of its match.
    pub networks: Vec<IpNet>,
}

/// One match of a `tcp` or `tls` route.
#[derive(Debug)]
pub struct L4Match<'a> {
    /// The route.
    pub route: L4Route<'a>,
    /// The server names, as written.
    pub server_names: &'a [Spanned<String>],
    /// The destination networks, as written.
    pub subnets: &'a [Spanned<String>],
    /// The port of the listener or server.
    pub port: Option<u32>,
    source_labels: Option<&'a Labels>,
    /// The namespace of the client.
    pub source_namespace: Option<&'a str>,
    gateways: &'a [Spanned<String>],
}

/// The matches of the `tcp` routes of a VirtualService, in order. A route without `match` has one without conditions.
pub fn tcp_matches<'a>(virtual_service: &'a VirtualService<'a>) -> Vec<L4Match<'a>> {
    let mut matches = Vec::new();
    for (index, route) in virtual_service.spec.tcp.iter().enumerate() {
        let l4 = L4Route {
            virtual_service,
            section: Section::Tcp,
            index,
            span: route.span,
            route_match: None,
            destinations: &route.route,
        };
        if route.r#match.is_empty() {
            matches.push(L4Match::unconditional(l4));
        }
        let written = route.r#match.iter().enumerate();
        matches.extend(written.map(|(at, written)| L4Match::of_tcp(l4, at, written)));
    }
    matches
}

/// The matches of the `tls` routes of a VirtualService, in order.
pub fn tls_matches<'a>(virtual_service: &'a VirtualService<'a>) -> Vec<L4Match<'a>> {
    let mut matches = Vec::new();
    for (index, route) in virtual_service.spec.tls.iter().enumerate() {
        let l4 = L4Route {
            virtual_service,
            section: Section::Tls,
            index,
            span: route.span,
            route_match: None,
            destinations: &route.route,
        };
        let written = route.r#match.iter().enumerate();
        matches.extend(written.map(|(at, written)| L4Match::of_tls(l4, at, written)));
    }
    matches
}

impl<'a> L4Match<'a> {
    fn unconditional(route: L4Route<'a>) -> Self {
        Self {
            route,
            server_names: &[],
            subnets: &[],
            port: None,
            source_labels: None,
            source_namespace: None,
            gateways: &[],
        }
    }

    fn of_tcp(route: L4Route<'a>, at: usize, written: &'a L4MatchAttributes) -> Self {
        Self {
            route: L4Route { route_match: Some((at, written.span)), ..route },
            subnets: &written.destination_subnets,
            port: number(written.port),
            source_labels: Some(&written.source_labels),
            source_namespace: written.source_namespace.as_ref().and_then(Spanned::filled),
            gateways: &written.gateways,
            server_names: &[],
        }
    }

    fn of_tls(route: L4Route<'a>, at: usize, written: &'a TlsMatchAttributes) -> Self {
        Self {
            route: L4Route { route_match: Some((at, written.span)), ..route },
            server_names: &written.sni_hosts,
            subnets: &written.destination_subnets,
            port: number(written.port),
            source_labels: Some(&written.source_labels),
            source_namespace: written.source_namespace.as_ref().and_then(Spanned::filled),
            gateways: &written.gateways,
        }
    }

    /// The first condition on the proxy that does not hold. Unlike for HTTP, all conditions count; on a gateway only
    /// port and gateways do.
    pub fn exclusion(&self, proxy: &Proxy<'_>, binding: RouteBinding<'_>, port: u32) -> Option<Exclusion> {
        let vantage = Vantage { proxy, binding, port };
        let gateways = self.gateways();
        let gateway = || vantage.lacks_gateway(gateways.iter().map(Option::as_ref)).filter(|_| !gateways.is_empty());
        let source = || vantage.lacks_source(self.source_labels(), self.source_namespace).filter(|_| binding.is_none());
        vantage.lacks_port(self.port).or_else(gateway).or_else(source)
    }

    /// The gateways, where `None` means the mesh. An empty list matches every proxy.
    pub fn gateways(&self) -> Vec<Option<NamespacedName<'a>>> {
        let namespace = &self.route.virtual_service.name.namespace;
        self.gateways.iter().map(|written| resolve_gateway_name(written, namespace)).collect()
    }

    /// The labels of the client.
    pub fn source_labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let labels = self.source_labels.into_iter().flat_map(Labels::iter);
        labels.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The destination networks.
    pub fn networks(&self) -> Vec<IpNet> {
        self.subnets.iter().filter_map(|subnet| host::network(subnet)).collect()
    }

    /// The server names. `*` among them matches every name, so no list is left.
    pub fn names(&self) -> Vec<String> {
        if self.server_names.iter().any(|name| name.as_str() == "*") {
            return Vec::new();
        }
        self.server_names.iter().map(|name| name.to_ascii_lowercase()).collect()
    }

    /// The match among those that were considered for a connection.
    pub fn considered(&self, exclusion: Option<Exclusion>) -> ConsideredRoute<'a> {
        ConsideredRoute { route: self.route, exclusion, server_names: self.names(), networks: self.networks() }
    }
}

impl<'a> L4Route<'a> {
    /// The clusters of the route. `port` is the service port of a sidecar's listener, or the port of a gateway's
    /// server.
    pub(super) fn destinations(&self, proxy: &Proxy<'a>, port: u32) -> Vec<Weighted<'a>> {
        let targets = self.destinations.iter().map(|it| WeightedTarget {
            destination: it.destination.as_ref(),
            weight: it.weight.map(|weight| weight.value),
            headers: None,
        });
        destination::weighted(proxy, self.section, self.virtual_service, port, targets)
    }
}

impl<'a> TcpProxy<'a> {
    /// The default route of a service.
    pub(super) fn to(cluster: Cluster<'a>) -> Self {
        Self { route: None, destinations: vec![Weighted { cluster, weight: 1, headers: None }], terminates: None }
    }
}

fn number(port: Option<Spanned<u32>>) -> Option<u32> {
    port.map(|port| port.value).filter(|port| *port != 0)
}
