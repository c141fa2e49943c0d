//! `unknown-port`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::kubernetes::TargetPort;
use crate::model::wording;
use crate::world::{DestinationRef, Protocol, Service, VirtualService};

pub static RULE: Rule = rule! {
    name: "unknown-port",
    summary: "a destination port that the service does not have, so its requests get 503",
    findings: [&NO_PORT],
    check: check,
};

static NO_PORT: Finding = finding! {
    "no-port", Lost, Certain, ["IST0101"],
    "the service does not have the port",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for virtual_service in &context.world.virtual_services {
        for destination in virtual_service.destinations() {
            check_destination(context, virtual_service, &destination, diagnostics);
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
    let Some(service) = world.services.covering(&virtual_service.name.namespace, &host) else { return };
    // An ExternalName Service has the ports of its target. A ServiceEntry without ports may have any.
    if service.external_name().is_some() || service.ports.is_empty() || service.port(number.value).is_some() {
        return;
    }
    // If a host has several definitions, each proxy may see another one.
    if world.services.named(&host).any(|other| other.port(number.value).is_some()) {
        return;
    }
    if !context.is_definite(service.resource, diagnostics) {
        return;
    }
    let numbers = service.ports.iter().filter(|port| port.protocol != Protocol::Udp).map(|port| port.number);
    diagnostics
        .report(&NO_PORT, number.span, format!("port {} of `{host}` does not exist", number.value))
        .related(service.span, format!("`{host}` has {}", wording::ports(numbers)))
        .help(advice(service, number.value));
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
