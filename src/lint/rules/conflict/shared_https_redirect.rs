//! `shared-https-redirect`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Span;
use crate::world::{Gateway, GatewayGroups, ProtocolClass, Section, Server, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "shared-https-redirect",
    summary: "a plaintext server whose requests another server's `httpsRedirect` redirects",
    findings: [&REDIRECTED],
    check: check,
};

static REDIRECTED: Finding = finding! {
    "redirected", Surprising, Certain, [],
    "another server of the same port redirects the host, so the routes of this one get no plaintext requests",
};

/// A plaintext HTTP server of a Gateway.
struct PlaintextServer<'w> {
    /// The index of the Gateway.
    index: usize,
    gateway: &'w Gateway<'w>,
    server: &'w Server<'w>,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let gateways: Vec<&Gateway<'_>> = world.gateways.iter().collect();
    let groups = GatewayGroups::new(world, &gateways);
    let mut by_port: BTreeMap<(u32, &str), Vec<PlaintextServer<'_>>> = BTreeMap::new();
    for (index, gateway) in gateways.iter().enumerate() {
        let is_plaintext = |server: &&Server<'_>| server.protocol.class() == ProtocolClass::Http;
        for server in gateway.servers.iter().filter(is_plaintext) {
            let Some(port) = server.port_number() else { continue };
            let open = PlaintextServer { index, gateway, server };
            by_port.entry((port, server.bind().unwrap_or_default())).or_default().push(open);
        }
    }
    let mut reported: BTreeSet<Span> = BTreeSet::new();
    for ((port, _), servers) in &by_port {
        let redirecting = || servers.iter().filter_map(|open| Some((open, open.server.https_redirect()?)));
        for open in servers.iter().filter(|open| open.server.https_redirect().is_none()) {
            let may_meet = |other: &PlaintextServer<'_>| {
                groups.meet(other.index, open.index)
                    && !world.may_be_elsewhere(other.gateway.resource, open.gateway.resource)
            };
            for (other, redirect) in redirecting().filter(|(other, _)| may_meet(other)) {
                let redirected = redirected_hosts(world, other);
                let taken = served(world, open, *port).into_iter().find(|(name, _)| redirected.contains(name));
                let Some((name, virtual_service)) = taken else { continue };
                let place = place_of(open.server, &name);
                if reported.insert(place) {
                    report(virtual_service, (&name, *port), (place, redirect), other.gateway, diagnostics);
                }
            }
        }
    }
}

fn report(
    virtual_service: &VirtualService<'_>,
    (name, port): (&str, u32),
    (place, redirect): (Span, Span),
    redirecting: &Gateway<'_>,
    diagnostics: &mut Diagnostics,
) {
    let gateway = &redirecting.name;
    let message = format!(
        "the gateway redirects requests for `{name}` on port {port} to HTTPS, because Gateway `{gateway}` redirects this host"
    );
    let own = virtual_service.hosts.iter().find(|host| host::overlap(host, name));
    let diagnostic = diagnostics.report(&REDIRECTED, place, message);
    diagnostic.related(redirect, "the redirect");
    if let Some(own) = own {
        let message = format!("the routes of VirtualService `{}` get no plaintext requests", virtual_service.name);
        diagnostic.related(own.span, message);
    }
    diagnostic.help(format!("remove `httpsRedirect` from Gateway `{gateway}`, or this host"));
}

/// The place of a host of a server that covers a name.
fn place_of(server: &Server<'_>, name: &str) -> Span {
    let covering = server.hosts.iter().find(|own| host::overlap(&own.host, name));
    covering.map_or(server.spec.span, |own| own.span)
}

/// The virtual hosts that a server redirects: its hosts without a namespace, and those that it shares with VirtualServices
/// (istiod: `buildGatewayHTTPRouteConfig`).
fn redirected_hosts(world: &World<'_>, open: &PlaintextServer<'_>) -> BTreeSet<String> {
    let plain = open.server.hosts.iter().filter(|own| own.namespace.is_none());
    let mut hosts: BTreeSet<String> = plain.map(|own| own.host.to_ascii_lowercase()).collect();
    for virtual_service in bound(world, open) {
        hosts.extend(common(open, virtual_service));
    }
    hosts
}

/// The virtual hosts of a server, each with a VirtualService that has routes for it on the port.
fn served<'w>(world: &'w World<'_>, open: &PlaintextServer<'_>, port: u32) -> Vec<(String, &'w VirtualService<'w>)> {
    let has_routes = |it: &&VirtualService<'_>| {
        !it.spec.http.is_empty() && it.ports_of(Section::Http, Some(&open.gateway.name)).has(port)
    };
    let routing = bound(world, open).filter(has_routes);
    routing.flat_map(|it| common(open, it).into_iter().map(move |name| (name, it))).collect()
}

fn bound<'w>(world: &'w World<'_>, open: &PlaintextServer<'_>) -> impl Iterator<Item = &'w VirtualService<'w>> {
    world.virtual_services.iter().filter(|it| !it.is_delegate() && it.binds(&open.gateway.name))
}

/// The names that a server and a VirtualService have in common.
fn common(open: &PlaintextServer<'_>, virtual_service: &VirtualService<'_>) -> Vec<String> {
    let of_server = open.server.hosts_for(&virtual_service.name.namespace);
    let own: Vec<&str> = virtual_service.hosts.iter().map(|host| host.value.as_str()).collect();
    host::intersection(&of_server, &own).into_iter().map(str::to_ascii_lowercase).collect()
}
