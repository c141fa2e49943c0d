//! `reserved-port`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::world::DataPlane;

pub static RULE: Rule = rule! {
    name: "reserved-port",
    summary: "a container and the proxy listen on the same port, so one of the two cannot start",
    findings: [&CONFLICT, &UNKNOWN_NAMESPACE],
    check: check,
};

static CONFLICT: Finding = finding! {
    "conflict", Lost, Certain, [],
    "a container declares a port that the proxy listens on",
};
static UNKNOWN_NAMESPACE: Finding = finding! {
    "unknown-namespace", Lost, Likely, [],
    "a container declares a port that sidecars listen on, and the Namespace that decides about sidecars was not given",
};

/// The ports that sidecars and their agents listen on (istio: `istioReservedPorts`), and their purpose.
const OF_SIDECAR: [(u32, &str); 9] = [
    (15000, "the Envoy admin interface"),
    (15001, "outbound connections"),
    (15004, "debug requests"),
    (15006, "inbound connections"),
    (15008, "HBONE tunnels"),
    (15020, "metrics"),
    (15021, "health checks"),
    (15053, "DNS"),
    (15090, "Envoy metrics"),
];

/// The ports among them that ztunnel listens on inside the pods of the ambient mesh.
const OF_ZTUNNEL: [u32; 4] = [15001, 15006, 15008, 15053];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for workload in context.world.workloads.iter().filter(|workload| !workload.is_gateway()) {
        let data_plane = context.world.namespaces.data_plane(workload);
        let containers = workload.pod.iter().flat_map(|pod| &pod.containers);
        let own = containers.filter(|container| !container.is_proxy());
        for port in own.flat_map(|container| &container.ports).filter_map(|port| port.container_port.as_ref()) {
            let Some((number, purpose)) = OF_SIDECAR.iter().find(|(reserved, _)| *reserved == port.value) else {
                continue;
            };
            let (finding, proxy) = match data_plane {
                Some(DataPlane::None) => continue,
                Some(DataPlane::Ambient) if !OF_ZTUNNEL.contains(number) => continue,
                Some(DataPlane::Ambient) => (&CONFLICT, "ztunnel listens"),
                Some(DataPlane::Sidecar) => (&CONFLICT, "the sidecar listens"),
                None => (&UNKNOWN_NAMESPACE, "sidecars listen"),
            };
            let name = &workload.name.name;
            let message = format!("workload `{name}` declares port {number}, which {proxy} on for {purpose}");
            diagnostics
                .report(finding, port.span, message)
                .help("let the application listen on a port outside 15000 to 15090");
        }
    }
}
