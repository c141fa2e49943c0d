//! `wrong-policy-port`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::security;
use crate::policy::{Attribute, requirements};
use crate::source::{Span, Spanned};
use crate::world::{Gap, Policy, Targeted, Workload, World};

pub static RULE: Rule = rule! {
    name: "wrong-policy-port",
    aliases: [],
    severity: Error,
    summary: "a port of a policy that is the Service's instead of the workload's: it never applies",
    check: check,
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

/// The ports that a rule asks for.
fn ports(rule: &security::AuthorizationRule) -> impl Iterator<Item = (Span, u32)> {
    let ports = requirements(rule).into_iter().filter(|asked| asked.attribute == Attribute::DestinationPort);
    ports.flat_map(|asked| asked.values).filter_map(number)
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
    let known = Known::new(world, &workloads);
    for (span, port) in ports {
        if known.open.contains(&port) {
            continue;
        }
        if let Some((targets, service_port)) = known.by_service_port.get(&port) {
            let targets: Vec<String> = targets.iter().map(u32::to_string).collect();
            let targets = targets.join(" or ");
            diagnostics
                .report_default(span, format!("{port} is a port of the Service; its workload listens on {targets}"))
                .related(*service_port, "the port of the Service")
                .help(format!("policies mean the port of the workload: {targets}"));
        } else if known.is_complete && !is_of_proxy(port) {
            let open: Vec<String> = known.open.iter().take(5).map(u32::to_string).collect();
            diagnostics
                .report_default(span, format!("no workload of the policy is known to listen on {port}"))
                .severity(Severity::Warning)
                .related(workloads[0].resource.name_span(), "a workload of the policy")
                .help(format!("their ports are {}", open.join(", ")));
        }
    }
}

/// The ports that proxies open for themselves.
fn is_of_proxy(port: u32) -> bool {
    (15000..15100).contains(&port)
}

/// What is known of the ports of some workloads.
struct Known {
    /// The workloads' own.
    open: BTreeSet<u32>,
    /// What the ports of their services stand for, and where these are.
    by_service_port: BTreeMap<u32, (BTreeSet<u32>, Span)>,
    /// Whether every workload declares some port, and no Service leads to one that only its container knows.
    is_complete: bool,
}

impl Known {
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
