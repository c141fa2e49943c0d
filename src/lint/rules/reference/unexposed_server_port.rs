//! `unexposed-server-port`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::kubernetes::TargetPort;
use crate::world::{Gateway, Protocol, Service, ServicePort, Workload, World};

pub static RULE: Rule = rule! {
    name: "unexposed-server-port",
    aliases: ["IST0162"],
    severity: Warning,
    summary: "a port of a Gateway that no Service leads to: clients outside cannot reach it",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for gateway in &context.world.gateways {
        check_gateway(context.world, gateway, findings);
    }
}

fn check_gateway(world: &World<'_>, gateway: &Gateway<'_>, findings: &mut Findings) {
    let mut services: Vec<&Service<'_>> = Vec::new();
    let mut reachable: BTreeSet<u32> = BTreeSet::new();
    for workload in world.workloads_of_gateway(gateway) {
        // Clients reach it by the node.
        if workload.pod.is_some_and(|pod| pod.host_network.is_some_and(|it| it.value)) {
            return;
        }
        let leads_there = |service: &&Service<'_>| service.is_kubernetes() && service.is_before(&workload.labels, None);
        for service in world.services.in_namespace(&workload.name.namespace).filter(leads_there) {
            let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
            reachable.extend(ports.flat_map(|port| [Some(port.number), target(port, workload)]).flatten());
            services.push(service);
        }
    }
    let Some(first) = services.first() else {
        // Where the workloads are not known, `gateway-selects-nothing` says so.
        if world.workloads_of_gateway(gateway).next().is_some() {
            findings.unchecked("no Service of the gateway's workloads is among the manifests");
        }
        return;
    };
    for server in &gateway.spec.servers {
        let Some(number) = server.port.as_ref().and_then(|port| port.number) else { continue };
        if !reachable.contains(&number.value) {
            let ports: Vec<String> = first.ports.iter().map(|port| port.number.to_string()).collect();
            findings
                .report(number.span, format!("no Service of the gateway's workloads has port {}", number.value))
                .related(first.span, format!("this one has {}", ports.join(", ")))
                .help("add the port to the Service, or use one that it has");
        }
    }
}

/// The workload's port behind one of a Service.
fn target(port: &ServicePort, workload: &Workload<'_>) -> Option<u32> {
    match port.target.as_ref()? {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let ports = workload.pod?.containers.iter().flat_map(|container| &container.ports);
            let mut named = ports.filter(|port| port.name.as_ref().is_some_and(|it| it.as_str() == name));
            named.find_map(|port| port.container_port).map(|port| port.value)
        }
    }
}
