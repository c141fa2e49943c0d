//! Rules about requests at the servers of gateways that pass connections on without parsing requests.

use super::http_rule_on_tcp::{CLOSES_SERVER, DENIES_AT_GATEWAY, Denied, denied, is_closed};
use crate::lint::Diagnostics;
use crate::model::security::AuthorizationRule;
use crate::policy::{Attribute, Requirement, RuleParts, requirements};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, Gateway, Section, Server, Workload, World, host};

/// A server that forwards the bytes of connections, and the port of the workload on which it listens.
struct Opaque<'w, 'a> {
    workload: &'w Workload<'a>,
    gateway: &'w Gateway<'a>,
    server: &'w Server<'a>,
    /// The number that policies compare.
    port: u32,
}

impl<'w, 'a> Opaque<'w, 'a> {
    fn of_policy(world: &'w World<'a>, policy: &AuthorizationPolicy<'a>) -> Vec<Self> {
        let mut found = Vec::new();
        for workload in world.workloads_of_policy(policy).unwrap_or_default() {
            let ports = world.ports_of_workload(workload);
            for gateway in world.gateways_of_workload(workload) {
                for server in
                    gateway.servers.iter().filter(|it| matches!(it.section(), Some(Section::Tcp | Section::Tls)))
                {
                    let Some(number) = server.port_number() else { continue };
                    let target = ports.iter().find(|it| it.port.number == number).map(|it| it.number);
                    found.push(Self { workload, gateway, server, port: target.unwrap_or(number) });
                }
            }
        }
        found
    }

    fn place(&self) -> Span {
        self.server.spec.span
    }

    fn describe(&self) -> String {
        let protocol = if self.server.is_tls() { "TLS" } else { "TCP" };
        format!(
            "{protocol} connections to port {} of Gateway `{}`",
            self.server.port.map_or(0, |port| port.value),
            self.gateway.name
        )
    }

    fn hosts(&self) -> Vec<&str> {
        self.server.hosts.iter().map(|it| it.host.as_str()).collect()
    }

    /// The hosts as a list of values.
    fn quoted_hosts(&self) -> String {
        let hosts: Vec<String> = self.hosts().iter().map(|host| format!("\"{host}\"")).collect();
        hosts.join(", ")
    }

    /// Whether the conditions of a rule on the server name exclude the hosts of the server.
    fn is_excluded_by(&self, rule: &AuthorizationRule) -> bool {
        let hosts = self.hosts();
        let is_of_tls = self.server.is_tls();
        let excludes = |requirement: &Requirement<'_>| {
            let covers = |host: &&str| requirement.values.iter().any(|value| host::covered_by(host, value));
            match requirement.negated {
                true => is_of_tls && hosts.iter().all(covers),
                false => !hosts.iter().any(|host| requirement.values.iter().any(|value| host::overlap(host, value))),
            }
        };
        requirements(rule).iter().filter(|it| it.attribute == Attribute::Sni).any(excludes)
    }
}

/// Reports a DENY rule that istiod widens at some server, because it leaves out the conditions on requests. Returns whether
/// it does.
pub(super) fn check_deny<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    rule: &AuthorizationRule,
    diagnostics: &mut Diagnostics,
) -> bool {
    if policy.is_dry_run() {
        return false;
    }
    let parts = RuleParts::new(rule);
    let opaque = Opaque::of_policy(world, policy);
    let found = opaque.iter().filter(|it| !it.is_excluded_by(rule));
    let found = found.filter_map(|it| Some((it, denied(&parts, it.port)?))).max_by_key(|(_, denied)| *denied);
    let Some((server, denied)) = found else { return false };
    let message = match denied {
        Denied::All => format!("this rule denies all {}: the gateway sees no requests there", server.describe()),
        Denied::Some => format!(
            "istiod ignores the HTTP conditions for {}, so the rule denies every connection that meets the others",
            server.describe()
        ),
    };
    let help = match server.server.is_tls() {
        true if server.hosts().contains(&"*") => {
            "add a condition on `connection.sni` whose `notValues` are the hosts that pass through the server"
                .to_owned()
        }
        true => format!("add `when: [{{key: connection.sni, notValues: [{}]}}]` to the rule", server.quoted_hosts()),
        false if rule.to.is_empty() => {
            format!("add `to: [{{operation: {{notPorts: [\"{}\"]}}}}]` to the rule", server.port)
        }
        false => format!("add `notPorts: [\"{}\"]` to every `operation` of the rule", server.port),
    };
    diagnostics.report(&DENIES_AT_GATEWAY, rule.span, message).related(server.place(), "the server").help(help);
    true
}

/// Reports ALLOW rules that leave no connection to a server, because istiod drops all of them there.
pub(super) fn check_allow<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    rule: &AuthorizationRule,
    diagnostics: &mut Diagnostics,
) {
    let opaque = Opaque::of_policy(world, policy);
    let Some(server) = opaque.iter().find(|it| is_closed(world, policy, it.workload, it.port)) else { return };
    let message = format!(
        "{} are denied: this rule is about HTTP requests, and no other rule allows connections",
        server.describe()
    );
    let help = match server.server.is_tls() {
        true => format!("add the rule `when: [{{key: connection.sni, values: [{}]}}]`", server.quoted_hosts()),
        false => format!("add the rule `to: [{{operation: {{ports: [\"{}\"]}}}}]`", server.port),
    };
    diagnostics.report(&CLOSES_SERVER, rule.span, message).related(server.place(), "the server").help(help);
}
