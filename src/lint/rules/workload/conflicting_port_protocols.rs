//! `conflicting-port-protocols`

use std::collections::{HashMap, HashSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::routing::inbound::Receiver;
use crate::source::Span;
use crate::world::{DataPlane, Discovery, Protocol, Service, ServicePort, Workload, World};

pub static RULE: Rule = rule! {
    name: "conflicting-port-protocols",
    aliases: ["IST0116", "IST0137"],
    severity: Warning,
    summary: "ports of Services that say different things of one port of a workload: the sidecar believes the oldest",
    check: check,
};

/// What a sidecar does with what comes in at a port (istiod: `buildInboundNetworkFilters`, `setH2Options`). What is
/// detected is no claim that could be wrong, UDP is not proxied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handling {
    Http1,
    Http2,
    Connections,
}

impl Handling {
    fn of(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::Http | Protocol::HttpProxy => Some(Self::Http1),
            Protocol::Http2 | Protocol::Grpc | Protocol::GrpcWeb => Some(Self::Http2),
            Protocol::Https | Protocol::Tls | Protocol::Tcp | Protocol::Mongo | Protocol::Redis | Protocol::MySql => {
                Some(Self::Connections)
            }
            Protocol::Udp | Protocol::Auto => None,
        }
    }
}

/// A port of a Service that leads to a workload's.
#[derive(Clone, Copy)]
struct Claim<'w, 'a> {
    service: &'w Service<'a>,
    port: &'w ServicePort,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // By workload and its port. Services come in creation order, so the first claim is the one that counts.
    let mut oldest: HashMap<(Span, u32), Claim<'_, '_>> = HashMap::new();
    let mut reported: HashSet<Span> = HashSet::new();
    for service in world.services.iter().filter(|service| service.discovery != Discovery::Alias) {
        for workload in world.workloads_of_service(service).unwrap_or_default() {
            let receiver = Receiver::of(workload);
            for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
                let Some(number) = receiver.target(port) else { continue };
                let claim = Claim { service, port };
                let first = *oldest.entry((workload.resource.span, number)).or_insert(claim);
                if contradict(first.port, port) && goes_by_services(world, workload) && reported.insert(port.span) {
                    report(workload, number, first, claim, diagnostics);
                }
            }
        }
    }
}

/// Whether a sidecar listens on the ports that Services tell: not with `ingress` of a Sidecar resource.
fn goes_by_services(world: &World<'_>, workload: &Workload<'_>) -> bool {
    let has_sidecar = matches!(world.namespaces.data_plane(workload), None | Some(DataPlane::Sidecar));
    has_sidecar
        && world
            .sidecar_of(&workload.name.namespace, &workload.labels)
            .is_none_or(|sidecar| sidecar.spec.ingress.is_empty())
}

fn contradict(first: &ServicePort, later: &ServicePort) -> bool {
    match (Handling::of(first.protocol), Handling::of(later.protocol)) {
        (Some(first), Some(later)) => first != later,
        _ => false,
    }
}

fn report(
    workload: &Workload<'_>,
    number: u32,
    first: Claim<'_, '_>,
    later: Claim<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let name = &workload.name.name;
    let (believed, other) = (first.port.protocol, later.port.protocol);
    let message =
        format!("port {number} of {name} is {other} here but {believed} to its sidecar: the oldest Service counts");
    diagnostics
        .report_default(later.port.span, message)
        .related(first.port.span, format!("{} says {believed}", first.service.resource.name()))
        .related(workload.resource.name_span(), "the workload")
        .help("declare the same protocol in both, or give each its own port of the workload");
}
