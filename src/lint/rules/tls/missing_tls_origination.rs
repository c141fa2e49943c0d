//! `missing-tls-origination`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::ClientTlsMode;
use crate::routing::Upstream;
use crate::world::{
    Bound, Client, DestinationRef, DestinationRule, MtlsMode, Section, Server, Service, ServicePort, VirtualService,
    World, host,
};

use super::tls_server::{TlsServer, tls_server};

pub static RULE: Rule = rule! {
    name: "missing-tls-origination",
    summary: "an `http` route sends plaintext to a port where the server expects TLS",
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
    let written = world.virtual_services.iter();
    // A BackendTLSPolicy makes istiod originate TLS for routes of the Gateway API.
    let has_backend_policies = || {
        let sources = &context.snapshot.sources;
        context.snapshot.skipped.iter().any(|skipped| sources.text(*skipped).contains("BackendTLSPolicy"))
    };
    let derived = world.derived.virtual_services.iter().filter(|_| !has_backend_policies());
    for virtual_service in written.chain(derived) {
        for destination in virtual_service.destinations().iter().filter(|it| it.route.section == Section::Http) {
            let Some(sent) = plaintext(world, virtual_service, destination) else { continue };
            if context.is_definite(sent.service.resource, diagnostics) {
                report(world, &sent, destination, diagnostics);
            }
        }
    }
}

/// Plaintext HTTP for a port where the server expects TLS.
struct Plaintext<'w, 'a> {
    /// The VirtualService that is bound: for a delegate, one that delegates to it.
    root: &'w VirtualService<'a>,
    bound: &'w Bound,
    client: Client<'w, 'a>,
    service: &'w Service<'a>,
    port: &'w ServicePort,
    server: TlsServer,
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
    // The rule about gateways behind routes says what a gateway answers.
    if service.ports.iter().all(|port| tls_server(world, service, port).is_none()) || world.is_before_gateway(service) {
        return None;
    }
    let roots: Vec<&VirtualService<'_>> = match virtual_service.is_delegate() {
        true => world.virtual_services.iter().filter(|root| root.delegates_to(virtual_service)).collect(),
        false => vec![virtual_service],
    };
    for root in roots {
        for bound in &root.bound_to {
            for number in ports(world, root, bound, destination, service) {
                let Some(port) = service.port(number) else { continue };
                let Some(server) = tls_server(world, service, port) else { continue };
                let clients = world.clients_at(root, bound).into_iter();
                let mut sending = clients.filter(|client| sends_plaintext(world, client, service, subset, number));
                let Some(client) = sending.next() else { continue };
                // The clients in the mesh are not known, and another DestinationRule may be for some of them.
                if bound.gateway.is_none() && originating(world, service, number).is_some() {
                    continue;
                }
                return Some(Plaintext { root, bound, client, service, port, server });
            }
        }
    }
    None
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
    let matched = destination.route.ports_at(bound.gateway.as_ref());
    let named = destination.destination.port.as_ref().and_then(|port| port.number).map(|number| number.value);
    let Some(name) = &bound.gateway else {
        let is_used = matched.has_any() && world.other_ports(root, &destination.route).is_empty();
        return named.filter(|_| is_used).into_iter().collect();
    };
    let gateway = world.gateway(name).or_else(|| world.derived.gateway(name));
    let Some(gateway) = gateway.filter(|it| !world.is_ambiguous(it.resource)) else {
        return named.filter(|_| matched.has_any()).into_iter().collect();
    };
    let uses_route = |server: &&Server<'_>| {
        server.section() == Some(Section::Http)
            && server.https_redirect().is_none()
            && server.port_number().is_some_and(|port| matched.has(port))
            && root.hosts.iter().any(|host| server.serves(host, &root.name.namespace))
    };
    let servers = gateway.servers.iter().filter(uses_route);
    // A destination without a port gets the only port of the service, else that of the server (istiod:
    // `GetDestinationCluster`).
    let only = service.ports.first().map(|port| port.number).filter(|_| service.ports.len() == 1);
    let ports: BTreeSet<u32> = servers.filter_map(|server| named.or(only).or(server.port_number())).collect();
    ports.into_iter().collect()
}

/// Whether proxies send plaintext to the server: they do not originate TLS, or the sidecar in front of the server
/// terminates theirs.
fn sends_plaintext(world: &World<'_>, client: &Client<'_, '_>, service: &Service<'_>, subset: &str, port: u32) -> bool {
    let upstream = Upstream::towards(world, (&client.namespace, client.labels), service, subset, port);
    match upstream.tls_mode() {
        None | Some(ClientTlsMode::Disable | ClientTlsMode::Undefined(_)) => !drops_tls(world, client, service, subset),
        Some(ClientTlsMode::IstioMutual) => !service.is_mesh_external(),
        Some(ClientTlsMode::Simple | ClientTlsMode::Mutual) => false,
    }
}

