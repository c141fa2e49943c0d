//! The route table of a gateway for one server port (istiod: `buildGatewayHTTPRouteConfig`, `mergeGateways`).

use std::collections::BTreeMap;

use super::clause::Clause;
use super::http;
use super::table::{Table, VirtualHost};
use super::vantage::Vantage;
use crate::model::networking::{Server, ServerTlsMode};
use crate::world::{Gateway, Protocol, ProtocolClass, VirtualService, World, host};

/// What a gateway does with connections to a port.
#[derive(Debug)]
pub enum Listener<'a> {
    /// It routes HTTP.
    Http(Table<'a>),
    /// Nothing listens there.
    Closed,
    /// No server has the server name that the client asks for, so the connection is reset.
    UnknownServerName,
    /// Something that is not HTTP; what it is.
    NotHttp(String),
}

/// A server of a Gateway that applies to the workload.
struct Open<'a> {
    gateway: &'a Gateway<'a>,
    server: &'a Server,
    protocol: Protocol,
}

impl Open<'_> {
    /// Whether the gateway terminates TLS there.
    fn terminates_tls(&self) -> bool {
        let mode = self.server.tls.as_ref().and_then(|tls| tls.mode).map(|mode| mode.value);
        self.protocol.class() == ProtocolClass::Tls
            && matches!(
                mode,
                Some(
                    ServerTlsMode::Simple
                        | ServerTlsMode::Mutual
                        | ServerTlsMode::IstioMutual
                        | ServerTlsMode::OptionalMutual
                )
            )
    }
}

/// Compiles what a gateway workload does on a port.
pub fn listener<'a>(world: &'a World<'a>, vantage: &Vantage) -> Listener<'a> {
    let open = open_servers(world, vantage);
    let Vantage::Gateway { sni, .. } = vantage else { return Listener::Closed };
    let Some(first) = open.first() else { return Listener::Closed };
    let Some(sni) = sni else {
        let plaintext = open.iter().position(|it| it.protocol.class() != ProtocolClass::Tls);
        return match plaintext.map(|index| &open[index]) {
            // The first plaintext server decides what the port speaks; others have to agree with it.
            Some(plain) if plain.protocol.class() == ProtocolClass::Http => {
                let servers = open.iter().filter(|it| it.protocol.class() == ProtocolClass::Http);
                Listener::Http(table(world, vantage, &servers.collect::<Vec<_>>()))
            }
            Some(plain) => Listener::NotHttp(format!("port {} speaks {}", vantage.port(), plain.protocol)),
            None => Listener::NotHttp(format!("port {} wants TLS ({})", vantage.port(), first.protocol)),
        };
    };
    let Some(server) = server_for(&open, sni) else { return Listener::UnknownServerName };
    if server.protocol == Protocol::Https && server.terminates_tls() {
        Listener::Http(table(world, vantage, &[server]))
    } else {
        Listener::NotHttp(format!("{} with server name {sni} is not terminated as HTTPS", server.protocol))
    }
}

/// The servers that the workload opens on the port, in creation order. One that cannot share the port with an earlier
/// one is dropped.
fn open_servers<'a>(world: &'a World<'a>, vantage: &Vantage) -> Vec<Open<'a>> {
    let labels = vantage.labels().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let gateways = world.gateways.iter().filter(|gateway| gateway.spec.selector.selects(&labels));
    let mut open: Vec<Open<'a>> = Vec::new();
    for gateway in gateways {
        for server in &gateway.spec.servers {
            let Some(port) = &server.port else { continue };
            if port.number.is_none_or(|number| number.value != vantage.port()) {
                continue;
            }
            let protocol = Protocol::parse(port.protocol.as_ref().map_or("", |protocol| protocol.as_str()));
            let candidate = Open { gateway, server, protocol };
            if !is_dropped(&open, &candidate) {
                open.push(candidate);
            }
        }
    }
    open
}

/// Whether istiod drops a server because of those before it.
fn is_dropped(earlier: &[Open<'_>], candidate: &Open<'_>) -> bool {
    let is_tls = |open: &Open<'_>| open.protocol.class() == ProtocolClass::Tls;
    let is_http = |open: &Open<'_>| open.protocol.class() == ProtocolClass::Http;
    let first_is_plain = earlier.first().is_some_and(|first| !is_tls(first));
    if is_tls(candidate) {
        let repeats = |open: &&Open<'_>| {
            is_tls(open) && open.server.hosts.iter().any(|host| candidate.server.hosts.contains(host))
        };
        return first_is_plain || earlier.iter().any(|open| repeats(&open));
    }
    let plain = earlier.iter().find(|open| !is_tls(open));
    plain.is_some_and(|plain| !(is_http(plain) && is_http(candidate)))
}

/// The server with TLS whose hosts match a server name best: exactly, by the longest wildcard, by `*`.
fn server_for<'o, 'a>(open: &'o [Open<'a>], sni: &str) -> Option<&'o Open<'a>> {
    let with_tls = open.iter().filter(|it| it.protocol.class() == ProtocolClass::Tls);
    let candidates = with_tls.filter_map(|it| {
        let hosts: Vec<&str> = it.gateway.hosts(it.server).iter().map(|host| host.host).collect();
        let best = host::most_specific(sni, hosts.iter().copied())?.to_owned();
        Some((best, it))
    });
    candidates.min_by(|(a, _), (b, _)| host::by_specificity(a, b)).map(|(_, it)| it)
}

fn table<'a>(world: &'a World<'a>, vantage: &Vantage, servers: &[&Open<'a>]) -> Table<'a> {
    let seen = world.virtual_services_seen_from(vantage.namespace());
    let mut order: Vec<String> = Vec::new();
    let mut hosts: BTreeMap<String, (Vec<Clause<'a>>, bool)> = BTreeMap::new();
    for open in servers {
        let redirects = open.server.tls.as_ref().and_then(|tls| tls.https_redirect).is_some_and(|it| it.value);
        let mut served: Vec<(String, Option<&VirtualService<'a>>)> = Vec::new();
        for service in seen.iter().copied().filter(|it| !it.is_delegate() && it.binds(&open.gateway.name)) {
            let of_server = open.gateway.hosts_for(open.server, &service.name.namespace);
            let of_service: Vec<&str> = service.hosts.iter().map(|host| host.value.as_str()).collect();
            let common = host::intersection(&of_server, &of_service);
            served.extend(common.into_iter().map(|host| (host.to_owned(), Some(service))));
        }
        if redirects {
            let of_server = open.gateway.hosts(open.server);
            served.extend(of_server.into_iter().map(|host| (host.host.to_owned(), None)));
        }
        for (host, service) in served {
            let clauses = service
                .map(|service| http::clauses(world, service, vantage, Some(&open.gateway.name), vantage.port()))
                .unwrap_or_default();
            if !clauses.iter().any(Clause::is_live) && !redirects {
                continue;
            }
            let entry = hosts.entry(host.clone()).or_insert_with(|| {
                order.push(host);
                (Vec::new(), false)
            });
            entry.0.extend(clauses);
            entry.1 |= redirects;
        }
    }
    let mut table = Table::default();
    for host in order {
        let (mut clauses, requires_tls) = hosts.remove(&host).unwrap_or_default();
        // Several VirtualServices of one host are joined, and what takes every request goes last. The sort is stable.
        clauses.sort_by_key(|clause| clause.is_catch_all);
        let name = format!("{host}:{}", vantage.port());
        table.add(VirtualHost { name, domains: vec![host], clauses, requires_tls });
    }
    table
}
