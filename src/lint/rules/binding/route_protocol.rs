//! `route-protocol`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::ServerTlsMode;
use crate::model::wording;
use crate::source::Span;
use crate::world::{Bound, Gateway, Route, RouteMatch, Section, Server, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "route-protocol",
    summary: "`http`, `tls` or `tcp` routes for a port with another protocol, so they never apply",
    findings: [&OTHER_PROTOCOL],
    check: check,
};

static OTHER_PROTOCOL: Finding = finding! {
    "other-protocol", Lost, Certain, [],
    "no port that the route is for has the protocol of the route",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in context.world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for route in virtual_service.routes() {
            check_route(context.world, virtual_service, &route, diagnostics);
        }
    }
}

/// A port on which routes of some section do not apply.
struct OtherPort {
    span: Span,
    description: String,
    /// The sections whose routes apply.
    sections: Vec<Section>,
}

/// A route is reported if all ports that it can be for have another protocol. A route that applies on some port is
/// assumed to be for that port.
fn check_route(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    route: &Route<'_>,
    diagnostics: &mut Diagnostics,
) {
    let matches = route.matches();
    // A route without matches is for all ports.
    let alternatives: Vec<Option<RouteMatch<'_>>> =
        if matches.is_empty() { vec![None] } else { matches.into_iter().map(Some).collect() };
    let mut others: Vec<OtherPort> = Vec::new();
    for alternative in alternatives {
        let port = alternative.and_then(|it| it.port).map(|port| port.value);
        let applies = |bound: &&Bound| alternative.is_none_or(|it| it.applies_at(bound.gateway.as_ref()));
        for bound in virtual_service.bound_to.iter().filter(applies) {
            let found = match &bound.gateway {
                Some(name) => {
                    world.gateway(name).and_then(|it| at_gateway(world, it, virtual_service, route.section, port))
                }
                None => in_mesh(world, virtual_service, route.section, port),
            };
            match found {
                Some(found) => others.extend(found),
                None => return,
            }
        }
    }
    let Some(first) = others.first() else { return };
    let message = format!("`{}` routes do not apply to {}", route.section.name(), first.description);
    let help = match first.sections.as_slice() {
        [] => "remove the route: no route applies to this port".to_owned(),
        sections => {
            let names = wording::list(sections.iter().map(|section| section.name()), "or");
            format!("write {names} routes, or change the protocol of the port")
        }
    };
    diagnostics.report(&OTHER_PROTOCOL, route.span, message).related(first.span, "this port").help(help);
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
        let description = format!("port {port} of Gateway `{}`, which is {protocol}{tls}", gateway.name);
        Some(OtherPort { span: number.span, description, sections: server.section().into_iter().collect() })
    };
    Some(servers.iter().filter_map(other).collect())
}

/// The ports of the hosts' services, if routes of a section apply to none of them. `None` if routes apply to some port,
/// or the manifests do not decide it.
fn in_mesh(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    section: Section,
    port: Option<u32>,
) -> Option<Vec<OtherPort>> {
    let mut others = Vec::new();
    for host in &virtual_service.hosts {
        let service = world.services.seen_from(&virtual_service.name.namespace, host)?;
        let is_single = world.services.named(host).nth(1).is_none();
        // For hosts outside the cluster sidecars route HTTP on port 80 in any case.
        if !is_single
            || !service.is_kubernetes()
            || service.external_name().is_some()
            || world.is_ambiguous(service.resource)
        {
            return None;
        }
        for own in service.ports.iter().filter(|own| port.is_none_or(|port| port == own.number)) {
            let sections = own.protocol.class().sections();
            if sections.contains(&section) {
                return None;
            }
            let description = format!("port {} of `{}`, which is {}", own.number, service.hostname, own.protocol);
            others.push(OtherPort { span: own.span, description, sections: sections.to_vec() });
        }
    }
    Some(others)
}

/// The handling of TLS, to follow the name of the protocol in a message.
fn describe_tls(mode: ServerTlsMode) -> &'static str {
    match mode {
        ServerTlsMode::Passthrough => " in mode `PASSTHROUGH`",
        ServerTlsMode::AutoPassthrough => " in mode `AUTO_PASSTHROUGH`",
        _ => ", terminated at the Gateway",
    }
}
