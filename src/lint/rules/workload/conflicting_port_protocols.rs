//! `conflicting-port-protocols`

use std::collections::{HashMap, HashSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::routing::inbound::Receiver;
use crate::source::Span;
use crate::world::{DataPlane, Discovery, Protocol, Service, ServicePort, Workload, World};

pub static RULE: Rule = rule! {
    name: "conflicting-port-protocols",
    summary: "two ports of Services declare different protocols for the same port of a workload",
    findings: [&CONFLICT],
    check: check,
};

static CONFLICT: Finding = finding! {
    "conflict", Lost, Likely, ["IST0116", "IST0137"],
    "the sidecar of the workload uses the protocol of the oldest Service only",
};

/// How a sidecar handles incoming connections to a port (istiod: `buildInboundNetworkFilters`, `setH2Options`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handling {
    Http1,
    Http2,
    Connections,
}

impl Handling {
    /// `None` for protocols that cannot conflict: those that the sidecar detects, and UDP, which it does not proxy.
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

/// A port of a Service that leads to a port of a workload.
#[derive(Clone, Copy)]
struct Claim<'w, 'a> {
    service: &'w Service<'a>,
    port: &'w ServicePort,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // By workload and port of the workload. Services are in order of creation, so the first claim decides.
    let mut oldest: HashMap<(Span, u32), Claim<'_, '_>> = HashMap::new();
    let mut reported: HashSet<Span> = HashSet::new();
    for service in world.services.iter().filter(|service| service.discovery != Discovery::Alias) {
        for workload in world.workloads_of_service(service).unwrap_or_default() {
            let receiver = Receiver::of(workload);
            for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
                let Some(number) = receiver.target(port) else { continue };
                let claim = Claim { service, port };
                let first = *oldest.entry((workload.resource.span, number)).or_insert(claim);
                if contradict(first.port, port) && listens_for_services(world, workload) && reported.insert(port.span) {
                    report(workload, number, first, claim, diagnostics);
                }
            }
        }
    }
}

/// Whether a sidecar listens on the ports of Services, as it does unless a Sidecar resource has `ingress`.
fn listens_for_services(world: &World<'_>, workload: &Workload<'_>) -> bool {
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
    let (used, declared) = (first.port.protocol, later.port.protocol);
    let service = first.service.resource.name();
    let winner = match first.service.resource.span == later.service.resource.span {
        true => "the first port of the Service".to_owned(),
        false => format!("Service `{service}`"),
    };
    let message = format!(
        "the sidecar of workload `{}` treats port {number} as {used} instead of {declared}: {winner} takes precedence",
        workload.name.name
    );
    diagnostics
        .report(&CONFLICT, later.port.span, message)
        .related(first.port.span, format!("Service `{service}` declares {used} here"))
        .related(workload.resource.name_span(), "the workload with this port")
        .help("declare the same protocol on both ports, or set `targetPort` to another port of the workload");
}
