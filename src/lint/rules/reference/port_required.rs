//! `port-required`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::incoming_ports::{called_ports, destination_service, server_ports};
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording;
use crate::world::{DestinationRef, NamespacedName, Protocol, Section, Service, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "port-required",
    summary: "a destination without a port, whose service lacks the port that requests come in on, so they get 503",
    findings: [&GATEWAY_PORT, &SIDECAR_PORT, &SOME_SIDECAR_PORTS],
    check: check,
};

static GATEWAY_PORT: Finding = finding! {
    "gateway-port", Lost, Certain, ["IST0112"],
    "the service does not have the port of the Gateway's server",
};
static SIDECAR_PORT: Finding = finding! {
    "sidecar-port", Lost, Certain, ["IST0112"],
    "the service has none of the ports that clients of the VirtualService's hosts call",
};
static SOME_SIDECAR_PORTS: Finding = finding! {
    "some-sidecar-ports", Lost, Likely, ["IST0112"],
    "the service lacks some of the ports that clients of the VirtualService's hosts call",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in &world.virtual_services {
        for destination in virtual_service.destinations().iter().filter(|it| it.destination.port.is_none()) {
            let host = virtual_service.full_host(destination.host, &world.settings);
            let Some(named) = destination_service(world, virtual_service, &host) else { continue };
            // Requests for an ExternalName Service go to the service that it leads to, if that is known.
            let Some(service) = world.services.behind(&virtual_service.name.namespace, named) else { continue };
            if !service.ports.is_empty() && context.is_definite(service.resource, diagnostics) {
                check_destination(world, &Portless { virtual_service, destination, service }, diagnostics);
            }
        }
    }
}

/// A destination without a port.
struct Portless<'w, 'a> {
    virtual_service: &'w VirtualService<'a>,
    destination: &'w DestinationRef<'w>,
    /// The service that it leads to.
    service: &'w Service<'a>,
}

impl Portless<'_, '_> {
    /// Those of some ports on which the route applies, at a Gateway or in the mesh. The matches of a route that
    /// delegates do not count.
    fn applying(&self, ports: BTreeSet<u32>, gateway: Option<&NamespacedName<'_>>) -> BTreeSet<u32> {
        let matched = self.destination.route.ports_at(gateway);
        ports.into_iter().filter(|port| matched.has(*port)).collect()
    }

    /// Those of some ports that the service does not have.
    fn lacking(&self, ports: &BTreeSet<u32>) -> BTreeSet<u32> {
        ports.iter().copied().filter(|port| self.service.port(*port).is_none()).collect()
    }
}

/// A destination without a port gets the port of the listener that accepted the request. Only gateways, and TCP and TLS
/// routes anywhere, first use the port of the service if it has just one (istiod: `GetDestinationCluster`).
fn check_destination(world: &World<'_>, portless: &Portless<'_, '_>, diagnostics: &mut Diagnostics) {
    let is_single = portless.service.ports.len() == 1;
    let section = portless.destination.route.section;
    for root in world.roots_of(portless.virtual_service) {
        let server_ports = if is_single { BTreeSet::new() } else { server_ports_of(world, root, portless) };
        let lacking = portless.lacking(&server_ports);
        if !lacking.is_empty() {
            report(&GATEWAY_PORT, portless, "the port of the Gateway's server", &lacking, diagnostics);
            return;
        }
        if root.binds_mesh() && (section == Section::Http || !is_single) {
            let called = called_ports(world, root, section).unwrap_or_default();
            let called = portless.applying(called, None);
            let lacking = portless.lacking(&called);
            if !lacking.is_empty() {
                // Perhaps no client calls the ports that are lacking.
                let is_some = lacking.len() < called.len();
                let finding = if is_some { &SOME_SIDECAR_PORTS } else { &SIDECAR_PORT };
                report(finding, portless, "the port that the client calls", &lacking, diagnostics);
                return;
            }
        }
    }
}

/// The ports of the servers that use the route. None if a Gateway is not among the manifests.
fn server_ports_of(world: &World<'_>, root: &VirtualService<'_>, portless: &Portless<'_, '_>) -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    for name in root.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
        let Some(gateway) = world.gateway(name) else { return BTreeSet::new() };
        let ports = server_ports(gateway, root, portless.destination.route.section);
        all.extend(portless.applying(ports, Some(name)));
    }
    all
}

fn report(
    finding: &'static Finding,
    portless: &Portless<'_, '_>,
    default: &str,
    lacking: &BTreeSet<u32>,
    diagnostics: &mut Diagnostics,
) {
    let service = portless.service;
    let lacking = wording::numbers(lacking.iter().copied(), "or");
    let message =
        format!("a destination without `port` gets {default}, but `{}` has no port {lacking}", service.hostname);
    let numbers = || service.ports.iter().filter(|port| port.protocol != Protocol::Udp).map(|port| port.number);
    // A gateway forwards the requests of a section to ports of its protocol.
    let section = portless.destination.route.section;
    let fitting = service.ports.iter().filter(|port| port.protocol.class().sections().contains(&section));
    let fitting: Vec<u32> = fitting.map(|port| port.number).collect();
    let set = |number: u32| Edit::add(portless.destination.destination.span, ["port", "number"], number).unshown();
    let help = match fitting.as_slice() {
        [] if section == Section::Http => "add an HTTP port to the service, and set `port.number` to it".into(),
        [] => "use a service with a TCP port".into(),
        [only] => Advice::new(format!("set `port.number` to {only}")).fix([set(*only)]),
        several => {
            let help = Advice::new(format!("set `port.number` to {}", wording::numbers(several.iter().copied(), "or")));
            several.iter().fold(help, |help, number| help.option([set(*number)]))
        }
    };
    diagnostics
        .report(finding, portless.destination.host.span, message)
        .related(service.span, format!("`{}` has {}", service.hostname, wording::ports(numbers())))
        .help(help);
}
