//! `http-rule-on-tcp`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::model::security::{self, PolicyAction};
use crate::policy::{Attribute, Requirement, RuleParts, requirements};
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

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut warnings: Vec<&Violation> = context.violations(Family::DeniesTcp).collect();
    warnings.sort_by_key(|warning| (warning.span.file, warning.span.start));
    for policy in world.policies.authorization_policies() {
        match policy.action() {
            PolicyAction::Deny => check_deny(world, policy, &mut warnings, diagnostics),
            PolicyAction::Allow if !policy.is_dry_run() => check_allow(world, policy, diagnostics),
            _ => {}
        }
    }
    // Other definitions of a policy that is defined several times.
    warnings.into_iter().for_each(|warning| report_warning(warning, diagnostics));
}

/// Takes the warning that lies in a rule.
fn warning_in<'v>(rule: Span, warnings: &mut Vec<&'v Violation>) -> Option<&'v Violation> {
    let first = warnings.partition_point(|it| (it.span.file, it.span.start) < (rule.file, rule.start));
    let is_in = warnings.get(first).is_some_and(|it| rule.contains(it.span));
    is_in.then(|| warnings.remove(first))
}

fn is_about_requests(rule: &&security::AuthorizationRule) -> bool {
    requirements(rule).iter().any(|asked| asked.attribute.is_http_only())
}

/// Of a DENY rule a proxy is given what can be asked of a connection; the rest is left out, which widens the rule
/// (istiod: `Model.Generate`).
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
    for rule in rules {
        let warning = warning_in(rule.span, warnings);
        let parts = RuleParts::new(rule);
        let closed = ports.iter().find_map(|(workload, port)| Some((workload, port, denied(&parts, port.number)?)));
        match (closed, warning) {
            (Some((workload, port, denied)), _) => {
                let severity = if policy.is_dry_run() { Severity::Warning } else { Severity::Error };
                report_deny(rule, workload, port, denied, diagnostics).severity(severity);
            }
            // istiod does not see ports that conditions name.
            (None, Some(_)) if parts.when.iter().any(|it| it.attribute == Attribute::DestinationPort) => {}
            (None, Some(warning)) => report_warning(warning, diagnostics),
            (None, None) => {}
        }
    }
}

/// Where no port of TCP is known, most such rules are meant for workloads that have none.
fn report_warning(warning: &Violation, diagnostics: &mut Diagnostics) {
    diagnostics.report_violation(warning).severity(Severity::Info);
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

fn opaque_ports<'w, 'a>(
    world: &'w World<'a>,
    workload: &'w Workload<'a>,
) -> impl Iterator<Item = (&'w Workload<'a>, WorkloadPort<'w, 'a>)> {
    world.ports_of_workload(workload).into_iter().filter(is_opaque).map(move |port| (workload, port))
}

/// What a rule about requests denies at a port without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Denied {
    /// The connections for which its other conditions hold.
    Some,
    /// All connections.
    All,
}

/// What a DENY rule denies at a port by the pairs of a source and an operation that ask for something of requests.
/// What the others deny is meant.
fn denied(parts: &RuleParts<'_>, port: u32) -> Option<Denied> {
    let anything = [Vec::new()];
    let from = if parts.from.is_empty() { &anything[..] } else { &parts.from };
    let to = if parts.to.is_empty() { &anything[..] } else { &parts.to };
    let pairs = from.iter().flat_map(|from| to.iter().map(move |to| from.iter().chain(to).chain(&parts.when)));
    let of_pair = |pair: Vec<&Requirement<'_>>| {
        let is_widened = pair.iter().any(|asked| asked.attribute.is_http_only());
        let is_of_port = |asked: &&&Requirement<'_>| asked.attribute == Attribute::DestinationPort;
        if !is_widened || pair.iter().filter(is_of_port).any(|asked| !holds_at(asked, port)) {
            return None;
        }
        let is_narrowed = pair.iter().any(|it| !it.attribute.is_http_only() && !is_of_port(&it));
        Some(if is_narrowed { Denied::Some } else { Denied::All })
    };
    pairs.filter_map(|pair| of_pair(pair.collect())).max()
}

