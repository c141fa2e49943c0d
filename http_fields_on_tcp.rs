//! `http-fields-on-tcp`

use std::collections::{BTreeMap, HashMap};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Findings, Rule, Severity};
use crate::model::security::Action;
use crate::policy::{Attribute, WrittenCondition, WrittenRule};
use crate::routing::inbound::{PortOrigin, Receiver, ports};
use crate::source::Span;
use crate::validate::Family;
use crate::world::{AuthorizationPolicy, DataPlane, ProtocolClass, Workload, World};

pub static RULE: Rule = rule! {
    name: "http-fields-on-tcp",
    aliases: ["IST0133"],
    severity: Error,
    summary: "a rule by what only HTTP requests have, at a port that speaks something else",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let mut tcp = TcpPorts { world: context.world, known: HashMap::new() };
    for policy in context.world.policies.authorization_policies() {
        match policy.action() {
            Action::Deny => check_deny(&mut tcp, policy, findings),
            Action::Allow => check_allow(&mut tcp, policy, findings),
            Action::Audit | Action::Custom | Action::Undefined(_) => {}
        }
    }
    warn_of_the_rest(context, findings);
}

/// What istiod warns of whatever the ports are.
fn warn_of_the_rest(context: &Context<'_>, findings: &mut Findings) {
    let reported: Vec<Span> = findings.spans().collect();
    let is_new = |span: Span| !reported.iter().any(|other| other.contains(span) || span.contains(*other));
    for violation in context.violations(Family::DeniesTcp).filter(|violation| is_new(violation.span)) {
        findings.report_violation(violation);
    }
}

/// A port of a workload at which its sidecar looks for no requests.
#[derive(Debug, Clone, Copy)]
struct TcpPort {
    number: u32,
    /// The Service or listener that declares it.
    declared: Span,
    /// Whether the workload has other ports that are looked at for requests.
    is_among_http: bool,
}

/// The ports of each workload that speak something else than HTTP, by the place of the workload.
struct TcpPorts<'w, 'a> {
    world: &'w World<'a>,
    known: HashMap<Span, Vec<TcpPort>>,
}

impl<'w, 'a> TcpPorts<'w, 'a> {
    /// Those of the workloads of a policy that have sidecars.
    fn of_policy(&mut self, policy: &AuthorizationPolicy<'a>) -> Result<Vec<(&'w Workload<'a>, TcpPort)>, String> {
        let workloads = self.world.workloads_of_policy(policy)?;
        let is_sidecar = |it: &&&Workload<'_>| {
            !it.is_gateway()
                && !matches!(self.world.namespaces.data_plane(it), Some(DataPlane::None | DataPlane::Ambient))
        };
        let workloads: Vec<_> = workloads.iter().filter(is_sidecar).copied().collect();
        Ok(workloads.into_iter().flat_map(|it| self.of(it).into_iter().map(move |port| (it, port))).collect())
    }

    fn of(&mut self, workload: &Workload<'a>) -> Vec<TcpPort> {
        let read = || {
            let ports = ports(self.world, &Receiver::of(workload));
            let is_among_http = ports.values().any(|port| port.protocol.may_be_http());
            let tcp = ports.values().filter(|port| matches!(port.protocol.class(), ProtocolClass::Tcp | ProtocolClass::Tls));
            let declared = |origin| match origin {
                PortOrigin::Service(service) => service.ports.iter().map(|it| (it.number, it.span)).collect(),
                PortOrigin::Ingress(_) => BTreeMap::new(),
            };
            let port = |port: &crate::routing::inbound::InboundPort<'_, '_>| TcpPort {
                number: port.number,
                declared: declared(port.origin).get(&port.service_port).copied().unwrap_or(workload.resource.name_span()),
                is_among_http,
            };
            tcp.map(port).collect()
        };
        self.known.entry(workload.resource.span).or_insert_with(read).clone()
    }
}

/// What is left of a rule at a TCP port.
enum Left {
    /// It is not about the port, or says nothing of HTTP.
    AsWritten,
    /// It is about every connection.
    Everything,
    /// Some conditions are left.
    Something,
}

/// Of a DENY rule istiod gives proxies what can be asked of a connection, and leaves out the rest, which widens it.
fn check_deny<'a>(tcp: &mut TcpPorts<'_, 'a>, policy: &AuthorizationPolicy<'a>, findings: &mut Findings) {
    let rules: Vec<WrittenRule<'_>> = policy.spec.rules.iter().map(WrittenRule::new).collect();
    if !rules.iter().any(is_about_http) {
        return;
    }
    let ports = match tcp.of_policy(policy) {
        Ok(ports) => ports,
        Err(reason) => return findings.unchecked(reason),
    };
    for rule in &rules {
        let Some((span, _)) = http_part(rule) else { continue };
        let widened = ports.iter().find_map(|(workload, port)| match left_at(rule, port.number) {
            Left::AsWritten => None,
            Left::Everything => Some((workload, port, true)),
            Left::Something => Some((workload, port, false)),
        });
        let Some((workload, port, is_everything)) = widened else { continue };
        let what = if is_everything { "every connection" } else { "connections whatever they carry" };
        let message = format!("this denies {what} to TCP port {} of {}", port.number, workload.name);
        let diagnostic = findings.report(span, message);
        relate(diagnostic, workload, port);
        if !is_everything || policy.is_dry_run() {
            diagnostic.severity(Severity::Warning);
        }
        diagnostic.help("name the ports of HTTP in operation.ports: what only requests have is left out elsewhere");
    }
}

