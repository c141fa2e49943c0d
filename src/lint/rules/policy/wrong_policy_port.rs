//! `wrong-policy-port`

use std::collections::{BTreeMap, BTreeSet};

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security;
use crate::policy::{Attribute, requirements};
use crate::source::{Span, Spanned};
use crate::world::{Gap, Policy, Targeted, Workload, World};

pub static RULE: Rule = rule! {
    name: "wrong-policy-port",
    summary: "a policy names a port on which its workloads do not listen, so it never applies",
    findings: [&SERVICE_PORT, &UNKNOWN_PORT],
    check: check,
};

static SERVICE_PORT: Finding = finding! {
    "service-port", Lost, Certain, [],
    "the port is one of the Service, which leads to another port of the workload",
};
static UNKNOWN_PORT: Finding = finding! {
    "unknown-port", Lost, Likely, [],
    "no workload declares the port",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.peer_authentications() {
        let ports = policy.spec.port_level_mtls.iter().filter_map(|(port, _)| number(port));
        let is_selective = policy.spec.selector.as_ref().is_some_and(|selector| !selector.match_labels.is_empty());
        if is_selective && policy.name.namespace != world.settings.root_namespace {
            check_ports(world, policy, ports.collect(), diagnostics);
        }
    }
    for policy in world.policies.authorization_policies() {
        check_ports(world, policy, policy.spec.rules.iter().flat_map(ports).collect(), diagnostics);
    }
}

fn number(written: &Spanned<String>) -> Option<(Span, u32)> {
    Some((written.span, written.parse().ok()?))
}

/// The ports that a rule names.
fn ports(rule: &security::AuthorizationRule) -> impl Iterator<Item = (Span, u32)> {
    let ports = requirements(rule).into_iter().filter(|it| it.attribute == Attribute::DestinationPort);
    ports.flat_map(|it| it.values).filter_map(number)
}

fn check_ports<'a, S: Targeted>(
    world: &World<'a>,
    policy: &Policy<'a, S>,
    ports: Vec<(Span, u32)>,
    diagnostics: &mut Diagnostics,
) {
    if ports.is_empty() {
        return;
    }
    let Some(workloads) = world.workloads_of_policy(policy) else { return };
    if workloads.is_empty() {
        return diagnostics.unchecked(Gap::NoWorkloadsOf(policy.resource.kind, policy.name.to_string()));
    }
    let unknowns = &world.inventory.unknowns;
    let declared = |workload: &&&Workload<'_>| {
        let ports = workload.containers().flat_map(|container| &container.ports).map(|port| port.span);
        ports.into_iter().any(|port| unknowns.placeholders().touch(port))
    };
    if let Some(unknown) = workloads.iter().find(declared) {
        return diagnostics.unchecked(Gap::PlaceholdersIn(unknown.resource.kind, unknown.name.to_string()));
    }
    let known = KnownPorts::new(world, &workloads);
    let is_unknown = |port: u32| known.is_complete && !is_of_proxy(port);
    for (span, port) in ports {
        if known.open.contains(&port) || !(known.by_service_port.contains_key(&port) || is_unknown(port)) {
            continue;
        }
        // Other workloads of the policy may listen on the port.
        if world.inventory.is_partial() {
            diagnostics.unchecked(Gap::NotAllWorkloads(workloads[0].name.namespace.to_string()));
            continue;
        }
        if let Some((targets, service_port)) = known.by_service_port.get(&port) {
            let only = targets.iter().next().filter(|_| targets.len() == 1).map(ToString::to_string);
            let targets: Vec<String> = targets.iter().map(|target| format!("`{target}`")).collect();
            let help = Advice::new(format!("write the port of the workload: {}", targets.join(" and ")));
            diagnostics
                .report(
                    &SERVICE_PORT,
                    span,
                    format!("no workload of the policy listens on port {port}, which is a port of the Service"),
                )
                .related(*service_port, "the port of the Service")
                .help(match only {
                    Some(target) => help.fix([Edit::set(span, target).unshown()]),
                    None => help,
                });
        } else {
            let open: Vec<String> = known.open.iter().take(SHOWN).map(|port| format!("`{port}`")).collect();
            diagnostics
                .report(&UNKNOWN_PORT, span, format!("no workload of the policy is known to listen on port {port}"))
                .related(workloads[0].resource.name_span(), "a workload of the policy")
                .help(format!("use a port that a workload declares: {}", open.join(", ")));
        }
    }
}

/// How many ports a help names at most.
const SHOWN: usize = 5;

/// Whether proxies use a port for themselves.
fn is_of_proxy(port: u32) -> bool {
    (15000..15100).contains(&port)
}

/// The known ports of some workloads.
struct KnownPorts {
    /// The ports on which the workloads listen.
    open: BTreeSet<u32>,
    /// The ports of their Services: the ports of the workloads to which each leads, and its place.
    by_service_port: BTreeMap<u32, (BTreeSet<u32>, Span)>,
    /// Whether every workload declares its ports.
    is_complete: bool,
}

impl KnownPorts {
    fn new(world: &World<'_>, workloads: &[&Workload<'_>]) -> Self {
        let mut known = Self { open: BTreeSet::new(), by_service_port: BTreeMap::new(), is_complete: true };
        for workload in workloads {
            known.add(world, workload);
        }
        known
    }

    fn add<'a>(&mut self, world: &World<'a>, workload: &Workload<'a>) {
        let containers = workload.pod.iter().flat_map(|pod| pod.containers.iter().chain(&pod.init_containers));
        let declared = containers
            .flat_map(|container| &container.ports)
            .filter_map(|port| Some(port.container_port.as_ref()?.value));
        let sidecar = world.sidecar_of(&workload.name.namespace, &workload.labels);
        let listeners = sidecar.iter().flat_map(|sidecar| &sidecar.spec.ingress);
        let opened = listeners.filter_map(|listener| Some(listener.port.as_ref()?.number.as_ref()?.value));
        let own: BTreeSet<u32> = declared.chain(opened).collect();
        let behind = world.ports_of_workload(workload);
        self.is_complete &= !own.is_empty() && workload.pod.is_some() && !world.is_gateway_workload(workload);
        for port in behind {
            self.open.insert(port.number);
            let entry = self.by_service_port.entry(port.port.number);
            entry.or_insert_with(|| (BTreeSet::new(), port.port.span)).0.insert(port.number);
        }
        self.open.extend(own);
    }
}
