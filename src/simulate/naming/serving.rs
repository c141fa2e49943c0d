//! The Gateways that serve the host of a request, those that fit it best first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::GatewayWorkload;
use crate::simulate::dial::default_port;
use crate::simulate::request::{Request, RequestProtocol, Tls};
use crate::world::{Gateway, Section, Server, World, host};

/// A request, as far as the choice of a gateway depends on it.
pub(super) struct Wanted {
    /// The host without a port, in lower case.
    pub host: String,
    /// The port, if the request names one.
    port: Option<u32>,
    tls: Tls,
    protocol: RequestProtocol,
}

impl Wanted {
    /// `None` if the request names no host.
    pub fn of(request: &Request) -> Option<Self> {
        let (name, port) = request.named_host()?;
        Some(Self {
            host: name.to_ascii_lowercase(),
            port: request.port.or_else(|| port?.parse().ok()),
            tls: request.tls(),
            protocol: request.protocol(),
        })
    }

    /// The Gateways with a server for the host.
    pub fn serving<'w, 'a>(&self, world: &'w World<'a>) -> Vec<&'w Gateway<'a>> {
        self.best_first(world, |_, _| true)
    }

    /// The Gateways with a server for the host to which a route for the host is bound.
    pub fn routing<'w, 'a>(&self, world: &'w World<'a>) -> Vec<&'w Gateway<'a>> {
        self.best_first(world, |gateway, server| self.is_routed(world, gateway, server))
    }

    fn best_first<'w, 'a>(
        &self,
        world: &'w World<'a>,
        is_wanted: impl Fn(&Gateway<'a>, &Server<'a>) -> bool,
    ) -> Vec<&'w Gateway<'a>> {
        let rank = |gateway: &'w Gateway<'a>| {
            let servers = gateway.servers.iter().filter(|server| self.may_take(server) && is_wanted(gateway, server));
            let ranks = servers.filter_map(|server| {
                let own = server.hosts.iter().filter(|own| host::covered_by(&self.host, &own.host));
                let specificity = own.map(|own| (own.host == self.host, own.host.len())).max()?;
                let is_at_port = server.port_number() == Some(self.port.unwrap_or(default_port(self.tls)));
                let is_alike = server.is_tls() == (self.tls != Tls::Plaintext);
                Some((is_at_port, is_alike, self.is_routed(world, gateway, server), specificity))
            });
            Some((Reverse(ranks.max()?), gateway))
        };
        let mut ranked: Vec<_> = world.all_gateways().into_iter().filter_map(rank).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, gateway)| gateway).collect()
    }

    /// Whether the request can be meant for a server: nobody sends HTTP to a server for TCP without naming its port.
    fn may_take(&self, server: &Server<'_>) -> bool {
        let is_http = self.protocol != RequestProtocol::Tcp && self.tls == Tls::Plaintext;
        !is_http
            || server.section() != Some(Section::Tcp)
            || self.port.is_some_and(|it| server.port_number() == Some(it))
    }

    /// Whether a server uses a route for the host.
    fn is_routed(&self, world: &World<'_>, gateway: &Gateway<'_>, server: &Server<'_>) -> bool {
        let all = world.all_virtual_services();
        let mut bound = all.filter(|it| it.binds(&gateway.name) && server.takes_routes_of(it));
        bound.any(|it| {
            let mut own = server.hosts.iter().filter(|own| own.admits(&it.name.namespace));
            own.any(|own| host::covered_by(&self.host, &own.host))
                && it.hosts.iter().any(|known| host::covered_by(&self.host, &known.value))
        })
    }
}

/// Gateways by their workloads: the written name of the first one of each.
pub(super) fn by_workload<'w, 'a: 'w>(
    world: &World<'_>,
    gateways: impl IntoIterator<Item = &'w Gateway<'a>>,
) -> Vec<String> {
    let mut found: BTreeMap<(String, BTreeMap<String, String>), String> = BTreeMap::new();
    for gateway in gateways {
        if let Ok(workload) = GatewayWorkload::named(world, &gateway.name.to_string()) {
            found.entry((workload.namespace, workload.labels)).or_insert_with(|| gateway.written_name().to_string());
        }
    }
    found.into_values().collect()
}
