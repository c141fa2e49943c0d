//! `tls-to-plaintext-port`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::Spec;
use crate::model::networking::{ClientTlsMode, ClientTlsSettings, ServiceEntry, ServicePort, TrafficPolicy};
use crate::source::Spanned;
use crate::world::{DestinationRule, NamespacedName, World, host};

pub static RULE: Rule = rule! {
    name: "tls-to-plaintext-port",
    aliases: [],
    severity: Error,
    summary: "a DestinationRule that begins TLS towards port 80 of a host outside, where no TLS is spoken",
    check: check,
};

const HTTP: u32 = 80;

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for service in world.services.iter().filter(|service| !service.is_kubernetes()) {
        let Spec::ServiceEntry(entry) = &service.resource.spec else { continue };
        let Some(port) = entry.ports.iter().find(|port| reaches_plaintext(entry, port)) else { continue };
        for client in clients(world, &service.namespace, &service.hostname) {
            let merged = world.destination_rules.applying(client, &service.namespace, &service.hostname, None);
            let Some(merged) = merged else { continue };
            let Some(policy) = world.destination_rules.traffic_policy(merged) else { continue };
            let Some(mode) = tls_of_port(policy).and_then(begun) else { continue };
            if let Some(rule) = world.destination_rules.parts(merged).next() {
                report(port, rule, mode, findings);
            }
            break;
        }
    }
}

/// The namespaces whose DestinationRules could be applied to a host.
fn clients<'w>(world: &'w World<'_>, own: &'w str, hostname: &'w str) -> Vec<&'w str> {
    let mut clients = vec![own];
    let rules = world.destination_rules.iter().filter(|rule| host::covered_by(hostname, &rule.host));
    clients.extend(rules.map(|rule| rule.name.namespace.as_ref()));
    clients
}

/// Whether connections to a port arrive at port 80 of the host.
fn reaches_plaintext(entry: &ServiceEntry, port: &ServicePort) -> bool {
    let number = port.number.map_or(0, |number| number.value);
    let target = port.target_port.map_or(0, |target| target.value);
    let name = port.name.as_ref().map_or("", |name| name.as_str());
    let is_mapped = entry.endpoints.iter().any(|endpoint| endpoint.ports.get(name).is_some());
    number == HTTP && matches!(target, 0 | HTTP) && !is_mapped
}

/// The TLS settings for port 80.
fn tls_of_port(policy: &TrafficPolicy) -> Option<&ClientTlsSettings> {
    let is_http = |number: Option<Spanned<u32>>| number.is_some_and(|number| number.value == HTTP);
    let of_port = policy.port_level_settings.iter().find(|it| it.port.as_ref().is_some_and(|port| is_http(port.number)));
    match of_port {
        Some(settings) => settings.tls.as_ref(),
        None => policy.tls.as_ref(),
    }
}

/// The mode by which a proxy begins TLS.
fn begun(settings: &ClientTlsSettings) -> Option<Spanned<ClientTlsMode>> {
    settings.mode.filter(|mode| matches!(mode.value, ClientTlsMode::Simple | ClientTlsMode::Mutual))
}

fn report(port: &ServicePort, rule: &DestinationRule<'_>, mode: Spanned<ClientTlsMode>, findings: &mut Findings) {
    let name: &NamespacedName<'_> = &rule.name;
    findings
        .report(port.span, "TLS is begun towards port 80, where servers speak plaintext")
        .related(mode.span, format!("DestinationRule {name} begins it"))
        .help("add targetPort: 443: clients then speak plaintext to port 80, and proxies TLS to port 443");
}
