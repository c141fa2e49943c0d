//! `http-rule-on-tcp`

use super::gateway_connections;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::field::TextField;
use crate::model::security::{self, PolicyAction};
use crate::policy::{Attribute, Requirement, RuleParts, requirements};
use crate::source::Span;
use crate::validate::{Mistake, Violation};
use crate::world::{AuthorizationPolicy, DataPlane, ProtocolClass, Service, Targeted, Workload, WorkloadPort, World};

pub static RULE: Rule = rule! {
    name: "http-rule-on-tcp",
    summary: "a rule about HTTP requests covers a TCP port: DENY closes the port, ALLOW never matches there",
    findings: [
        &DENIES_CONNECTIONS,
        &DENIES_AT_GATEWAY,
        &NEVER_ALLOWS,
        &DRY_RUN,
        &CLOSES_PORT,
        &CLOSES_SERVER,
        &DENIES_ANY_TCP,
    ],
    check: check,
};

static DENIES_CONNECTIONS: Finding = finding! {
    "denies-connections", Lost, Certain, ["IST0133"],
    "a DENY rule about requests denies connections to a TCP port",
};
pub(super) static DENIES_AT_GATEWAY: Finding = finding! {
    "denies-at-gateway", Lost, Certain, ["IST0133"],
    "a DENY rule about requests denies connections that a gateway passes on without parsing requests",
};
static NEVER_ALLOWS: Finding = finding! {
    "never-allows", Lost, Certain, [],
    "an ALLOW rule about requests is for workloads that have only TCP ports",
};
static DRY_RUN: Finding = finding! {
    "dry-run", Lost, Likely, ["IST0133"],
    "a DENY rule about requests would deny connections to a TCP port, but its policy is a dry run",
};
static CLOSES_PORT: Finding = finding! {
    "closes-port", Lost, Likely, [],
    "ALLOW rules about requests leave a TCP port of the workload closed",
};
pub(super) static CLOSES_SERVER: Finding = finding! {
    "closes-server", Lost, Likely, [],
    "ALLOW rules about requests leave no connection to a TCP or TLS server of a gateway",
};
static DENIES_ANY_TCP: Finding = finding! {
    "denies-any-tcp", Surprising, Likely, ["IST0133"],
    "a DENY rule about requests names no ports, and no TCP port of its workloads is known",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut warnings: Vec<&Violation> = context.violations(Mistake::DeniesTcp).collect();
    warnings.sort_by_key(|warning| (warning.span.file, warning.span.start));
    for policy in world.policies.authorization_policies() {
        match policy.action() {
            PolicyAction::Deny => check_deny(world, policy, &mut warnings, diagnostics),
            PolicyAction::Allow if !policy.is_dry_run() => check_allow(world, policy, diagnostics),
            _ => {}
        }
    }
    // Earlier definitions of a policy that is defined several times.
    warnings.into_iter().for_each(|warning| report_warning(warning, diagnostics));
}

/// Takes the warning about a rule out of the list.
fn warning_in<'v>(rule: Span, warnings: &mut Vec<&'v Violation>) -> Option<&'v Violation> {
    let first = warnings.partition_point(|it| (it.span.file, it.span.start) < (rule.file, rule.start));
    let is_in = warnings.get(first).is_some_and(|it| rule.contains(it.span));
    is_in.then(|| warnings.remove(first))
}

pub(super) fn is_about_requests(rule: &&security::AuthorizationRule) -> bool {
    requirements(rule).iter().any(|it| it.attribute.is_http_only())
}

/// At a TCP port, istiod leaves out the conditions of a DENY rule on requests, which widens the rule (`Model.Generate`).
fn check_deny<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    warnings: &mut Vec<&Violation>,
    diagnostics: &mut Diagnostics,
) {
    let rules: Vec<_> = policy.spec.rules.iter().filter(is_about_requests).collect();
    if rules.is_empty() {
        return;
    }
    let ports: Vec<_> = sidecars(world, policy).into_iter().flat_map(|it| opaque_ports(world, it)).collect();
    let finding = if policy.is_dry_run() { &DRY_RUN } else { &DENIES_CONNECTIONS };
    for rule in rules {
        let warning = warning_in(rule.span, warnings);
        let parts = RuleParts::new(rule);
        let closed = ports.iter().find_map(|(workload, port)| Some((workload, port, denied(&parts, port.number)?)));
        match (closed, warning) {
            (Some((workload, port, denied)), _) => report_deny(finding, rule, workload, port, denied, diagnostics),
            (None, _) if gateway_connections::check_deny(world, policy, rule, diagnostics) => {}
            // The webhook does not see ports that conditions name.
            (None, Some(_)) if parts.when.iter().any(|it| it.attribute == Attribute::DestinationPort) => {}
            (None, Some(_)) if targets_http_only(world, policy) => {}
            (None, Some(warning)) => report_warning(warning, diagnostics),
            (None, None) => {}
        }
    }
}

