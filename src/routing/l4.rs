//! Rules for connections: `tcp` and `tls` of VirtualServices.

use ipnet::IpNet;

use super::clause::Exclusion;
use super::destination::{self, Cluster, Target, Weighted};
use super::proxy::Proxy;
use super::vantage::{Place, Vantage};
use crate::model::Labels;
use crate::model::networking::{L4MatchAttributes, RouteDestination, TlsMatchAttributes};
use crate::source::{Span, Spanned};
use crate::world::{Section, VirtualService, host, resolve_gateway_name};

/// Where the bytes of a connection go.
#[derive(Debug)]
pub struct TcpRoute<'a> {
    /// The rule that says so; `None` if no VirtualService routes for the service.
    pub rule: Option<L4Rule<'a>>,
    /// The destinations with their weights.
    pub destinations: Vec<Weighted<'a>>,
    /// Whether the client's TLS ends before they are sent on.
    pub terminates_tls: bool,
}

/// A rule of `tcp` or `tls`, or one of its alternatives.
#[derive(Debug, Clone, Copy)]
pub struct L4Rule<'a> {
    /// The VirtualService.
    pub service: &'a VirtualService<'a>,
    /// The section.
    pub section: Section,
    /// The rule's index in the section.
    pub index: usize,
    /// The rule.
    pub span: Span,
    /// The index and place of the match that applies.
    pub entry: Option<(usize, Span)>,
    route: &'a [RouteDestination],
}

/// A rule that was considered for a connection.
#[derive(Debug, Clone)]
pub struct Considered<'a> {
    /// The rule.
    pub rule: L4Rule<'a>,
    /// Why the proxy does not have it.
    pub exclusion: Option<Exclusion>,
    /// The server names that it asks for.
    pub server_names: Vec<String>,
    /// The networks of the destination that it asks for.
    pub networks: Vec<IpNet>,
}

/// One alternative of a rule: what a `match` of either section says.
pub(super) struct Entry<'a> {
    pub rule: L4Rule<'a>,
    pub server_names: &'a [Spanned<String>],
    pub subnets: &'a [Spanned<String>],
    port: Option<u32>,
    source_labels: Option<&'a Labels>,
    source_namespace: Option<&'a str>,
    gateways: &'a [Spanned<String>],
}

/// The alternatives of the `tcp` rules of a VirtualService, in order. A rule without `match` is one that asks for
/// nothing.
pub(super) fn tcp_entries<'a>(service: &'a VirtualService<'a>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (index, rule) in service.spec.tcp.iter().enumerate() {
        let l4 = L4Rule { service, section: Section::Tcp, index, span: rule.span, entry: None, route: &rule.route };
        if rule.r#match.is_empty() {
            entries.push(Entry::unconditional(l4));
        }
        let alternatives = rule.r#match.iter().enumerate();
        entries.extend(alternatives.map(|(at, written)| Entry::of_tcp(l4, at, written)));
    }
    entries
}

/// The alternatives of the `tls` rules of a VirtualService, in order.
pub(super) fn tls_entries<'a>(service: &'a VirtualService<'a>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (index, rule) in service.spec.tls.iter().enumerate() {
        let l4 = L4Rule { service, section: Section::Tls, index, span: rule.span, entry: None, route: &rule.route };
        let alternatives = rule.r#match.iter().enumerate();
        entries.extend(alternatives.map(|(at, written)| Entry::of_tls(l4, at, written)));
    }
    entries
}

impl<'a> Entry<'a> {
    fn unconditional(rule: L4Rule<'a>) -> Self {
        Self {
            rule,
            server_names: &[],
            subnets: &[],
            port: None,
            source_labels: None,
            source_namespace: None,
            gateways: &[],
        }
    }

    fn of_tcp(rule: L4Rule<'a>, at: usize, written: &'a L4MatchAttributes) -> Self {
        Self {
            rule: L4Rule { entry: Some((at, written.span)), ..rule },
            subnets: &written.destination_subnets,
            port: number(written.port),
            source_labels: Some(&written.source_labels),
            source_namespace: written.source_namespace.as_ref().and_then(Spanned::filled),
            gateways: &written.gateways,
            server_names: &[],
        }
    }

    fn of_tls(rule: L4Rule<'a>, at: usize, written: &'a TlsMatchAttributes) -> Self {
        Self {
            rule: L4Rule { entry: Some((at, written.span)), ..rule },
            server_names: &written.sni_hosts,
            subnets: &written.destination_subnets,
            port: number(written.port),
            source_labels: Some(&written.source_labels),
            source_namespace: written.source_namespace.as_ref().and_then(Spanned::filled),
            gateways: &written.gateways,
        }
    }

    /// The first condition on the proxy that does not hold. Unlike those of HTTP rules all of them count. A gateway
    /// (`place`) looks at port and gateways only.
    pub fn exclusion(&self, proxy: &Proxy<'_>, place: Place<'_>, port: u32) -> Option<Exclusion> {
        let vantage = Vantage { proxy, place, port };
        let namespace = &self.rule.service.name.namespace;
        let gateways: Vec<_> = self.gateways.iter().map(|written| resolve_gateway_name(written, namespace)).collect();
        let gateway = || vantage.lacks_gateway(gateways.iter().map(Option::as_ref)).filter(|_| !gateways.is_empty());
        let labels = self.source_labels.into_iter().flat_map(Labels::iter);
        let labels = labels.map(|(key, value)| (key.as_str(), value.as_str()));
        let source = || vantage.lacks_source(labels, self.source_namespace).filter(|_| place.is_none());
        vantage.lacks_port(self.port).or_else(gateway).or_else(source)
    }

    /// The networks of the destination that it asks for.
    pub fn networks(&self) -> Vec<IpNet> {
        self.subnets.iter().filter_map(|subnet| host::network(subnet)).collect()
    }

    /// The server names that it asks for. With a `*` among them it asks for none in
    /// particular.
    pub fn names(&self) -> Vec<String> {
        if self.server_names.iter().any(|name| name.as_str() == "*") {
            return Vec::new();
        }
        self.server_names.iter().map(|name| name.to_ascii_lowercase()).collect()
    }

    pub fn considered(&self, exclusion: Option<Exclusion>) -> Considered<'a> {
        Considered { rule: self.rule, exclusion, server_names: self.names(), networks: self.networks() }
    }
}

impl<'a> L4Rule<'a> {
    /// The clusters of the rule for a proxy, on a service port or that of a server.
    pub(super) fn destinations(&self, proxy: &Proxy<'a>, port: u32) -> Vec<Weighted<'a>> {
        let targets = self.route.iter().map(|route| Target {
            destination: route.destination.as_ref(),
            weight: route.weight.map(|weight| weight.value),
            headers: None,
        });
        destination::weighted(proxy, self.section, self.service, port, targets)
    }
}

impl<'a> TcpRoute<'a> {
    /// The route of a service that no rule takes.
    pub(super) fn to(cluster: Cluster<'a>) -> Self {
        Self { rule: None, destinations: vec![Weighted { cluster, weight: 1, headers: None }], terminates_tls: false }
    }
}

fn number(port: Option<Spanned<u32>>) -> Option<u32> {
    port.map(|port| port.value).filter(|port| *port != 0)
}
