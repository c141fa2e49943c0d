//! `impossible-match`

use std::collections::BTreeSet;

use super::contradiction::obstacle_of_two;
use super::impossible_path;
use super::impossible_text::obstacles_of_texts;
use crate::advice::Advice;
use crate::lint::finding::finding;
use crate::lint::incoming_ports::{server_ports, serving, sidecar_ports};
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording::numbers;
use crate::source::Span;
use crate::world::{NamespacedName, RouteMatch, Section, Server, VirtualService, World, resolve_gateway_name};

pub static RULE: Rule = rule! {
    name: "impossible-match",
    summary: "no request can meet the conditions of a match",
    findings: [&DEAD_ROUTE, &METHOD_CASE, &DEAD_MATCH, &UNBOUND_GATEWAY],
    check: check,
};

pub(super) static DEAD_ROUTE: Finding = finding! {
    "dead-route", Lost, Certain, [],
    "no request can meet any match of the route",
};
pub(super) static METHOD_CASE: Finding = finding! {
    "method-case", Lost, Likely, [],
    "the match compares the method with lower-case text, although clients send methods in upper case",
};
pub(super) static DEAD_MATCH: Finding = finding! {
    "dead-match", Surprising, Certain, [],
    "no request can meet the match, but the route has other matches",
};
static UNBOUND_GATEWAY: Finding = finding! {
    "unbound-gateway", Surprising, Certain, [],
    "the match names several Gateways, and the VirtualService is not bound to one of them",
};

