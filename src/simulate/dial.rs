//! The address and the port that a client dials, where the request names none.

use std::net::{IpAddr, Ipv4Addr};

use super::request::{RequestProtocol, Tls};
use crate::source::Spanned;
use crate::uri;
use crate::world::{AliasEnd, ProtocolClass, Service, VirtualService, Workload, World, host};

/// A host, resolved as a client does.
#[derive(Debug, Clone)]
pub(super) struct Dialled {
    /// The namespace of the client if the request names none: that of the destination.
    pub namespace: String,
    /// The address.
    pub address: IpAddr,
    /// The port that is dialled if the request names none.
    pub ports: DefaultPorts,
}

/// The ports of a host for HTTP, for HTTPS, for TLS with other bytes, and for bytes without TLS.
#[derive(Debug, Clone, Copy)]
pub(super) struct DefaultPorts {
    http: Option<u32>,
    https: Option<u32>,
    tls: Option<u32>,
    tcp: Option<u32>,
}

/// The address of hosts that the mesh does not know. No listener is bound to it.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(0, 255, 255, 255));

impl Dialled {
    /// Resolves a host for a client in a namespace. Without a namespace nothing is known about the client.
    pub fn new(world: &World<'_>, name: &str, from: Option<&str>) -> Self {
        let service = match from {
            Some(namespace) => {
                candidates(name, namespace, world).find_map(|name| world.services.covering(namespace, &name))
            }
            None => destination(world, name),
        };
        let pod = Pod::named(world, name, from.unwrap_or(&world.settings.default_namespace));
        let service = pod.as_ref().map(|pod| pod.service).or(service);
        let namespace = from.map(str::to_owned).or_else(|| service.map(|service| service.namespace.clone()));
        let written = uri::address(name);
        // An alias leads to the service that it names.
        let reached = service.and_then(|service| match world.services.resolve_alias(service) {
            AliasEnd::Service(end) => Some(end),
            AliasEnd::Host(_) => world.services.behind(&service.namespace, service),
            AliasEnd::Loop => None,
        });
        let known = reached.filter(|service| host::wildcard_suffix(&service.hostname).is_none());
        let namespace = namespace.unwrap_or_else(|| namespace_of_routes(world, name));
        let assumed = || candidates(name, &namespace, world).find_map(|name| world.assumed.get(&name));
        let assumed = if reached.is_none() { assumed() } else { None };
        let address = written.or(pod.and_then(|pod| pod.address)).or_else(|| known.map(Service::dialled_address));
        Self {
            address: address.or(assumed.map(|(_, address)| address)).unwrap_or(OUTSIDE),
            ports: assumed.map_or_else(|| DefaultPorts::of(reached), |(host, _)| DefaultPorts::of_routes(world, host)),
            namespace,
        }
    }

    /// Whether the mesh does not know the host.
    pub fn is_outside(&self) -> bool {
        self.address == OUTSIDE
    }
}

impl DefaultPorts {
    /// The only ports of a service that can expect what the client sends. A port that is declared for other bytes may be
    /// that of SSH: only its number shows that it is for HTTPS. An undeclared port with the number of the other scheme does
    /// not fit either.
    fn of(service: Option<&Service<'_>>) -> Self {
        let only = |wanted: &dyn Fn(ProtocolClass, u32) -> bool| {
            let mut ports = service?.ports.iter().filter(|port| wanted(port.protocol.class(), port.number));
            match (ports.next(), ports.next()) {
                (Some(only), None) => Some(only.number),
                _ => None,
            }
        };
        let with_tls = || {
            only(&|class, _| class == ProtocolClass::Tls).or_else(|| {
                only(&|class, number| class == ProtocolClass::Tls || is_undeclared(class, number, Tls::Tls))
            })
        };
        Self {
            http: only(&|class, _| class == ProtocolClass::Http).or_else(|| {
                only(&|class, number| class == ProtocolClass::Http || is_undeclared(class, number, Tls::Plaintext))
            }),
            https: with_tls().or_else(|| only(&|class, number| class == ProtocolClass::Tcp && number % 1000 == 443)),
            // TLS can go to any port that does not expect plaintext HTTP.
            tls: with_tls().or_else(|| only(&|class, _| !matches!(class, ProtocolClass::Http | ProtocolClass::Udp))),
            tcp: only(&|class, _| class == ProtocolClass::Tcp)
                .or_else(|| only(&|class, _| class != ProtocolClass::Udp)),
        }
    }

