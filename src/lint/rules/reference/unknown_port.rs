//! `unknown-port`

use super::dead_alias::dead_alias;
use crate::lint::finding::finding;
use crate::lint::incoming_ports::{called_ports, destination_service};
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::kubernetes::TargetPort;
use crate::model::wording;
use crate::world::{DestinationRef, Protocol, Section, Service, VirtualService};

pub static RULE: Rule = rule! {
    name: "unknown-port",
    summary: "a destination port that the service does not have, so its requests get 503",
    findings: [&NO_PORT, &ALIAS_PORT, &SOME_ALIAS_PORTS],
    check: check,
};

static NO_PORT: Finding = finding! {
    "no-port", Lost, Certain, ["IST0101"],
    "the service does not have the port",
};

static ALIAS_PORT: Finding = finding! {
    "alias-port", Lost, Certain, [],
    "the ExternalName Service has none of the ports that clients of the VirtualService's hosts call",
};
static SOME_ALIAS_PORTS: Finding = finding! {
    "some-alias-ports", Lost, Likely, [],
    "the ExternalName Service lacks some of the ports that clients of the VirtualService's hosts call",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in &context.world.virtual_services {
        for destination in virtual_service.destinations() {
            check_destination(context, virtual_service, &destination, diagnostics);
            check_alias(context, virtual_service, &destination, diagnostics);
        }
    }
}

fn check_destination(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Some(number) = destination.destination.port.as_ref().and_then(|port| port.number.as_ref()) else { return };
    let world = context.world;
    let host = virtual_service.full_host(destination.host, &world.settings);
    let own = virtual_service.name.namespace.as_ref();
    let Some(named) = destination_service(world, virtual_service, &host) else { return };
    // Requests for an ExternalName Service go to the service that it leads to, if that is known.
    let Some(service) = world.services.behind(own, named) else { return };
    // A ServiceEntry without ports may have any.
    if service.ports.is_empty() || service.port(number.value).is_some() {
        return;
    }
    // If a host has several definitions, each proxy may see another one.
    if world.services.named(&service.hostname).any(|other| other.port(number.value).is_some()) {
        return;
    }
    if !context.is_definite(service.resource, diagnostics) || !context.is_definite(named.resource, diagnostics) {
        return;
    }
    let host = service.hostname.as_str();
    let numbers = service.ports.iter().filter(|port| port.protocol != Protocol::Udp).map(|port| port.number);
    diagnostics
        .report(&NO_PORT, number.span, format!("port {} of `{host}` does not exist", number.value))
        .related(service.span, format!("`{host}` has {}", wording::ports(numbers)))
        .help(advice(service, number.value));
}

/// For `http` routes, sidecars look up an ExternalName Service among the services that have the port which the client
/// calls. If the Service does not have that port, the route leads to a cluster of its name, which does not exist
/// (istiod: `BuildSidecarVirtualHostWrapper`, `GetDestinationCluster`).
fn check_alias(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let own = virtual_service.name.namespace.as_ref();
    let host = virtual_service.full_host(destination.host, &world.settings);
    let alias = world.services.seen_from(own, &host).filter(|service| service.external_name().is_some());
    let Some(alias) = alias.filter(|_| destination.route.section == Section::Http) else { return };
    // Another rule reports an ExternalName Service that leads nowhere.
    if dead_alias(world, virtual_service.resource, own, alias).is_some() {
        return;
    }
    for root in world.roots_of(virtual_service).into_iter().filter(|root| root.binds_mesh()) {
        let matched = destination.route.ports_at(None);
        let mut called = called_ports(world, root, Section::Http).unwrap_or_default();
        called.retain(|port| matched.has(*port));
        let lacking: Vec<u32> = called.iter().copied().filter(|port| alias.port(*port).is_none()).collect();
        if lacking.is_empty() || !context.is_definite(alias.resource, diagnostics) {
            continue;
        }
        let ports = wording::numbers(lacking.iter().copied(), "or");
        let message = format!(
            "sidecars do not resolve `{host}` for requests to port {ports}, because the ExternalName Service does not have the port"
        );
        let finding = if lacking.len() < called.len() { &SOME_ALIAS_PORTS } else { &ALIAS_PORT };
        let noun = if lacking.len() == 1 { "port" } else { "ports" };
        diagnostics
            .report(finding, destination.host.span, message)
            .related(alias.span, "the ExternalName Service")
            .cause(format!("ports {ports} of host {host}"))
            .help(format!("add {noun} {} to the Service", wording::numbers(lacking, "and")));
        return;
    }
}

fn advice(service: &Service<'_>, number: u32) -> String {
    let leads_there = |target: &TargetPort| matches!(target, TargetPort::Number(target) if *target == number);
    let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
    match ports.clone().find(|port| port.target.as_ref().is_some_and(leads_there)) {
        Some(port) => format!("use {}, which leads to port {number} of the workloads", port.number),
        None if ports.clone().next().is_none() => format!("add TCP port {number} to the service"),
        None => format!("use {}", wording::numbers(ports.map(|port| port.number), "or")),
    }
}
