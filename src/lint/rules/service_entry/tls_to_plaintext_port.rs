//! `tls-to-plaintext-port`

use std::collections::{BTreeMap, BTreeSet};

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::{ClientTlsSettings, ServiceEntry, ServiceEntryPort};
use crate::world::DestinationRule;

pub static RULE: Rule = rule! {
    name: "tls-to-plaintext-port",
    summary: "a DestinationRule originates TLS to port 80 of an external host, which expects plaintext",
    findings: [&TLS_TO_PLAINTEXT],
    check: check,
};

static TLS_TO_PLAINTEXT: Finding = finding! {
    "tls-to-plaintext", Lost, Certain, [],
    "the server on port 80 does not understand TLS",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut destination_rules: BTreeMap<&str, Vec<&DestinationRule<'_>>> = BTreeMap::new();
    for destination_rule in world.destination_rules.iter() {
        destination_rules.entry(&destination_rule.host).or_default().push(destination_rule);
    }
    let routed: BTreeSet<&str> =
        world.virtual_services.iter().flat_map(|it| &it.hosts).map(|host| host.as_str()).collect();
    for (service, entry) in world.services.entries().filter(|(service, _)| service.is_mesh_external()) {
        for host in &entry.hosts {
            for port in entry.ports.iter().filter(|port| leads_to_80(entry, port)) {
                let of_host = destination_rules.get(host.as_str()).into_iter().flatten();
                let of_host = of_host.filter_map(|it| Some((*it, it.tls_of_port(80)?)));
                let mut settings = of_host.filter(|(_, tls)| tls.originates());
                // Routes can send requests to another port, which settings for all ports are probably for.
                let is_for_80 = |destination_rule: &DestinationRule<'_>, tls: &ClientTlsSettings| {
                    let all = destination_rule.tls_settings();
                    let is_of_port = all.iter().any(|it| it.port.is_some() && it.settings.span == tls.span);
                    is_of_port || !routed.contains(host.as_str())
                };
                let is_seen = |it: &DestinationRule<'_>| it.export_to.overlaps(&service.export_to);
                let Some((destination_rule, tls)) = settings.find(|(it, tls)| is_seen(it) && is_for_80(it, tls)) else {
                    continue;
                };
                diagnostics
                    .report(
                        &TLS_TO_PLAINTEXT,
                        port.span,
                        format!(
                            "DestinationRule `{}` originates TLS to port 80 of `{}`, which expects plaintext",
                            destination_rule.name,
                            host.as_str()
                        ),
                    )
                    .related(tls.mode.map_or(tls.span, |mode| mode.span), "TLS is set here")
                    .help(Advice::add(Edit::add(port.span, ["targetPort"], 443)));
            }
        }
    }
}

/// Whether connections to a port arrive at port 80 of an endpoint.
fn leads_to_80(entry: &ServiceEntry, port: &ServiceEntryPort) -> bool {
    let is_80 = port.number.is_some_and(|number| number.value == 80);
    let target = port.target_port.map_or(80, |target| target.value);
    let name = port.name.text();
    let has_other = |target: u32| target != 80 && target != 0;
    let by_endpoint =
        entry.endpoints.iter().any(|endpoint| endpoint.ports.get(name).is_some_and(|it| has_other(it.value)));
    is_80 && !has_other(target) && !by_endpoint && entry.workload_selector.is_none()
}
