//! `route-protocol`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{Server, ServerTlsMode};
use crate::source::{Span, Spanned};
use crate::world::{
    Gateway, NamespacedName, Protocol, ProtocolClass, Section, VirtualService, World, host, resolve_gateway_name,
};

pub static RULE: Rule = rule! {
    name: "route-protocol",
    aliases: [],
    severity: Warning,
    summary: "http, tls or tcp routes where the port speaks another protocol, so that they never apply",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in context.world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for rule in rules(service) {
            check_rule(context.world, service, &rule, diagnostics);
        }
    }
}

/// A rule of any section, with the places that its matches name.
struct RouteRule<'s> {
    section: Section,
    span: Span,
    matches: Vec<(&'s [Spanned<String>], Option<u32>)>,
}

fn rules<'s>(service: &'s VirtualService<'_>) -> Vec<RouteRule<'s>> {
    let spec = service.spec.as_ref();
    let number = |port: Option<Spanned<u32>>| port.map(|port| port.value).filter(|port| *port != 0);
    let http = spec.http.iter().map(|rule| RouteRule {
        section: Section::Http,
        span: rule.span,
        matches: rule.r#match.iter().map(|it| (it.gateways.as_slice(), number(it.port))).collect(),
    });
    let tls = spec.tls.iter().map(|rule| RouteRule {
        section: Section::Tls,
        span: rule.span,
        matches: rule.r#match.iter().map(|it| (it.gateways.as_slice(), number(it.port))).collect(),
    });
    let tcp = spec.tcp.iter().map(|rule| RouteRule {
        section: Section::Tcp,
        span: rule.span,
        matches: rule.r#match.iter().map(|it| (it.gateways.as_slice(), number(it.port))).collect(),
    });
    http.chain(tls).chain(tcp).collect()
}

/// A port that routes of some section do not apply to.
struct Other {
    span: Span,
    description: String,
}

/// A rule is reported if all ports it could be for are of another protocol. One that applies somewhere is meant.
fn check_rule(world: &World<'_>, service: &VirtualService<'_>, rule: &RouteRule<'_>, diagnostics: &mut Diagnostics) {
    let anywhere = [(&[][..], None)];
    let matches = if rule.matches.is_empty() { &anywhere[..] } else { rule.matches.as_slice() };
    let mut others: Vec<Other> = Vec::new();
    for (gateways, port) in matches {
        let named: Vec<Option<NamespacedName<'_>>> =
            gateways.iter().map(|written| resolve_gateway_name(written, &service.name.namespace)).collect();
        for bound in service.bound_to.iter().filter(|bound| named.is_empty() || named.contains(&bound.gateway)) {
            let found = match &bound.gateway {
                Some(name) => world.gateway(name).and_then(|it| at_gateway(world, it, service, rule.section, *port)),
                None => in_mesh(world, service, rule.section, *port),
            };
            match found {
                Some(found) => others.extend(found),
                None => return,
            }
        }
    }
    let Some(first) = others.first() else { return };
    let section = name(rule.section);
    let diagnostic =
        diagnostics.report_default(rule.span, format!("{section} routes do not apply to {}", first.description));
    diagnostic.related(first.span, "this port");
    diagnostic.help(match rule.section {
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
    let is_for = |server: &&Server| {
        let hosts = gateway.hosts_for(server, &service.name.namespace);
        number(server).is_some_and(|own| port.is_none_or(|port| port == own))
            && hosts.iter().any(|own| service.hosts.iter().any(|host| host::overlap(own, host)))
    };
    let servers: Vec<&Server> = gateway.spec.servers.iter().filter(is_for).collect();
    if servers.is_empty() || servers.iter().any(|server| sections(server).contains(&section)) {
        return None;
    }
    let other = |server: &&Server| {
        let protocol = protocol(server);
        let mode = server.tls.as_ref().and_then(|tls| tls.mode).map(|mode| tls_mode_name(mode.value));
        let mode = mode.filter(|_| protocol.class() == ProtocolClass::Tls).map(|mode| format!(" {mode}"));
        let number = server.port.as_ref()?.number?;
        let description = format!(
            "port {} of Gateway {}, which is {protocol}{}",
            number.value,
            gateway.name,
            mode.unwrap_or_default()
        );
        Some(Other { span: number.span, description })
    };
    Some(servers.iter().filter_map(other).collect())
}

/// The sections whose routes a server takes (istiod: `buildGatewayListeners`).
fn sections(server: &Server) -> &'static [Section] {
    let protocol = protocol(server);
    let mode = server.tls.as_ref().map(|tls| tls.mode.map_or(ServerTlsMode::Passthrough, |mode| mode.value));
    match (protocol.class(), mode) {
        (ProtocolClass::Http, _) => &[Section::Http],
        (_, None) => &[Section::Tcp],
        (_, Some(ServerTlsMode::Passthrough)) => &[Section::Tls],
        (_, Some(ServerTlsMode::AutoPassthrough)) => &[],
        _ if protocol == Protocol::Https => &[Section::Http],
        _ => &[Section::Tcp],
    }
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
            let applies = match own.protocol.class() {
                ProtocolClass::Http => section == Section::Http,
                ProtocolClass::Tls => section == Section::Tls,
                ProtocolClass::Tcp => section == Section::Tcp,
                ProtocolClass::Auto => section != Section::Tls,
                ProtocolClass::Udp => false,
            };
            if applies {
                return None;
            }
            let description = format!("port {} of {}, which is {}", own.number, found.hostname, own.protocol);
            others.push(Other { span: own.span, description });
        }
    }
    Some(others)
}

fn number(server: &Server) -> Option<u32> {
    server.port.as_ref()?.number.map(|number| number.value)
}

fn protocol(server: &Server) -> Protocol {
    let written = server.port.as_ref().and_then(|port| port.protocol.as_ref());
    Protocol::parse(written.map_or("", |protocol| protocol.as_str()))
}

fn tls_mode_name(mode: ServerTlsMode) -> &'static str {
    match mode {
        ServerTlsMode::Passthrough => "with mode PASSTHROUGH",
        ServerTlsMode::AutoPassthrough => "with mode AUTO_PASSTHROUGH",
        _ => "that ends there",
    }
}

fn name(section: Section) -> &'static str {
    match section {
        Section::Http => "http",
        Section::Tls => "tls",
        Section::Tcp => "tcp",
    }
}
