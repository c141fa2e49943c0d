//! `reserved-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::world::DataPlane;

pub static RULE: Rule = rule! {
    name: "reserved-port",
    aliases: [],
    severity: Error,
    summary: "a container port on which the proxy listens itself: one of both cannot",
    check: check,
};

/// Where sidecars and their agents listen (istio: `istioReservedPorts`), and what for.
const OF_SIDECAR: [(u32, &str); 9] = [
    (15000, "Envoy's administration"),
    (15001, "outbound connections"),
    (15004, "debugging"),
    (15006, "inbound connections"),
    (15008, "tunnels of the mesh"),
    (15020, "metrics"),
    (15021, "health checks"),
    (15053, "DNS"),
    (15090, "Envoy's metrics"),
];

/// Those of them on which ztunnel listens inside of the pods that it serves.
const OF_ZTUNNEL: [u32; 4] = [15001, 15006, 15008, 15053];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for workload in context.world.workloads.iter().filter(|workload| !workload.is_gateway()) {
        let data_plane = context.world.namespaces.data_plane(workload);
        let containers = workload.pod.iter().flat_map(|pod| &pod.containers);
        let own = containers.filter(|container| !container.is_proxy());
        for port in own.flat_map(|container| &container.ports).filter_map(|port| port.container_port.as_ref()) {
            let Some((_, purpose)) = OF_SIDECAR.iter().find(|(reserved, _)| *reserved == port.value) else { continue };
            let proxy = match data_plane {
                Some(DataPlane::None) => continue,
                Some(DataPlane::Ambient) if !OF_ZTUNNEL.contains(&port.value) => continue,
                Some(DataPlane::Ambient) => "ztunnel",
                Some(DataPlane::Sidecar) | None => "the sidecar",
            };
            let message =
                format!("{proxy} of {} listens on port {} itself, for {purpose}", workload.name.name, port.value);
            let diagnostic = diagnostics.report_default(port.span, message);
            diagnostic.help("let the application listen on another port, outside of 15000-15090");
            if data_plane.is_none() {
                diagnostic.severity(Severity::Warning);
            }
        }
    }
}
