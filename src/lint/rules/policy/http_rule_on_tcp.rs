//! `http-rule-on-tcp`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule, Severity};
use crate::model::security::{self, Action};
use crate::policy::asked;
use crate::source::Span;
use crate::validate::{Family, Violation};
use crate::world::{AuthorizationPolicy, DataPlane, ProtocolClass, Workload, WorkloadPort, World};

pub static RULE: Rule = rule! {
    name: "http-rule-on-tcp",
    aliases: ["IST0133"],
    severity: Error,
    summary: "a rule about requests on a port without requests: DENY closes the port, ALLOW never matches",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    let mut warnings: Vec<&Violation> = context.violations(Family::DeniesTcp).collect();
    warnings.sort_by_key(|warning| (warning.span.file, warning.span.start));
    for policy in world.policies.authorization_policies() {
        match policy.action() {
            Action::Deny => check_deny(world, policy, &mut warnings, findings),
            Action::Allow => check_allow(world, policy, findings),
            _ => {}
        }
    }
    // Other definitions of a policy that is defined several times.
    warnings.into_iter().for_each(|warning| report_warning(warning, findings));
}

/// Takes the warning that lies in a rule.
fn warning_in<'v>(rule: Span, warnings: &mut Vec<&'v Violation>) -> Option<&'v Violation> {
    let first = warnings.partition_point(|it| (it.span.file, it.span.start) < (rule.file, rule.start));
    let is_in = warnings.get(first).is_some_and(|it| rule.contains(it.span));
    is_in.then(|| warnings.remove(first))
}

fn check_deny<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    warnings: &mut Vec<&Violation>,
    findings: &mut Findings,
) {
    let found: Vec<_> = policy.spec.rules.iter().filter_map(|it| Some((it, warning_in(it.span, warnings)?))).collect();
    if found.is_empty() {
        return;
    }
    let workloads = sidecars(world, policy);
    let closed = workloads.iter().find_map(|workload| {
        let ports = world.ports_of_workload(workload);
        Some((workload, ports.into_iter().find(is_opaque)?))
    });
    for (rule, warning) in found {
        match closed {
            Some((workload, port)) => report_deny(rule, workload, port, findings),
            None => report_warning(warning, findings),
        }
    }
}

/// Where no port of TCP is known, most such rules are meant for workloads that have none.
fn report_warning(warning: &Violation, findings: &mut Findings) {
    findings.report_violation(warning).severity(Severity::Info);
}

/// The workloads of a policy whose sidecars tell what ports speak.
fn sidecars<'w, 'a>(world: &'w World<'a>, policy: &AuthorizationPolicy<'a>) -> Vec<&'w Workload<'a>> {
    let mut workloads = world.workloads_of_policy(policy).unwrap_or_default();
    workloads.retain(|workload| {
        !matches!(world.namespaces.data_plane(workload), Some(DataPlane::None | DataPlane::Ambient))
            && !world.is_gateway_workload(workload)
    });
    workloads
}

/// Whether a proxy passes bytes through a port without looking for requests.
fn is_opaque(port: &WorkloadPort<'_, '_>) -> bool {
    matches!(port.port.protocol.class(), ProtocolClass::Tcp | ProtocolClass::Tls)
}

fn report_deny(rule: &security::Rule, workload: &Workload<'_>, port: WorkloadPort<'_, '_>, findings: &mut Findings) {
    let number = port.number;
    let is_narrowed = asked(rule).iter().any(|asked| !asked.attribute.is_http_only());
    let whom = if is_narrowed { "these" } else { "all" };
    let protocol = port.port.protocol;
    findings
        .report(
            rule.span,
            format!("this rule denies {whom} connections to {protocol} port {number} of {}, which has no requests", workload.name),
        )
        .related(port.port.span, "the port of the Service")
        .help("name the ports of HTTP in operation.ports, in every entry of to");
}

fn check_allow<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, findings: &mut Findings) {
    let is_of_http = |rule: &&security::Rule| asked(rule).iter().any(|asked| asked.attribute.is_http_only());
    let mut rules = policy.spec.rules.iter().filter(is_of_http).peekable();
    if rules.peek().is_none() {
        return;
    }
    let workloads = sidecars(world, policy);
    let mut first = None;
    for workload in workloads {
        let ports = world.ports_of_workload(workload);
        if ports.is_empty() || !ports.iter().all(is_opaque) {
            return;
        }
        first = first.or_else(|| Some((workload, *ports.first()?)));
    }
    let Some((workload, port)) = first else { return };
    for rule in rules {
        let name = &workload.name;
        let protocol = port.port.protocol;
        let diagnostic = findings
            .report(rule.span, format!("this rule asks for requests, but {name} has only {protocol} ports, so it never matches"));
        diagnostic.aliases = &[];
        diagnostic
            .related(port.port.span, "a port of its Service")
            .help("ask for principals, namespaces or ports; or name the port of the Service http-…");
    }
}