/// Whether a policy targets only services whose ports are all HTTP. A waypoint gets no other connections for them, unlike a
/// sidecar, which also gets those to ports that no Service has.
fn targets_http_only(world: &World<'_>, policy: &AuthorizationPolicy<'_>) -> bool {
    let is_http_only = |reference: &security::PolicyTargetReference| {
        let kind = match (reference.group.text(), reference.kind.text()) {
            ("" | "core", "Service") => Kind::Service,
            ("networking.istio.io", "ServiceEntry") => Kind::ServiceEntry,
            _ => return false,
        };
        let is_target = |service: &&Service<'_>| {
            service.resource.kind == kind
                && service.namespace == policy.name.namespace
                && service.resource.name() == reference.name.text()
        };
        let mut ports = world.services.iter().filter(is_target).flat_map(|service| &service.ports).peekable();
        ports.peek().is_some() && ports.all(|port| port.protocol.class() == ProtocolClass::Http)
    };
    let references = policy.spec.target_refs();
    !references.is_empty() && references.into_iter().all(is_http_only)
}

/// Reports a warning of the webhook. Where no TCP port is known, the workloads usually have none.
fn report_warning(warning: &Violation, diagnostics: &mut Diagnostics) {
    let diagnostic = diagnostics.report(&DENIES_ANY_TCP, warning.span, &warning.message);
    diagnostic.help.clone_from(&warning.help);
}

/// The workloads of a policy that have a sidecar, whose Services declare the protocols of their ports.
fn sidecars<'w, 'a>(world: &'w World<'a>, policy: &AuthorizationPolicy<'a>) -> Vec<&'w Workload<'a>> {
    let mut workloads = world.workloads_of_policy(policy).unwrap_or_default();
    workloads.retain(|workload| {
        !matches!(world.namespaces.data_plane(workload), Some(DataPlane::None | DataPlane::Ambient))
            && !world.is_gateway_workload(workload)
    });
    workloads
}

/// Whether a proxy forwards the bytes of a port without parsing requests.
fn is_opaque(port: &WorkloadPort<'_, '_>) -> bool {
    matches!(port.port.protocol.class(), ProtocolClass::Tcp | ProtocolClass::Tls)
}

fn opaque_ports<'w, 'a>(
    world: &'w World<'a>,
    workload: &'w Workload<'a>,
) -> impl Iterator<Item = (&'w Workload<'a>, WorkloadPort<'w, 'a>)> {
    // The name of a port, which decides the protocol, may not be known yet.
    let is_known = |port: &WorkloadPort<'_, '_>| !world.inventory.unknowns.hide_target(port.service.resource);
    world.ports_of_workload(workload).into_iter().filter(is_opaque).filter(is_known).map(move |port| (workload, port))
}

/// The connections that a rule about requests denies at a TCP port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Denied {
    /// Those for which the other conditions of the rule hold.
    Some,
    /// All connections.
    All,
}

/// The connections that a DENY rule denies at a port by those of its pairs of a source and an operation that have a
/// condition on requests. The other pairs deny connections on purpose.
pub(super) fn denied(parts: &RuleParts<'_>, port: u32) -> Option<Denied> {
    let anything = [Vec::new()];
    let from = if parts.from.is_empty() { &anything[..] } else { &parts.from };
    let to = if parts.to.is_empty() { &anything[..] } else { &parts.to };
    let pairs = from.iter().flat_map(|from| to.iter().map(move |to| from.iter().chain(to).chain(&parts.when)));
    let of_pair = |pair: Vec<&Requirement<'_>>| {
        let is_widened = pair.iter().any(|it| it.attribute.is_http_only());
        let is_of_port = |it: &&&Requirement<'_>| it.attribute == Attribute::DestinationPort;
        if !is_widened || pair.iter().filter(is_of_port).any(|it| !holds_at(it, port)) {
            return None;
        }
        let is_narrowed = pair.iter().any(|it| !it.attribute.is_http_only() && !is_of_port(&it));
        Some(if is_narrowed { Denied::Some } else { Denied::All })
    };
    pairs.filter_map(|pair| of_pair(pair.collect())).max()
}

/// Whether a condition on the port holds.
fn holds_at(requirement: &Requirement<'_>, port: u32) -> bool {
    requirement.values.iter().any(|value| value.parse() == Ok(port)) != requirement.negated
}

