//! `port-required`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::world::{DestinationRef, ProtocolClass, Section, Service, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "port-required",
    aliases: ["IST0112"],
    severity: Error,
    summary: "a destination without a port where no port follows from the request: it is answered with 503",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for service in world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for destination in service.destinations().iter().filter(|it| it.destination.port.is_none()) {
            let full = service.full_host(destination.host, &world.settings);
            let target = world.services.covering(&service.name.namespace, &full);
            if let Some(target) = target.filter(|target| !target.ports.is_empty() && target.external_name().is_none())
                && context.is_definite(target.resource, findings)
            {
                check_destination(world, service, destination, target, findings);
            }
        }
    }
}

/// Without a port a destination gets that of the listener which took the request. Only a gateway, and TCP and TLS
/// routes anywhere, first look whether the service has just one (istiod: `GetDestinationCluster`).
fn check_destination(
    world: &World<'_>,
    service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    target: &Service<'_>,
    findings: &mut Findings,
) {
    let is_single = target.ports.len() == 1;
    let lacks = |port: &u32| target.port(*port).is_none();
    if !is_single {
        let server_ports = server_ports(world, service, destination);
        if !server_ports.is_empty() && server_ports.iter().all(lacks) {
            return report(destination, target, "the gateway's", &server_ports, findings);
        }
    }
    if destination.section == Section::Http && service.binds_mesh() {
        let listener_ports = listener_ports(world, service, destination);
        if !listener_ports.is_empty() && listener_ports.iter().all(lacks) {
            report(destination, target, "the sidecar's", &listener_ports, findings);
        }
    }
}

/// The ports of the servers that the VirtualService is bound to. None if a Gateway is not among the manifests.
fn server_ports(world: &World<'_>, service: &VirtualService<'_>, destination: &DestinationRef<'_>) -> BTreeSet<u32> {
    let mut ports = BTreeSet::new();
    for name in service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
        let Some(gateway) = world.gateway(name) else { return BTreeSet::new() };
        for server in &gateway.spec.servers {
            let served = gateway.hosts_for(server, &service.name.namespace);
            let is_ours = service.hosts.iter().any(|host| served.iter().any(|served| host::overlap(served, host)));
            ports.extend(server.port.as_ref().and_then(|port| port.number).map(|it| it.value).filter(|_| is_ours));
        }
    }
    restrict(ports, destination)
}

/// The HTTP ports of the services that the VirtualService is for. None if one of its hosts is no service.
fn listener_ports(world: &World<'_>, service: &VirtualService<'_>, destination: &DestinationRef<'_>) -> BTreeSet<u32> {
    let mut ports = BTreeSet::new();
    for host in &service.hosts {
        let Some(found) = world.services.seen_from(&service.name.namespace, host) else { return BTreeSet::new() };
        let http = found.ports.iter().filter(|port| {
            matches!(port.protocol.class(), ProtocolClass::Http | ProtocolClass::Auto)
        });
        ports.extend(http.map(|port| port.number));
    }
    restrict(ports, destination)
}

/// Only the ports that the rule asks for, if it asks for some in each of its matches.
fn restrict(ports: BTreeSet<u32>, destination: &DestinationRef<'_>) -> BTreeSet<u32> {
    let asked: Option<BTreeSet<u32>> = destination.http_match.iter().map(|entry| entry.port.map(|it| it.value)).collect();
    match asked {
        Some(asked) if !asked.is_empty() => ports.intersection(&asked).copied().collect(),
        _ => ports,
    }
}

fn report(
    destination: &DestinationRef<'_>,
    target: &Service<'_>,
    whose: &str,
    ports: &BTreeSet<u32>,
    findings: &mut Findings,
) {
    let list = |ports: Vec<String>| ports.join(", ");
    let taken = list(ports.iter().map(u32::to_string).collect());
    let has = list(target.ports.iter().map(|port| port.number.to_string()).collect());
    findings
        .report(
            destination.host.span,
            format!("destination {} needs a port: without one it is {whose}, {taken}, which the service does not have", target.hostname),
        )
        .related(target.span, format!("its ports are {has}"))
        .help("add port.number to the destination");
}