/// Whether what is asked of the port holds.
fn holds_at(asked: &Requirement<'_>, port: u32) -> bool {
    asked.values.iter().any(|value| value.parse() == Ok(port)) != asked.negated
}

fn report_deny<'f>(
    rule: &security::AuthorizationRule,
    workload: &Workload<'_>,
    port: &WorkloadPort<'_, '_>,
    denied: Denied,
    diagnostics: &'f mut Diagnostics,
) -> &'f mut Diagnostic {
    let number = port.number;
    let whom = if denied == Denied::Some { "these" } else { "all" };
    let protocol = port.port.protocol;
    diagnostics
        .report_default(
            rule.span,
            format!(
                "this rule denies {whom} connections to {protocol} port {number} of {}, which has no requests",
                workload.name
            ),
        )
        .related(port.port.span, "the port of the Service")
        .help("name the ports of HTTP in operation.ports, in every entry of to")
}

/// Of an ALLOW rule a proxy is given nothing at a port where it could not be asked as a whole.
fn check_allow<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, diagnostics: &mut Diagnostics) {
    let mut rules = policy.spec.rules.iter().filter(is_about_requests).peekable();
    let Some(first_rule) = rules.peek() else { return };
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
        let name = &workload.name;
        let protocol = port.port.protocol;
        let diagnostic = diagnostics.report_default(
            rule.span,
            format!("this rule asks for requests, but {name} has only {protocol} ports, so it never matches"),
        );
        diagnostic.aliases = &[];
        diagnostic
            .related(port.port.span, "a port of its Service")
            .help("ask for principals, namespaces or ports; or name the port of the Service http-…");
    }
}

/// Whether no ALLOW policy of a workload takes connections to a port, and this is the first that does not for want of
/// requests. A policy without rules says that what is not allowed is to be closed.
fn is_closed(world: &World<'_>, policy: &AuthorizationPolicy<'_>, workload: &Workload<'_>, port: u32) -> bool {
    let of_workload = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
    let allowing: Vec<_> =
        of_workload.into_iter().filter(|it| it.action() == PolicyAction::Allow && !it.is_dry_run()).collect();
    let is_first = allowing
        .iter()
        .find(|it| it.spec.rules.iter().any(|rule| is_about_requests(&rule)))
        .is_some_and(|first| std::ptr::eq(first.resource, policy.resource));
    let is_meant =
        |it: &&AuthorizationPolicy<'_>| it.spec.rules.is_empty() || it.spec.rules.iter().any(|it| opens(it, port));
    is_first && !allowing.iter().any(is_meant)
}

/// Whether a rule can take connections to a port.
fn opens(rule: &security::AuthorizationRule, port: u32) -> bool {
    let parts = RuleParts::new(rule);
    let holds = |asked: &Requirement<'_>| asked.attribute != Attribute::DestinationPort || holds_at(asked, port);
    let has_way = |part: &[Vec<Requirement<'_>>]| part.is_empty() || part.iter().any(|it| it.iter().all(holds));
    !is_about_requests(&rule) && has_way(&parts.from) && has_way(&parts.to) && parts.when.iter().all(holds)
}

fn report_closed(
    rule: &security::AuthorizationRule,
    workload: &Workload<'_>,
    port: &WorkloadPort<'_, '_>,
    diagnostics: &mut Diagnostics,
) {
    let (name, number, protocol) = (&workload.name, port.number, port.port.protocol);
    let message = format!("this closes {protocol} port {number} of {name}: what has no requests is allowed by no rule");
    let diagnostic = diagnostics.report_default(rule.span, message);
    diagnostic.aliases = &[];
    diagnostic
        .severity(Severity::Warning)
        .related(port.port.span, "the port of the Service")
        .help("allow the port by a rule of its own; to close it on purpose, add a policy without rules");
}