/// A reason why requests do not meet a match.
pub(super) struct Obstacle {
    /// The finding for the match alone: never [`DEAD_ROUTE`].
    pub finding: &'static Finding,
    pub span: Span,
    pub message: String,
    pub help: Advice,
    pub label: Option<&'static str>,
    pub related: Option<(Span, &'static str)>,
}

impl Obstacle {
    pub fn new(span: Span, message: impl Into<String>, help: impl Into<Advice>) -> Self {
        let (message, help) = (message.into(), help.into());
        Self { finding: &DEAD_MATCH, span, message, help, label: None, related: None }
    }
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in &world.virtual_services {
        for route in virtual_service.routes() {
            let http_matches = route.http().into_iter().flat_map(|http| &http.r#match).map(Some);
            let http_matches = http_matches.chain(std::iter::repeat(None));
            let mut obstacles: Vec<Vec<Obstacle>> = Vec::new();
            for (route_match, http_match) in route.matches().iter().zip(http_matches) {
                let mut found = obstacles_of_place(world, virtual_service, route_match);
                found.extend(obstacle_of_port(world, virtual_service, route.section, route_match));
                found.extend(http_match.into_iter().flat_map(|it| obstacles_of_texts(virtual_service, it)));
                // A condition that no request meets alone is the cause.
                if found.is_empty() {
                    found.extend(http_match.and_then(|it| obstacle_of_two(virtual_service, it)));
                }
                obstacles.push(found);
            }
            let is_dead = |found: &Vec<Obstacle>| found.iter().any(|obstacle| obstacle.finding == &DEAD_MATCH);
            let is_dead_route = obstacles.iter().all(is_dead);
            for obstacle in obstacles.into_iter().flatten() {
                report(obstacle, is_dead_route.then_some(route.span), diagnostics);
            }
        }
    }
    impossible_path::check(world, diagnostics);
}

pub(super) fn report(obstacle: Obstacle, dead_route: Option<Span>, diagnostics: &mut Diagnostics) {
    let dead_route = dead_route.filter(|_| obstacle.finding == &DEAD_MATCH);
    let finding = if dead_route.is_some() { &DEAD_ROUTE } else { obstacle.finding };
    let diagnostic = diagnostics.report(finding, obstacle.span, obstacle.message);
    diagnostic.help(obstacle.help);
    if let Some(label) = obstacle.label {
        diagnostic.label(label);
    }
    if let Some((span, message)) = obstacle.related {
        diagnostic.related(span, message);
    }
    if let Some(route) = dead_route {
        diagnostic.related(route, "no request reaches this route");
    }
}

/// Checks `gateways` and `port`.
fn obstacles_of_place(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    route_match: &RouteMatch<'_>,
) -> Vec<Obstacle> {
    // A delegate applies wherever the routes do that delegate to it.
    if virtual_service.is_delegate() {
        return Vec::new();
    }
    let is_bound = |name: &Option<NamespacedName<'_>>| virtual_service.bound_to.iter().any(|it| it.gateway == *name);
    let names = route_match.gateway_names();
    let finding = if names.iter().any(is_bound) { &UNBOUND_GATEWAY } else { &DEAD_MATCH };
    let mut obstacles = Vec::new();
    for written in route_match.gateways {
        let name = resolve_gateway_name(written, &virtual_service.name.namespace);
        // `unknown-gateway` reports a Gateway that does not exist.
        if is_bound(&name) || name.as_ref().is_some_and(|name| world.gateway(name).is_none()) {
            continue;
        }
        let what = if name.is_some() { "Gateway " } else { "" };
        let message = format!(
            "VirtualService `{}` is not bound to {what}`{}`, so the match does not apply there",
            virtual_service.name, written.value
        );
        let own = virtual_service.bound_to.iter().find_map(|bound| bound.span);
        let help = match own {
            Some(_) => format!("add `{}` to `spec.gateways`, or remove it here", written.value),
            None => format!("write `gateways: [mesh, {}]` in `spec`, or remove it here", written.value),
        };
        obstacles.push(Obstacle {
            finding,
            label: own.is_none().then_some("a VirtualService without `gateways` is bound to `mesh` only"),
            related: own.map(|own| (own, "it is bound to this")),
            ..Obstacle::new(written.span, message, help)
        });
    }
    obstacles
}

/// Compares `port` with the ports of the Gateways' servers and of the Services in the mesh, as far as they use routes of
/// the section for the hosts.
fn obstacle_of_port(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    section: Section,
    route_match: &RouteMatch<'_>,
) -> Option<Obstacle> {
    let port = route_match.port?;
    let mut known: BTreeSet<u32> = BTreeSet::new();
    // `route-protocol` reports routes for ports of another protocol.
    let mut of_other_protocols: BTreeSet<u32> = BTreeSet::new();
    let mut all_ports: BTreeSet<u32> = BTreeSet::new();
    let mut redirect = None;
    for root in world.roots_of(virtual_service) {
        let is_bound = |name: &Option<NamespacedName<'_>>| root.bound_to.iter().any(|it| it.gateway == *name);
        if !virtual_service.is_delegate() && !route_match.gateway_names().iter().all(is_bound) {
            return None;
        }
        for bound in root.bound_to.iter().filter(|bound| route_match.applies_at(bound.gateway.as_ref())) {
            let Some(name) = &bound.gateway else {
                of_other_protocols.extend(ports_in_mesh(world, root)?);
                known.extend(sidecar_ports(world, root, section)?);
                continue;
            };
            let gateway = world.gateway(name).filter(|gateway| !world.is_ambiguous(gateway.resource))?;
            known.extend(server_ports(gateway, root, section));
            all_ports.extend(gateway.servers.iter().filter_map(Server::port_number));
            let mut serving = serving(gateway, root, section).filter(|server| server.port_number() == Some(port.value));
            redirect = redirect.or_else(|| serving.find_map(|server| server.https_redirect()));
        }
    }
    // Without a server for such routes, the port is wrong only if no server has it.
    let known = if known.is_empty() { all_ports } else { known };
    if known.is_empty() || known.contains(&port.value) || of_other_protocols.contains(&port.value) {
        return None;
    }
    let ports = if known.len() == 1 { "port" } else { "ports" };
    let instead = numbers(known.iter().copied(), "or");
    let known = numbers(known, "and");
    if let Some(redirect) = redirect {
        let message =
            format!("the gateway redirects all requests on port {} to HTTPS, so no route applies there", port.value);
        let help = format!("match port {instead} instead");
        return Some(Obstacle { related: Some((redirect, "the redirect")), ..Obstacle::new(port.span, message, help) });
    }
    let message = format!("no request arrives on port {}, only on {ports} {known}", port.value);
    let help = format!("write {instead}, on which requests arrive");
    Some(Obstacle::new(port.span, message, help))
}

/// All ports of the services of a VirtualService's hosts. Of several services of a host, each client may see another one.
/// `None` if the ports of one are not known.
fn ports_in_mesh(world: &World<'_>, virtual_service: &VirtualService<'_>) -> Option<BTreeSet<u32>> {
    let mut ports = BTreeSet::new();
    for service in virtual_service.hosts.iter().flat_map(|host| world.services.named(host)) {
        if world.is_ambiguous(service.resource) || world.inventory.unknowns.hide_target(service.resource) {
            return None;
        }
        ports.extend(service.ports.iter().map(|port| port.number));
    }
    Some(ports)
}
