//! The ports on which a route never applies, because they have another protocol.

use super::{Bound, Gateway, ProtocolClass, Route, RouteMatch, Section, Server, Service, VirtualService, World};
use crate::model::Kind;
use crate::model::networking::ServerTlsMode;
use crate::source::Span;

/// A port on which routes of a section do not apply.
#[derive(Debug)]
pub struct OtherPort {
    /// The place of the port.
    pub span: Span,
    /// The port, its owner and its protocol, for a message.
    pub description: String,
    /// The number.
    pub number: u32,
    /// The sections whose routes apply.
    pub sections: Vec<Section>,
    /// The kind of resource that declares it.
    pub declared_by: Kind,
    /// Whether the route applies nevertheless to plaintext requests to port 80 of the host, which has no such port.
    pub is_beside_port_80: bool,
}

/// The port at which sidecars route HTTP for hosts outside of the registry (istiod:
/// `buildSidecarVirtualHostsForVirtualService`).
const HTTP_PORT: u32 = 80;

impl World<'_> {
    /// The ports that a route is for, if it applies to none of them because of their protocols. A route that applies to
    /// some port is assumed to be for that port, so the result is empty; also if the manifests do not decide it.
    pub fn other_ports(&self, virtual_service: &VirtualService<'_>, route: &Route<'_>) -> Vec<OtherPort> {
        let matches = route.matches();
        // A route without matches is for all ports.
        let alternatives: Vec<Option<RouteMatch<'_>>> =
            if matches.is_empty() { vec![None] } else { matches.into_iter().map(Some).collect() };
        let mut others = Vec::new();
        for alternative in alternatives {
            let port = alternative.and_then(|it| it.port).map(|port| port.value);
            let applies = |bound: &&Bound| alternative.is_none_or(|it| it.applies_at(bound.gateway.as_ref()));
            for bound in virtual_service.bound_to.iter().filter(applies) {
                let found = match &bound.gateway {
                    Some(name) => {
                        self.gateway(name).and_then(|it| at_gateway(self, it, virtual_service, route.section, port))
                    }
                    None => in_mesh(self, virtual_service, route, port),
                };
                match found {
                    Some(found) => others.extend(found),
                    None => return Vec::new(),
                }
            }
        }
        others
    }
}

/// The ports of the servers of a Gateway for the hosts, if routes of a section apply to none of them. `None` if routes
/// apply to some server, or no server is for the hosts.
fn at_gateway(
    world: &World<'_>,
    gateway: &Gateway<'_>,
    virtual_service: &VirtualService<'_>,
    section: Section,
    port: Option<u32>,
) -> Option<Vec<OtherPort>> {
    if world.is_ambiguous(gateway.resource) || world.inventory.unknowns.hide_target(gateway.resource) {
        return None;
    }
    let is_for = |server: &&Server<'_>| {
        server.port_number().is_some_and(|own| port.is_none_or(|port| port == own))
            && virtual_service.hosts.iter().any(|host| server.serves(host, &virtual_service.name.namespace))
    };
    let servers: Vec<&Server<'_>> = gateway.servers.iter().filter(is_for).collect();
    if servers.is_empty() || servers.iter().any(|server| server.section() == Some(section)) {
        return None;
    }
    let other = |server: &&Server<'_>| {
        let number = server.port?;
        let tls = server.tls_mode.map(describe_tls).unwrap_or_default();
        let (port, protocol) = (number.value, server.protocol);
        Some(OtherPort {
            span: number.span,
            description: format!("port {port} of Gateway `{}`, which is {protocol}{tls}", gateway.name),
            number: port,
            sections: server.section().into_iter().collect(),
            declared_by: gateway.resource.kind,
            is_beside_port_80: false,
        })
    };
    Some(servers.iter().filter_map(other).collect())
}

/// The ports of the hosts' services, if routes of a section apply to none of them. `None` if routes apply to some port,
/// or the manifests do not decide it.
fn in_mesh(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    route: &Route<'_>,
    port: Option<u32>,
) -> Option<Vec<OtherPort>> {
    let mut others = Vec::new();
    for host in &virtual_service.hosts {
        let service = world.services.seen_from(&virtual_service.name.namespace, host)?;
        let is_single = world.services.named(host).nth(1).is_none();
        if !is_single
            || service.external_name().is_some()
            || world.is_ambiguous(service.resource)
            || world.inventory.unknowns.hide_target(service.resource)
        {
            return None;
        }
        let is_beside_port_80 = applies_at_unregistered_port(world, virtual_service, route, service, port);
        if is_beside_port_80 && (port.is_some() || !is_meant_for_tls(world, route, service)) {
            return None;
        }
        for own in service.ports.iter().filter(|own| port.is_none_or(|port| port == own.number)) {
            let sections = own.protocol.class().sections();
            if sections.contains(&route.section) {
                return None;
            }
            others.push(OtherPort {
                span: own.span,
                description: format!("port {} of `{}`, which is {}", own.number, service.hostname, own.protocol),
                number: own.number,
                sections: sections.to_vec(),
                declared_by: service.resource.kind,
                is_beside_port_80,
            });
        }
    }
    Some(others)
}

/// Whether an `http` route applies to plaintext requests to port 80 of a host of a ServiceEntry that does not have this
/// port: sidecars route HTTP there for every host of a VirtualService. If the requests stay with the host and the
/// destination names no port, they get 503, as the ServiceEntry has no port 80.
fn applies_at_unregistered_port(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    route: &Route<'_>,
    service: &Service<'_>,
    port: Option<u32>,
) -> bool {
    let is_for_it = route.section == Section::Http
        && !service.is_kubernetes()
        && port.is_none_or(|port| port == HTTP_PORT)
        && service.port(HTTP_PORT).is_none();
    let fails = || {
        let targets = route.targets();
        let stays = |host: &str| virtual_service.full_host(host, &world.settings) == service.hostname;
        !targets.is_empty()
            && targets.iter().filter_map(|target| target.destination).all(|destination| {
                destination.port.is_none() && destination.host.as_ref().is_some_and(|host| stays(host))
            })
    };
    is_for_it && (port.is_some() || !fails())
}

/// Whether an `http` route is probably for the TLS that clients of a host use: the host has no other ports, and nothing
/// makes proxies originate TLS, which would be for plaintext requests. A redirect is for plaintext requests, too.
fn is_meant_for_tls(world: &World<'_>, route: &Route<'_>, service: &Service<'_>) -> bool {
    let is_forwarding = route.http().is_some_and(|http| http.redirect.is_none() && http.direct_response.is_none());
    is_forwarding
        && !service.ports.is_empty()
        && service.ports.iter().all(|port| port.protocol.class() == ProtocolClass::Tls)
        && service.ports.iter().all(|port| world.destination_rules.originating(service, port.number).is_none())
}

/// The handling of TLS, to follow the name of the protocol in a message.
fn describe_tls(mode: ServerTlsMode) -> &'static str {
    match mode {
        ServerTlsMode::Passthrough => " in mode `PASSTHROUGH`",
        ServerTlsMode::AutoPassthrough => " in mode `AUTO_PASSTHROUGH`",
        _ => ", terminated at the Gateway",
    }
}