/// Whether the settings of a port replace TLS that is set for all ports, which another rule reports.
fn drops_tls(world: &World<'_>, client: &Client<'_, '_>, service: &Service<'_>, subset: &str) -> bool {
    const NO_PORT: u32 = 0;
    Upstream::towards(world, (&client.namespace, client.labels), service, subset, NO_PORT).originates_tls()
}

/// A DestinationRule that originates TLS to a port of the service for some clients.
fn originating<'w, 'a>(world: &'w World<'a>, service: &Service<'_>, port: u32) -> Option<&'w DestinationRule<'a>> {
    world.destination_rules.iter().find(|it| {
        let is_for = it.host.value == service.hostname || host::covered_by(&service.hostname, &it.host);
        let originates = || {
            let mut settings = it.tls_settings().into_iter();
            settings.any(|tls| tls.port.is_none_or(|own| own == port) && tls.settings.originates())
        };
        is_for && originates()
    })
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
        Some(name) => {
            let derived = world.derived.gateway(name).map(|gateway| gateway.written_name());
            format!("Gateway `{}` sends", derived.unwrap_or_else(|| name.to_string()))
        }
        None => "sidecars send".to_owned(),
    };
    let written = destination.destination.port.as_ref().and_then(|port| port.number);
    let place = written.map_or(destination.host.span, |number| number.span);
    let message =
        format!("{sender} plaintext HTTP to port {number} of `{}`, {expectation}, so requests fail", service.hostname);
    let diagnostic = diagnostics.report(finding, place, message).related(port.span, "this port");
    let idle = originating(world, service, number).filter(|it| it.selector().is_none());
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

/// The DestinationRule that the clients use for the service.
fn applying<'w, 'a>(world: &'w World<'a>, sent: &Plaintext<'_, '_>) -> Option<&'w DestinationRule<'a>> {
    let Plaintext { client, service, .. } = sent;
    let destination_rules = &world.destination_rules;
    let merged = destination_rules.applying(&client.namespace, &service.namespace, &service.hostname, client.labels)?;
    destination_rules.parts(merged).next()
}

fn advice(world: &World<'_>, sent: &Plaintext<'_, '_>) -> String {
    let Plaintext { root, bound, service, port, .. } = sent;
    let number = port.number;
    let is_kubernetes = service.is_kubernetes();
    let plaintext = match (is_kubernetes, sent.server) {
        (false, TlsServer::Declared) if number != 443 => {
            Some("set the `protocol` of the port to `HTTP` if the server speaks plaintext".to_owned())
        }
        (false, _) => None,
        (true, TlsServer::Declared) if !port.name.is_empty() && !is_named_after_tls(port) => {
            Some("set `appProtocol: http` if the server speaks plaintext".to_owned())
        }
        (true, _) => Some(format!("name the port `http-{number}` if the server speaks plaintext")),
    };
    let is_own = bound.gateway.is_none() && root.hosts.iter().any(|host| host.value == service.hostname);
    let other = match is_own {
        true => Some("write `tls` routes if clients use `https://`".to_owned()),
        false => plaintext,
    };
    if requires_mutual_tls(world, sent) {
        let instead = "let clients use TLS as far as the server, with `tls` routes".to_owned();
        return other.map_or(instead.clone(), |other| format!("{other}, or {instead}"));
    }
    let mode = match is_kubernetes {
        true => "`tls.mode: SIMPLE` and `caCertificates`, the file of the server's CA,",
        false => "`tls.mode: SIMPLE`",
    };
    let place = match service.ports.len() {
        1 => "`trafficPolicy`".to_owned(),
        _ => format!("`portLevelSettings` for port {number}"),
    };
    let origination = match applying(world, sent) {
        Some(known) => format!("set {mode} in {place} of DestinationRule `{}`", known.name),
        None => format!("add a DestinationRule for `{}` that sets {mode} in {place}", service.hostname),
    };
    other.map_or(origination.clone(), |other| format!("{origination}, or {other}"))
}

/// Whether the port has its protocol from its name.
fn is_named_after_tls(port: &ServicePort) -> bool {
    ["https", "tls"].iter().any(|word| port.name.to_ascii_lowercase().starts_with(word))
}

/// Whether the workloads behind the port accept no other TLS than that of the mesh.
fn requires_mutual_tls(world: &World<'_>, sent: &Plaintext<'_, '_>) -> bool {
    let workloads = world.workloads_of_service(sent.service).unwrap_or_default();
    workloads.iter().any(|workload| {
        let number = workload.port_behind(sent.port).unwrap_or(sent.port.number);
        workload.has_sidecar
            && world.policies.mtls(&workload.name.namespace, &workload.labels, number).mode == MtlsMode::Strict
    })
}