fn report_deny(
    finding: &'static Finding,
    rule: &security::AuthorizationRule,
    workload: &Workload<'_>,
    port: &WorkloadPort<'_, '_>,
    denied: Denied,
    diagnostics: &mut Diagnostics,
) {
    let (name, number, protocol) = (&workload.name, port.number, port.port.protocol);
    let denies = if finding == &DRY_RUN { "would deny" } else { "denies" };
    let port_name = format!("{protocol} port {number} of workload `{name}`");
    let message = match denied {
        Denied::Some => format!(
            "{port_name} carries no HTTP requests: istiod ignores the HTTP conditions, so the rule {denies} every \
             connection that meets the others"
        ),
        Denied::All => format!("this rule {denies} all connections to {port_name}: the port carries no HTTP requests"),
    };
    diagnostics
        .report(finding, rule.span, message)
        .related(port.port.span, "the port of the Service")
        .help("limit `operation.ports` to the HTTP ports in every entry of `to`");
}

/// istiod drops an ALLOW rule with a condition on requests as a whole from the filter chains of TCP ports.
fn check_allow<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, diagnostics: &mut Diagnostics) {
    let mut rules = policy.spec.rules.iter().filter(is_about_requests).peekable();
    let Some(first_rule) = rules.peek() else { return };
    gateway_connections::check_allow(world, policy, first_rule, diagnostics);
    let workloads = sidecars(world, policy);
    let ports = |workload: &Workload<'a>| world.ports_of_workload(workload);
    let is_only_opaque = |workload: &&Workload<'a>| {
        let ports = ports(workload);
        !ports.is_empty() && ports.iter().all(is_opaque)
    };
    if !workloads.iter().all(is_only_opaque) {
        let mut opaque = workloads.iter().flat_map(|workload| opaque_ports(world, workload));
        if let Some((workload, port)) = opaque.find(|(it, port)| is_closed(world, policy, it, port.number)) {
            report_closed(first_rule, workload, &port, diagnostics);
        }
        return;
    }
    let Some((workload, port)) = workloads.first().and_then(|it| opaque_ports(world, it).next()) else { return };
    for rule in rules {
        let (name, protocol) = (&workload.name, port.port.protocol);
        diagnostics
            .report(
                &NEVER_ALLOWS,
                rule.span,
                format!("this rule never matches: it is about HTTP requests, but workload `{name}` has only {protocol} ports"),
            )
            .related(port.port.span, "a port of the Service")
            .help("use `principals`, `namespaces` or `ports`, or declare the port as HTTP in the Service: `appProtocol: http`");
    }
}

/// Whether no ALLOW policy of a workload allows connections to a port, and this policy is the first that does not
/// because it is about requests. A policy without rules closes the port on purpose.
pub(super) fn is_closed(
    world: &World<'_>,
    policy: &AuthorizationPolicy<'_>,
    workload: &Workload<'_>,
    port: u32,
) -> bool {
    let of_workload = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
    let allowing: Vec<_> =
        of_workload.into_iter().filter(|it| it.action() == PolicyAction::Allow && !it.is_dry_run()).collect();
    let is_first = allowing
        .iter()
        .find(|it| it.spec.rules.iter().any(|rule| is_about_requests(&rule)))
        .is_some_and(|first| std::ptr::eq(first.resource, policy.resource));
    let is_intended =
        |it: &&AuthorizationPolicy<'_>| it.spec.rules.is_empty() || it.spec.rules.iter().any(|it| opens(it, port));
    is_first && !allowing.iter().any(is_intended)
}

/// Whether a rule can match connections to a port.
fn opens(rule: &security::AuthorizationRule, port: u32) -> bool {
    let parts = RuleParts::new(rule);
    let holds = |requirement: &Requirement<'_>| {
        requirement.attribute != Attribute::DestinationPort || holds_at(requirement, port)
    };
    let can_match = |part: &[Vec<Requirement<'_>>]| part.is_empty() || part.iter().any(|it| it.iter().all(holds));
    !is_about_requests(&rule) && can_match(&parts.from) && can_match(&parts.to) && parts.when.iter().all(holds)
}

fn report_closed(
    rule: &security::AuthorizationRule,
    workload: &Workload<'_>,
    port: &WorkloadPort<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let (name, number, protocol) = (&workload.name, port.number, port.port.protocol);
    diagnostics
        .report(
            &CLOSES_PORT,
            rule.span,
            format!("{protocol} port {number} of workload `{name}` is closed: this rule is about HTTP requests, and no other rule allows connections"),
        )
        .related(port.port.span, "the port of the Service")
        .help(format!("add a rule that allows port {number}, or a policy without rules to close the port on purpose"));
}
