//! `route-protocol`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::ServerTlsMode;
use crate::source::Span;
use crate::world::{Bound, Gateway, Route, RouteMatch, Section, Server, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "route-protocol",
    aliases: [],
    severity: Warning,
    summary: "http, tls or tcp routes where the port speaks another protocol, so that they never apply",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in context.world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for route in service.routes() {
            check_route(context.world, service, &route, diagnostics);
        }
    }
}

/// A port that routes of some section do not apply to.
struct Other {
    span: Span,
    description: String,
}

/// A route is reported if all ports it could be for have another protocol. One that applies somewhere is intended.
fn check_route(world: &World<'_>, service: &VirtualService<'_>, route: &Route<'_>, diagnostics: &mut Diagnostics) {
    let matches = route.matches();
    // A route without matches is for all ports.
    let alternatives: Vec<Option<RouteMatch<'_>>> =
        if matches.is_empty() { vec![None] } else { matches.into_iter().map(Some).collect() };
    let mut others: Vec<Other> = Vec::new();
    for alternative in alternatives {
        let port = alternative.and_then(|it| it.port).map(|port| port.value);
        let applies = |bound: &&Bound| alternative.is_none_or(|it| it.applies_at(bound.gateway.as_ref()));
        for bound in service.bound_to.iter().filter(applies) {
            let found = match &bound.gateway {
                Some(name) => world.gateway(name).and_then(|it| at_gateway(world, it, service, route.section, port)),
                None => in_mesh(world, service, route.section, port),
            };
            match found {
                Some(found) => others.extend(found),
                None => return,
            }
        }
    }
    let Some(first) = others.first() else { return };
    let section = route.section.name();
    let diagnostic =
        diagnostics.report_default(route.span, format!("{section} routes do not apply to {}", first.description));
    diagnostic.related(first.span, "this port");
    diagnostic.help(match route.section {
        Section::Http => {
            "only plaintext HTTP, or TLS that ends at the Gateway, shows requests: write tls or tcp routes otherwise"
        }
        Section::Tls => {
            "tls routes are for TLS that is passed on: write http routes where it ends, tcp routes otherwise"
        }
        Section::Tcp => "tcp routes are for ports of plain TCP: write http or tls routes",
    });
}

/// The servers of a Gateway for the hosts, if routes of a section apply to none of them. `None`: to some, or there is no
/// such server.
fn at_gateway(
    world: &World<'_>,
    gateway: &Gateway<'_>,
    service: &VirtualService<'_>,
    section: Section,
    port: Option<u32>,
) -> Option<Vec<Other>> {
    if world.is_ambiguous(gateway.resource) {
        return None;
    }
    let is_for = |server: &&Server<'_>| {
        server.port_number().is_some_and(|own| port.is_none_or(|port| port == own))
            && service.hosts.iter().any(|host| server.serves(host, &service.name.namespace))
    };
    let servers: Vec<&Server<'_>> = gateway.servers.iter().filter(is_for).collect();
    if servers.is_empty() || servers.iter().any(|server| server.section() == Some(section)) {
        return None;
    }
    let other = |server: &&Server<'_>| {
        let number = server.port?;
        let tls = server.tls_mode.map(|mode| format!(" {}", tls_mode_name(mode))).unwrap_or_default();
        let (port, protocol) = (number.value, server.protocol);
        let description = format!("port {port} of Gateway {}, which is {protocol}{tls}", gateway.name);
        Some(Other { span: number.span, description })
    };
    Some(servers.iter().filter_map(other).collect())
}

/// The ports of the hosts' services, if routes of a section apply to none of them. `None`: to some, or the manifests do
/// not tell.
fn in_mesh(world: &World<'_>, service: &VirtualService<'_>, section: Section, port: Option<u32>) -> Option<Vec<Other>> {
    let mut others = Vec::new();
    for host in &service.hosts {
        let found = world.services.seen_from(&service.name.namespace, host)?;
        let is_single = world.services.named(host).nth(1).is_none();
        // For hosts outside the cluster sidecars route HTTP on port 80 in any case.
        if !is_single || !found.is_kubernetes() || found.external_name().is_some() || world.is_ambiguous(found.resource)
        {
            return None;
        }
        for own in found.ports.iter().filter(|own| port.is_none_or(|port| port == own.number)) {
            if own.protocol.class().sections().contains(&section) {
                return None;
            }
            let description = format!("port {} of {}, which is {}", own.number, found.hostname, own.protocol);
            others.push(Other { span: own.span, description });
        }
    }
    Some(others)
}

fn tls_mode_name(mode: ServerTlsMode) -> &'static str {
    match mode {
        ServerTlsMode::Passthrough => "with mode PASSTHROUGH",
        ServerTlsMode::AutoPassthrough => "with mode AUTO_PASSTHROUGH",
        _ => "that ends there",
    }
}
