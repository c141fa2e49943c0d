//! `unexposed-server-port`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;
use crate::world::{Gap, Gateway, Protocol, Service, World};

pub static RULE: Rule = rule! {
    name: "unexposed-server-port",
    aliases: ["IST0162"],
    severity: Warning,
    summary: "a port of a Gateway that no Service leads to: clients outside cannot reach it",
    check: check,
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
        // Clients reach it by the node.
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
        // Where the workloads are not known, `gateway-selects-nothing` says so.
        if world.workloads_of_gateway(gateway).next().is_some() {
            diagnostics.unchecked(Gap::NoServicesOf(Kind::Gateway, gateway.name.to_string()));
        }
        return;
    };
    for number in gateway.servers.iter().filter_map(|server| server.port) {
        if !reachable.contains(&number.value) {
            let ports: Vec<String> = first.ports.iter().map(|port| port.number.to_string()).collect();
            diagnostics
                .report_default(number.span, format!("no Service of the gateway's workloads has port {}", number.value))
                .related(first.span, format!("this one has {}", ports.join(", ")))
                .help("add the port to the Service, or use one that it has");
        }
    }
}
