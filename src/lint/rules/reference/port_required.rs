//! `port-required`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording;
use crate::source::Spanned;
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
            let service = world.services.covering(&virtual_service.name.namespace, &host);
            if let Some(service) = service.filter(|it| !it.ports.is_empty() && it.external_name().is_none())
                && context.is_definite(service.resource, diagnostics)
            {
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

impl<'w, 'a> Portless<'w, 'a> {
    /// The VirtualServices through which requests come: for a delegate, those that delegate to it.
    fn roots(&self, world: &'w World<'a>) -> Vec<&'w VirtualService<'a>> {
        if !self.virtual_service.is_delegate() {
            return vec![self.virtual_service];
        }
        world.virtual_services.iter().filter(|root| root.delegates_to(self.virtual_service)).collect()
    }

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
    for root in portless.roots(world) {
        let server_ports = if is_single { BTreeSet::new() } else { server_ports(world, root, portless) };
        let lacking = portless.lacking(&server_ports);
        if !lacking.is_empty() {
            report(&GATEWAY_PORT, portless, "the port of the Gateway's server", &lacking, diagnostics);
            return;
        }
        if root.binds_mesh() && (portless.destination.route.section == Section::Http || !is_single) {
            let listener_ports = listener_ports(world, root, portless);
            let lacking = portless.lacking(&listener_ports);
            if !lacking.is_empty() {
                // Perhaps no client calls the ports that are lacking.
                let is_some = lacking.len() < listener_ports.len();
                let finding = if is_some { &SOME_SIDECAR_PORTS } else { &SIDECAR_PORT };
                report(finding, portless, "the port that the client calls", &lacking, diagnostics);
                return;
            }
        }
    }
}

/// The ports of the servers that use the route. None if a Gateway is not among the manifests.
fn server_ports(world: &World<'_>, root: &VirtualService<'_>, portless: &Portless<'_, '_>) -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    for name in root.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
        let Some(gateway) = world.gateway(name) else { return BTreeSet::new() };
        let mut ports = BTreeSet::new();
        for server in &gateway.servers {
            // A server that redirects all requests to HTTPS uses no routes.
            let uses_routes =
                server.https_redirect().is_none() && server.section() == Some(portless.destination.route.section);
            let serves = |host: &Spanned<String>| server.serves(host, &root.name.namespace);
            if uses_routes && root.hosts.iter().any(serves) {
                ports.extend(server.port_number());
            }
        }
        all.extend(portless.applying(ports, Some(name)));
    }
    all
}

/// The ports of the services that the VirtualService is for, as far as routes of the section apply on them. None if one
/// of its hosts belongs to no service.
fn listener_ports(world: &World<'_>, root: &VirtualService<'_>, portless: &Portless<'_, '_>) -> BTreeSet<u32> {
    let mut ports = BTreeSet::new();
    for host in &root.hosts {
        let Some(service) = world.services.seen_from(&root.name.namespace, host) else { return BTreeSet::new() };
        let section = portless.destination.route.section;
        let of_section = service.ports.iter().filter(|port| port.protocol.class().sections().contains(&section));
        ports.extend(of_section.map(|port| port.number));
    }
    portless.applying(ports, None)
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
    let set = |number: u32| Edit::add(portless.destination.destination.span, ["port", "number"], number).unshown();
    let help = match numbers().next() {
        Some(only) if numbers().count() == 1 => Advice::new(format!("set `port.number` to {only}")).fix([set(only)]),
        Some(_) => {
            let help = Advice::new(format!("set `port.number` to {}", wording::numbers(numbers(), "or")));
            numbers().fold(help, |help, number| help.option([set(number)]))
        }
        None => "use a service with a TCP port".into(),
    };
    diagnostics
        .report(finding, portless.destination.host.span, message)
        .related(service.span, format!("`{}` has {}", service.hostname, wording::ports(numbers())))
        .help(help);
}
