//! `unexposed-server-port`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::wording;
use crate::world::{Gap, Gateway, NamespacedName, Protocol, Service, World};

pub static RULE: Rule = rule! {
    name: "unexposed-server-port",
    summary: "a Gateway has a port that no Service of its workloads exposes, so clients cannot reach it",
    findings: [&NO_SERVICE_PORT],
    check: check,
};

static NO_SERVICE_PORT: Finding = finding! {
    "no-service-port", Lost, Likely, ["IST0162"],
    "no Service of the gateway workloads has the port",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for gateway in &context.world.gateways {
        check_gateway(context.world, gateway, diagnostics);
    }
}

fn check_gateway(world: &World<'_>, gateway: &Gateway<'_>, diagnostics: &mut Diagnostics) {
    let mut services: Vec<&Service<'_>> = Vec::new();
    let mut reachable: BTreeSet<u32> = BTreeSet::new();
    for workload in world.workloads_of_gateway(gateway) {
        // Clients reach a pod on the network of its node without a Service.
        if workload.pod.is_some_and(|pod| pod.host_network.is_some_and(|it| it.value)) {
            return;
        }
        for service in world.services.before(workload).into_iter().filter(|service| service.is_kubernetes()) {
            let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
            reachable.extend(ports.flat_map(|port| [Some(port.number), workload.port_behind(port)]).flatten());
            services.push(service);
        }
    }
    let Some(first) = services.first() else {
        // `gateway-selects-nothing` counts Gateways whose workloads are not known.
        if world.workloads_of_gateway(gateway).next().is_some() {
            diagnostics.unchecked(Gap::NoServicesOf(Kind::Gateway, gateway.name.to_string()));
        }
        return;
    };
    let unknowns = &world.inventory.unknowns;
    if let Some(unknown) = services.iter().find(|service| unknowns.hide_target(service.resource)) {
        return diagnostics.unchecked(Gap::PlaceholdersIn(unknown.resource.kind, unknown.hostname.clone()));
    }
    for number in gateway.servers.iter().filter_map(|server| server.port) {
        if !reachable.contains(&number.value) {
            let ports = first.ports.iter().filter(|port| port.protocol != Protocol::Udp).map(|port| port.number);
            let name = NamespacedName::new(first.namespace.as_str(), first.resource.name());
            diagnostics
                .report(
                    &NO_SERVICE_PORT,
                    number.span,
                    format!("no Service of the gateway workloads has port {}", number.value),
                )
                .related(first.span, format!("Service `{name}` has {}", wording::ports(ports)))
                .help(format!("add port {} to the Service, or use a port that the Service has", number.value));
        }
    }
}
