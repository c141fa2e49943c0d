//! `unknown-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::world::{DestinationRef, Service, VirtualService};

pub static RULE: Rule = rule! {
    name: "unknown-port",
    aliases: ["IST0101"],
    severity: Error,
    summary: "a destination port that the service does not have: its requests are answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in &context.world.virtual_services {
        for destination in service.destinations() {
            check_destination(context, service, &destination, diagnostics);
        }
    }
}

fn check_destination(
    context: &Context<'_>,
    service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let Some(number) = destination.destination.port.as_ref().and_then(|port| port.number.as_ref()) else { return };
    let world = context.world;
    let full = service.full_host(destination.host, &world.settings);
    let Some(target) = world.services.covering(&service.name.namespace, &full) else { return };
    // An alias has the ports of what it stands for; a ServiceEntry without ports says nothing.
    if target.external_name().is_some() || target.ports.is_empty() || target.port(number.value).is_some() {
        return;
    }
    // Of several definitions of a host each proxy may see another one.
    if world.services.named(&full).any(|other| other.port(number.value).is_some()) {
        return;
    }
    if !context.is_definite(target.resource, diagnostics) {
        return;
    }
    diagnostics
        .report_default(number.span, format!("{full} has no port {}", number.value))
        .related(target.span, "defined here")
        .help(advice(target, number.value));
}

fn advice(target: &Service<'_>, number: u32) -> String {
    let by_target = target.ports.iter().find(
        |port| matches!(&port.target, Some(crate::model::kubernetes::TargetPort::Number(target)) if *target == number),
    );
    match by_target {
        Some(port) => format!("{number} is the port of its workloads; clients use {}", port.number),
        None => {
            let ports: Vec<String> = target.ports.iter().map(|port| port.number.to_string()).collect();
            format!("its ports are {}", ports.join(", "))
        }
    }
}
