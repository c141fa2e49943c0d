//! `missing-tls-origination`

use std::collections::BTreeSet;

use super::origination_advice::{advice, applying};
use super::tls_server::{TlsServer, tls_server};
use crate::lint::finding::finding;
use crate::lint::incoming_ports::serving;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::ClientTlsMode;
use crate::model::{Kind, Spec};
use crate::routing::Upstream;
use crate::world::{Bound, Client, DestinationRef, Section, Server, Service, ServicePort, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "missing-tls-origination",
    summary: "a proxy sends plaintext to a port where the server expects TLS",
    findings: [&EXTERNAL_PORT, &SERVICE_PORT, &UNDECLARED_PORT],
    check: check,
};

static EXTERNAL_PORT: Finding = finding! {
    "external-port", Lost, Certain, [],
    "a ServiceEntry declares that the port of an external host is HTTPS or TLS",
};
static SERVICE_PORT: Finding = finding! {
    "service-port", Lost, Likely, [],
    "the port of a service in the mesh declares that it is HTTPS or TLS",
};
static UNDECLARED_PORT: Finding = finding! {
    "undeclared-port", Lost, Likely, [],
    "the port is 443, and declares no protocol",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in world.all_virtual_services() {
        for destination in virtual_service.destinations().iter().filter(|it| it.route.section != Section::Tls) {
            let Some(sent) = plaintext(world, virtual_service, destination) else { continue };
            if !has_backend_policy(context, sent.service) && context.is_definite(sent.service.resource, diagnostics) {
                report(world, &sent, destination, diagnostics);
            }
        }
    }
}

/// Whether a BackendTLSPolicy makes istiod originate TLS to a service (istiod: `BackendTLSPolicyCollection`).
fn has_backend_policy(context: &Context<'_>, service: &Service<'_>) -> bool {
    context.snapshot.resources().any(|resource| match &resource.spec {
        Spec::BackendTlsPolicy(policy) => {
            let name = service.resource.name();
            let is_target = policy.target_refs.iter().any(|target| target.name.text() == name);
            is_target && context.world.settings.namespace_of(resource) == service.namespace
        }
        _ => false,
    })
}

/// Plaintext for a port where the server expects TLS.
pub(super) struct Plaintext<'w, 'a> {
    /// The VirtualService that is bound: for a delegate, one that delegates to it.
    pub root: &'w VirtualService<'a>,
    pub bound: &'w Bound,
    pub client: Client<'w, 'a>,
    pub service: &'w Service<'a>,
    pub port: &'w ServicePort,
    pub server: TlsServer,
    /// Whether the server is another gateway.
    pub is_gateway: bool,
}

/// The first proxies that send plaintext to a destination which expects TLS.
fn plaintext<'w, 'a>(
    world: &'w World<'a>,
    virtual_service: &'w VirtualService<'a>,
    destination: &DestinationRef<'_>,
) -> Option<Plaintext<'w, 'a>> {
    let host = virtual_service.full_host(destination.host, &world.settings);
    let mut services = world.services.named(&host);
    let (service, None) = (services.next()?, services.next()) else { return None };
    let subset = destination.destination.subset.text();
    if service.ports.iter().all(|port| tls_server(world, service, port).is_none()) {
        return None;
    }
    // If the workload of a gateway is known, another rule follows requests through the gateway.
    let is_gateway = world.is_before_gateway(service);
    if is_gateway && world.workloads_of_service(service).is_some_and(|workloads| !workloads.is_empty()) {
        return None;
    }
    for root in world.roots_of(virtual_service) {
        for bound in &root.bound_to {
            for number in ports(world, root, bound, destination, service) {
                let Some(port) = service.port(number) else { continue };
                let Some(server) = tls_server(world, service, port) else { continue };
                let clients = world.clients_at(root, bound).into_iter();
                let mut sending =
                    clients.filter(|client| sends_plaintext(world, client, (service, subset, number), is_gateway));
                let Some(client) = sending.next() else { continue };
                if may_have_other_rule(world, &client, bound, service, number) {
                    continue;
                }
                return Some(Plaintext { root, bound, client, service, port, server, is_gateway });
            }
        }
    }
    None
}

/// Whether another DestinationRule may originate TLS for clients. Without their namespace, it may be one of any namespace,
/// and without their labels one with a selector.
fn may_have_other_rule(
    world: &World<'_>,
    client: &Client<'_, '_>,
    bound: &Bound,
    service: &Service<'_>,
    port: u32,
) -> bool {
    let destination_rules = &world.destination_rules;
    let Some(other) = destination_rules.originating(service, port) else { return false };
    match &bound.gateway {
        None => true,
        Some(gateway) if world.places_gateway(client, gateway) => {
            client.labels.is_none() && other.selector().is_some() && other.name.namespace == client.namespace
        }
        Some(_) => !destination_rules.are_same_everywhere(service),
    }
}