    /// The ports that the first `tls` and `tcp` routes for a host match, else the only port of a Service that a controller
    /// makes.
    fn of_routes(world: &World<'_>, host: &str) -> Self {
        let is_for = |it: &&VirtualService<'_>| it.hosts.iter().any(|own| own.value == host);
        let specs = || world.virtual_services.iter().filter(is_for).map(|it| it.spec.as_ref());
        let tls = specs()
            .flat_map(|spec| &spec.tls)
            .flat_map(|route| &route.r#match)
            .find_map(|route_match| route_match.port.filter(|port| port.value != 0));
        let tcp = specs()
            .flat_map(|spec| &spec.tcp)
            .flat_map(|route| &route.r#match)
            .find_map(|route_match| route_match.port.filter(|port| port.value != 0));
        let made = host::kubernetes_service(host, &world.settings.domain)
            .and_then(|(name, namespace)| world.inventory.makers().service(namespace, name));
        let only = match made.map(|made| made.ports) {
            Some([port]) => Some(*port),
            _ => None,
        };
        let number = |port: Spanned<u32>| port.value;
        let tls = tls.map(number).or(only);
        Self { http: only, https: tls, tls, tcp: tcp.map(number).or(only) }
    }

    /// The port that a client dials: the only one of the service that fits, else that of HTTP or HTTPS.
    pub fn default_for(&self, tls: Tls, protocol: RequestProtocol) -> u32 {
        let fitting = match (tls, protocol) {
            (Tls::Tls | Tls::Mtls, RequestProtocol::Tcp) => self.tls,
            (Tls::Tls | Tls::Mtls, _) => self.https,
            (Tls::Plaintext, RequestProtocol::Tcp) => self.tcp,
            (Tls::Plaintext, _) => self.http,
        };
        fitting.unwrap_or_else(|| default_port(tls))
    }
}

/// Whether a port may expect HTTP with or without TLS: its protocol is detected, and its number is not that of the other one.
fn is_undeclared(class: ProtocolClass, number: u32, tls: Tls) -> bool {
    let of_other = default_port(if tls == Tls::Plaintext { Tls::Tls } else { Tls::Plaintext });
    class == ProtocolClass::Auto && number != of_other
}

/// The port of HTTPS, or of HTTP.
pub(super) fn default_port(tls: Tls) -> u32 {
    if tls == Tls::Plaintext { 80 } else { 443 }
}

/// The port that a request names: its field `port`, else the digits after its host.
pub(super) fn named_port(field: Option<u32>, written: Option<&str>) -> Result<Option<u32>, String> {
    let is_port = |port: &u32| (1..=65535).contains(port);
    match (field, written) {
        (Some(port), _) => Some(port).filter(is_port).map(Some).ok_or_else(|| invalid_port(&port)),
        (None, Some(digits)) => digits.parse().ok().filter(is_port).map(Some).ok_or_else(|| invalid_port(&digits)),
        (None, None) => Ok(None),
    }
}

/// The address in a field of a request, if the field is filled.
pub(super) fn named_address(written: Option<&str>, field: &str) -> Result<Option<IpAddr>, String> {
    let written = written.filter(|written| !written.is_empty());
    let parse = |written: &str| written.parse().map_err(|_| format!("{field} `{written}` is not a valid address"));
    written.map(parse).transpose()
}

fn invalid_port(written: &dyn std::fmt::Display) -> String {
    format!("port {written} is not valid: ports are 1 to 65535")
}

/// The full names that a host can refer to if a client in a namespace writes it.
pub(super) fn candidates<'n>(
    name: &'n str,
    namespace: &'n str,
    world: &'n World<'_>,
) -> impl Iterator<Item = String> + 'n {
    let domain = &world.settings.domain;
    let plain = name.trim_end_matches('.');
    let completed = if plain.contains('.') {
        format!("{}.svc.{domain}", plain.strip_suffix(".svc").unwrap_or(plain))
    } else {
        format!("{plain}.{namespace}.svc.{domain}")
    };
    [plain.to_owned(), completed].into_iter()
}

/// A pod of a headless Service, which has a name of its own.
struct Pod<'w, 'a> {
    service: &'w Service<'a>,
    /// Its address, if the manifests show it.
    address: Option<IpAddr>,
}

impl<'w, 'a> Pod<'w, 'a> {
    /// The pod that a client in a namespace means. Resolvers append the domains of the namespace, of services and of the
    /// cluster in turn.
    fn named(world: &'w World<'a>, name: &str, namespace: &str) -> Option<Self> {
        let domain = &world.settings.domain;
        let plain = name.trim_end_matches('.');
        let own = plain.split('.').next()?;
        let completed = [format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.clone()];
        let completed = completed.iter().map(|suffix| format!("{plain}.{suffix}"));
        let service =
            std::iter::once(plain.to_owned()).chain(completed).find_map(|name| world.services.of_pod(&name))?;
        let mut pods =
            world.workloads.iter().filter(|it| it.name.namespace == service.namespace && it.name.name == own);
        Some(Self { service, address: pods.find_map(Workload::address) })
    }
}

/// The service that a host means to a client of unknown namespace: one of the default namespace, else the first of that
/// name.
fn destination<'w, 'a>(world: &'w World<'a>, name: &str) -> Option<&'w Service<'a>> {
    let default = &world.settings.default_namespace;
    let by_name = candidates(name, default, world).find_map(|name| world.services.named(&name).next());
    by_name.or_else(|| {
        let has_name = |service: &&Service<'_>| {
            host::kubernetes_service(&service.hostname, &world.settings.domain).is_some_and(|(short, _)| short == name)
        };
        let named = || world.services.iter().find(has_name);
        let covered = || {
            let covering = world.services.iter().filter(|service| host::covered_by(name, &service.hostname));
            covering.min_by(|a, b| host::by_specificity(&a.hostname, &b.hostname))
        };
        named().or_else(covered)
    })
}

/// The namespace of a VirtualService for a host that is not a service of the manifests.
fn namespace_of_routes(world: &World<'_>, name: &str) -> String {
    let default = &world.settings.default_namespace;
    let routes_for_it = |namespace: &str| {
        let names: Vec<String> = candidates(name, namespace, world).collect();
        let in_namespace = world.virtual_services.iter().filter(|it| it.name.namespace == namespace);
        in_namespace.flat_map(|it| &it.hosts).any(|host| names.contains(&host.value))
    };
    let namespaces = world.virtual_services.iter().map(|it| it.name.namespace.as_ref());
    let mut namespaces = std::iter::once(default.as_str()).chain(namespaces);
    namespaces.find(|namespace| routes_for_it(namespace)).unwrap_or(default).to_owned()
}