/// Of an ALLOW rule istiod gives proxies nothing where it cannot be asked as a whole.
fn check_allow<'a>(tcp: &mut TcpPorts<'_, 'a>, policy: &AuthorizationPolicy<'a>, findings: &mut Findings) {
    let rules: Vec<WrittenRule<'_>> = policy.spec.rules.iter().map(WrittenRule::new).collect();
    if policy.is_dry_run() || !rules.iter().any(is_about_http) {
        return;
    }
    let ports = match tcp.of_policy(policy) {
        Ok(ports) => ports,
        Err(reason) => return findings.unchecked(reason),
    };
    let world = tcp.world;
    let shut = ports.iter().find(|(workload, port)| {
        let all = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
        let allowing = all.into_iter().filter(|it| it.action() == Action::Allow && !it.is_dry_run());
        // The first policy tells of what all of them lack.
        let mut allowing = allowing.peekable();
        let is_first = allowing.peek().is_some_and(|first| first.resource.span == policy.resource.span);
        let opens = |rule: &crate::model::security::Rule| opens(&WrittenRule::new(rule), port.number);
        is_first && !allowing.any(|it| it.spec.rules.iter().any(opens))
    });
    let Some((workload, port)) = shut else { return };
    let Some((span, name)) = rules.iter().find_map(http_part) else { return };
    let message = format!(
        "no connection to TCP port {} of {} is allowed: it has no {name}, which the rule asks for",
        port.number, workload.name
    );
    let diagnostic = findings.report(span, message);
    diagnostic.aliases = &[];
    relate(diagnostic, workload, port);
    if port.is_among_http {
        diagnostic.severity(Severity::Warning);
    }
    diagnostic.help("allow the port in a rule of its own, by operation.ports, principals or namespaces");
}

fn relate(diagnostic: &mut Diagnostic, workload: &Workload<'_>, port: &TcpPort) {
    diagnostic.related(port.declared, "the port is declared here");
    diagnostic.related(workload.resource.name_span(), "the workload");
}

fn is_about_http(rule: &WrittenRule<'_>) -> bool {
    rule.conditions().any(|condition| condition.attribute.is_http_only())
}

/// The first place of a rule that only requests have, and its name.
fn http_part<'a>(rule: &WrittenRule<'a>) -> Option<(Span, &'a str)> {
    let http = |condition: &&WrittenCondition<'a>| condition.attribute.is_http_only();
    let of_entry = |(span, conditions): &(Span, Vec<WrittenCondition<'a>>)| {
        conditions.iter().find(http).map(|condition| (*span, condition.name))
    };
    let of_when = || rule.when.iter().find(http).map(|condition| (condition.span(), condition.name));
    rule.to.iter().chain(&rule.from).find_map(of_entry).or_else(of_when)
}

/// What is left of a DENY rule at a port, of the widest pair of its sources and operations.
fn left_at(rule: &WrittenRule<'_>, port: u32) -> Left {
    let nothing = Vec::new();
    let alternatives = |entries: &'_ [(Span, Vec<WrittenCondition<'_>>)]| -> Vec<usize> { (0..entries.len().max(1)).collect() };
    let mut left = Left::AsWritten;
    for from in alternatives(&rule.from) {
        for to in alternatives(&rule.to) {
            let from = rule.from.get(from).map_or(&nothing, |(_, conditions)| conditions);
            let to = rule.to.get(to).map_or(&nothing, |(_, conditions)| conditions);
            let all = || from.iter().chain(to).chain(&rule.when);
            if !all().any(|it| it.attribute.is_http_only()) || all().any(|it| !may_be(it, port)) {
                continue;
            }
            // Whoever names the port means it.
            if all().any(|it| it.attribute == Attribute::DestinationPort && !it.is_negated) {
                continue;
            }
            if all().all(|it| it.attribute.is_http_only() || it.attribute == Attribute::DestinationPort) {
                return Left::Everything;
            }
            left = Left::Something;
        }
    }
    left
}

/// Whether an ALLOW rule can take a connection to a port.
fn opens(rule: &WrittenRule<'_>, port: u32) -> bool {
    let has_way = |entries: &[(Span, Vec<WrittenCondition<'_>>)]| {
        entries.is_empty() || entries.iter().any(|(_, conditions)| conditions.iter().all(|it| may_be(it, port)))
    };
    !is_about_http(rule) && has_way(&rule.from) && has_way(&rule.to) && rule.when.iter().all(|it| may_be(it, port))
}

/// Whether a condition can hold at a port.
fn may_be(condition: &WrittenCondition<'_>, port: u32) -> bool {
    condition.attribute != Attribute::DestinationPort
        || condition.values.iter().any(|value| value.parse() == Ok(port)) != condition.is_negated
}