/// The ports of the service to which requests go from a Gateway or from sidecars. None if no request takes the route
/// there.
fn ports(
    world: &World<'_>,
    root: &VirtualService<'_>,
    bound: &Bound,
    destination: &DestinationRef<'_>,
    service: &Service<'_>,
) -> Vec<u32> {
    let section = destination.route.section;
    let is_http = section == Section::Http;
    let matched = destination.route.ports_at(bound.gateway.as_ref());
    let named = destination.destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
    let Some(name) = &bound.gateway else {
        let is_used = is_http && matched.has_any() && world.other_ports(root, &destination.route).is_empty();
        return named.filter(|_| is_used).into_iter().collect();
    };
    let gateway = world.gateway(name).or_else(|| world.derived.gateway(name));
    let Some(gateway) = gateway.filter(|it| !world.is_ambiguous(it.resource)) else {
        return named.filter(|_| is_http && matched.has_any()).into_iter().collect();
    };
    let uses_route = |server: &&Server<'_>| {
        (is_http || server.terminates_tls())
            && server.https_redirect().is_none()
            && server.port_number().is_some_and(|port| matched.has(port))
    };
    let servers = serving(gateway, root, section).filter(uses_route);
    // A destination without a port gets the only port of the service, else that of the server (istiod:
    // `GetDestinationCluster`).
    let only = service.ports.first().map(|port| port.number).filter(|_| service.ports.len() == 1);
    let ports: BTreeSet<u32> = servers.filter_map(|server| named.or(only).or(server.port_number())).collect();
    ports.into_iter().collect()
}

/// Whether proxies send plaintext to the server: they do not originate TLS, or the sidecar in front of the server
/// terminates theirs.
fn sends_plaintext(
    world: &World<'_>,
    client: &Client<'_, '_>,
    (service, subset, port): (&Service<'_>, &str, u32),
    is_gateway: bool,
) -> bool {
    let upstream = Upstream::towards(world, (&client.namespace, client.labels), service, subset, port);
    match upstream.tls_mode() {
        None | Some(ClientTlsMode::Disable | ClientTlsMode::Undefined(_)) => !drops_tls(world, client, service, subset),
        Some(ClientTlsMode::IstioMutual) => !service.is_mesh_external() && !is_gateway,
        Some(ClientTlsMode::Simple | ClientTlsMode::Mutual) => false,
    }
}

/// Whether the settings of a port replace TLS that is set for all ports, which another rule reports.
fn drops_tls(world: &World<'_>, client: &Client<'_, '_>, service: &Service<'_>, subset: &str) -> bool {
    const NO_PORT: u32 = 0;
    Upstream::towards(world, (&client.namespace, client.labels), service, subset, NO_PORT).originates_tls()
}

fn report(
    world: &World<'_>,
    sent: &Plaintext<'_, '_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Plaintext { service, port, .. } = sent;
    let number = port.number;
    let (finding, expectation) = match sent.server {
        TlsServer::Declared if service.is_mesh_external() => (&EXTERNAL_PORT, format!("which is {}", port.protocol)),
        TlsServer::Declared => (&SERVICE_PORT, format!("which is {}", port.protocol)),
        TlsServer::Port443 => (&UNDECLARED_PORT, "where servers expect TLS".to_owned()),
    };
    let sender = match &sent.bound.gateway {
        Some(name) => match world.derived.gateway(name) {
            Some(gateway) if gateway.resource.kind == Kind::Ingress => "the ingress gateway sends".to_owned(),
            Some(gateway) => format!("Gateway `{}` sends", gateway.written_name()),
            None => format!("Gateway `{name}` sends"),
        },
        None => "sidecars send".to_owned(),
    };
    let written = destination.destination.port.as_ref().and_then(|port| port.number);
    let place = written.map_or(destination.host.span, |number| number.span);
    let message =
        format!("{sender} plaintext to port {number} of `{}`, {expectation}, so requests fail", service.hostname);
    let diagnostic = diagnostics.report(finding, place, message).related(port.span, "this port");
    let idle = world.destination_rules.originating(service, number).filter(|it| it.selector().is_none());
    match idle.filter(|_| applying(world, sent).is_none()) {
        Some(idle) => {
            let message = format!("DestinationRule `{}` originates TLS, but not for these clients", idle.name);
            let to = if idle.name.namespace == service.namespace { "export" } else { "move" };
            let namespace = if to == "export" { &sent.client.namespace } else { &service.namespace };
            diagnostic
                .related(idle.host.span, message)
                .help(format!("{to} DestinationRule `{}` to namespace `{namespace}`", idle.name));
        }
        None => drop(diagnostic.help(advice(world, sent))),
    }
}
