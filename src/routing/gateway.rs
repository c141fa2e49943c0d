//! The route table of a gateway for one server port (istiod: `buildGatewayHTTPRouteConfig`, `mergeGateways`).

use std::collections::BTreeMap;

use super::clause::Clause;
use super::http;
use super::table::{Table, VirtualHost};
use super::vantage::Vantage;
use crate::model::LabelSet;
use crate::model::kubernetes::TargetPort;
use crate::model::networking::{Server, ServerTlsMode};
use crate::world::{Gateway, Protocol, ProtocolClass, ServicePort, VirtualService, World, host};

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
    port: u32,
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
    let gateways: Vec<_> = world.gateways.iter().filter(|gateway| gateway.spec.selector.selects(&labels)).collect();
    let ports = Ports::before(world, vantage, &labels);
    let servers =
        || gateways.iter().flat_map(|gateway| &gateway.spec.servers).filter_map(|server| server.port.as_ref());
    let numbers: Vec<u32> = servers().filter_map(|port| port.number).map(|number| number.value).collect();
    // Clients dial a port of the Service before the gateway; whoever names the workload's own port means that.
    let dialled = vantage.port();
    let listening = if numbers.contains(&dialled) { ports.listening(dialled) } else { dialled };
    let mut open: Vec<Open<'a>> = Vec::new();
    for gateway in gateways {
        for server in &gateway.spec.servers {
            let Some(port) = &server.port else { continue };
            let Some(number) = port.number.map(|number| number.value) else { continue };
            if ports.listening(number) != listening {
                continue;
            }
            let protocol = Protocol::parse(port.protocol.as_ref().map_or("", |protocol| protocol.as_str()));
            let candidate = Open { gateway, server, protocol, port: number };
            if !is_dropped(&open, &candidate) {
                open.push(candidate);
            }
        }
    }
    open
}

/// The ports of the Services before a gateway workload, in creation order.
struct Ports {
    targets: Vec<(u32, u32)>,
}

/// A Service with this label does not translate ports.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

impl Ports {
    fn before(world: &World<'_>, vantage: &Vantage, labels: &LabelSet<'_>) -> Self {
        let services = world.services.iter().filter(|service| {
            service.namespace == vantage.namespace()
                && service.selector.is_some_and(|selector| !selector.is_empty() && selector.selects(labels))
                && service.resource.metadata.labels.get(NO_TRANSLATION).is_none_or(|value| value.as_str() != "true")
        });
        let target = |port: &ServicePort| match port.target {
            Some(TargetPort::Number(number)) => number,
            _ => port.number,
        };
        Self { targets: services.flat_map(|service| &service.ports).map(|port| (port.number, target(port))).collect() }
    }

    /// The port that a server of a number listens on (istiod: `resolvePorts`).
    fn listening(&self, number: u32) -> u32 {
        self.targets.iter().find(|(port, _)| *port == number).map_or(number, |(_, target)| *target)
    }
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
    let mut order: Vec<(String, u32)> = Vec::new();
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
                .map(|service| http::clauses(world, service, vantage, Some(&open.gateway.name), open.port))
                .unwrap_or_default();
            if !clauses.iter().any(Clause::is_live) && !redirects {
                continue;
            }
            let entry = hosts.entry(host.clone()).or_insert_with(|| {
                order.push((host, open.port));
                (Vec::new(), false)
            });
            entry.0.extend(clauses);
            entry.1 |= redirects;
        }
    }
    let mut table = Table::default();
    // Without any route the listener is there all the same.
    if order.is_empty() {
        let port = servers.first().map_or(vantage.port(), |open| open.port);
        let (name, domains) = (format!("blackhole:{port}"), vec!["*".to_owned()]);
        table.add(VirtualHost { name, port, domains, clauses: Vec::new(), requires_tls: false });
    }
    for (host, port) in order {
        let (mut clauses, requires_tls) = hosts.remove(&host).unwrap_or_default();
        // Several VirtualServices of one host are joined, and what takes every request goes last. The sort is stable.
        clauses.sort_by_key(|clause| clause.is_catch_all);
        let name = format!("{host}:{port}");
        table.add(VirtualHost { name, port, domains: vec![host], clauses, requires_tls });
    }
    table
}
