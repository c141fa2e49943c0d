//! `port-required`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::source::Spanned;
use crate::world::{DestinationRef, NamespacedName, Section, Service, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "port-required",
    aliases: ["IST0112"],
    severity: Error,
    summary: "a destination without a port where no port follows from the request: it is answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in &world.virtual_services {
        for destination in service.destinations().iter().filter(|it| it.destination.port.is_none()) {
            let full = service.full_host(destination.host, &world.settings);
            let target = world.services.covering(&service.name.namespace, &full);
            if let Some(target) = target.filter(|target| !target.ports.is_empty() && target.external_name().is_none())
                && context.is_definite(target.resource, diagnostics)
            {
                check_destination(world, &Route { service, destination, target }, diagnostics);
            }
        }
    }
}

/// A destination without a port.
struct Route<'w, 'a> {
    service: &'w VirtualService<'a>,
    destination: &'w DestinationRef<'w>,
    target: &'w Service<'a>,
}

impl<'w, 'a> Route<'w, 'a> {
    /// The VirtualServices through which requests come: of a delegate those that delegate to it.
    fn entrances(&self, world: &'w World<'a>) -> Vec<&'w VirtualService<'a>> {
        if !self.service.is_delegate() {
            return vec![self.service];
        }
        world.virtual_services.iter().filter(|root| root.delegates_to(self.service)).collect()
    }

    /// The ports of one place on which the route is taken. Of the matches those of a delegating rule are not asked.
    fn taken(&self, ports: BTreeSet<u32>, place: Option<&NamespacedName<'_>>) -> BTreeSet<u32> {
        let asked = self.destination.route.ports_at(place);
        ports.into_iter().filter(|port| asked.has(*port)).collect()
    }

    /// Those that the destination does not have.
    fn lacking(&self, ports: &BTreeSet<u32>) -> BTreeSet<u32> {
        ports.iter().copied().filter(|port| self.target.port(*port).is_none()).collect()
    }
}

/// Without a port a destination gets that of the listener which took the request. Only a gateway, and TCP and TLS
/// routes anywhere, first look whether the service has just one (istiod: `GetDestinationCluster`).
fn check_destination(world: &World<'_>, route: &Route<'_, '_>, diagnostics: &mut Diagnostics) {
    let is_single = route.target.ports.len() == 1;
    for entrance in route.entrances(world) {
        let server_ports = if is_single { BTreeSet::new() } else { server_ports(world, entrance, route) };
        let lacking = route.lacking(&server_ports);
        if !lacking.is_empty() {
            report(route, "the gateway's", &lacking, diagnostics);
            return;
        }
        if entrance.binds_mesh() && (route.destination.route.section == Section::Http || !is_single) {
            let listener_ports = listener_ports(world, entrance, route);
            let lacking = route.lacking(&listener_ports);
            if !lacking.is_empty() {
                let diagnostic = report(route, "the sidecar's", &lacking, diagnostics);
                // Nobody may dial the others.
                if lacking.len() < listener_ports.len() {
                    diagnostic.severity(Severity::Warning);
                }
                return;
            }
        }
    }
}

/// The ports of the servers that take the route. None if a Gateway is not among the manifests.
fn server_ports(world: &World<'_>, entrance: &VirtualService<'_>, route: &Route<'_, '_>) -> BTreeSet<u32> {
    let mut all = BTreeSet::new();
    for name in entrance.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
        let Some(gateway) = world.gateway(name) else { return BTreeSet::new() };
        let mut ports = BTreeSet::new();
        for server in &gateway.servers {
            // A server that redirects everything to HTTPS has no use for routes.
            let uses_routes =
                server.https_redirect().is_none() && server.section() == Some(route.destination.route.section);
            let serves = |host: &Spanned<String>| server.serves(host, &entrance.name.namespace);
            if uses_routes && entrance.hosts.iter().any(serves) {
                ports.extend(server.port_number());
            }
        }
        all.extend(route.taken(ports, Some(name)));
    }
    all
}

/// The ports of the services that the VirtualService is for, as far as routes of the section apply on them. None if one
/// of its hosts is no service.
fn listener_ports(world: &World<'_>, entrance: &VirtualService<'_>, route: &Route<'_, '_>) -> BTreeSet<u32> {
    let mut ports = BTreeSet::new();
    for host in &entrance.hosts {
        let Some(found) = world.services.seen_from(&entrance.name.namespace, host) else { return BTreeSet::new() };
        let section = route.destination.route.section;
        let taken = found.ports.iter().filter(|port| port.protocol.class().sections().contains(&section));
        ports.extend(taken.map(|port| port.number));
    }
    route.taken(ports, None)
}

fn report<'f>(
    route: &Route<'_, '_>,
    whose: &str,
    ports: &BTreeSet<u32>,
    diagnostics: &'f mut Diagnostics,
) -> &'f mut Diagnostic {
    let target = route.target;
    let list = |ports: Vec<String>| ports.join(", ");
    let taken = list(ports.iter().map(u32::to_string).collect());
    let has = list(target.ports.iter().map(|port| port.number.to_string()).collect());
    diagnostics
        .report_default(
            route.destination.host.span,
            format!(
                "destination {} needs a port: without one it is {whose}, {taken}, which the service does not have",
                target.hostname
            ),
        )
        .related(target.span, format!("its ports are {has}"))
        .help("add port.number to the destination")
}
