//! `tls-to-plaintext-port`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::TextField;
use crate::model::networking::{ClientTlsMode, ClientTlsSettings, ServiceEntry, ServiceEntryPort};
use crate::world::DestinationRule;

pub static RULE: Rule = rule! {
    name: "tls-to-plaintext-port",
    aliases: [],
    severity: Error,
    summary: "TLS that a DestinationRule begins towards port 80 of a host outside, which answers in plaintext",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut rules: BTreeMap<&str, Vec<&DestinationRule<'_>>> = BTreeMap::new();
    for rule in world.destination_rules.iter() {
        rules.entry(&rule.host).or_default().push(rule);
    }
    let routed: BTreeSet<&str> =
        world.virtual_services.iter().flat_map(|it| &it.hosts).map(|host| host.as_str()).collect();
    for (service, entry) in world.services.entries().filter(|(service, _)| service.is_mesh_external()) {
        for host in &entry.hosts {
            for port in entry.ports.iter().filter(|port| leads_to_80(entry, port)) {
                let of_host = rules.get(host.as_str()).into_iter().flatten();
                let mut settings = of_host.filter_map(|rule| Some((*rule, begun(rule.tls_of_port(80)?)?)));
                // Routes may lead requests to another port, for which settings of all ports are meant.
                let is_meant = |rule: &DestinationRule<'_>, tls: &ClientTlsSettings| {
                    let is_of_port =
                        rule.tls_settings().iter().any(|it| it.port.is_some() && it.settings.span == tls.span);
                    is_of_port || !routed.contains(host.as_str())
                };
                let seen = |rule: &DestinationRule<'_>| rule.export_to.overlaps(&service.export_to);
                let Some((rule, tls)) = settings.find(|(rule, tls)| seen(rule) && is_meant(rule, tls)) else {
                    continue;
                };
                diagnostics
                    .report_default(
                        port.span,
                        format!("TLS is begun towards port 80 of {}, which expects plaintext", host.as_str()),
                    )
                    .related(tls.mode.map_or(tls.span, |mode| mode.span), format!("by DestinationRule {}", rule.name))
                    .help("add targetPort: 443");
            }
        }
    }
}

/// Settings that make the proxy open TLS.
fn begun(settings: &ClientTlsSettings) -> Option<&ClientTlsSettings> {
    matches!(settings.effective_mode(), ClientTlsMode::Simple | ClientTlsMode::Mutual).then_some(settings)
}

/// Whether connections for a port arrive at port 80 of an endpoint.
fn leads_to_80(entry: &ServiceEntry, port: &ServiceEntryPort) -> bool {
    let is_80 = port.number.is_some_and(|number| number.value == 80);
    let target = port.target_port.map_or(80, |target| target.value);
    let name = port.name.text();
    let has_other = |target: u32| target != 80 && target != 0;
    let by_endpoint =
        entry.endpoints.iter().any(|endpoint| endpoint.ports.get(name).is_some_and(|it| has_other(it.value)));
    is_80 && !has_other(target) && !by_endpoint && entry.workload_selector.is_none()
}
