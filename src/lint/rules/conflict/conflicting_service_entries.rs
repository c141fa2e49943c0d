//! `conflicting-service-entries`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::world::{Service, ServicePort};

pub static RULE: Rule = rule! {
    name: "conflicting-service-entries",
    aliases: ["IST0177", "KIA1211", "KIA1212"],
    severity: Warning,
    summary: "a host that several ServiceEntries, or a Service and a ServiceEntry, define differently",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut by_host: BTreeMap<&str, Vec<&Service<'_>>> = BTreeMap::new();
    for service in context.world.services.iter() {
        by_host.entry(&service.hostname).or_default().push(service);
    }
    for services in by_host.values() {
        for (index, service) in services.iter().enumerate().filter(|(_, service)| !service.is_kubernetes()) {
            let seen_together = |other: &&&Service<'_>| service.export_to.overlaps(&other.export_to);
            // A Service of Kubernetes goes before ServiceEntries of any age.
            if let Some(kubernetes) = services.iter().filter(seen_together).find(|other| other.is_kubernetes()) {
                report_hidden(service, kubernetes, diagnostics);
            } else if let Some(earlier) = services[..index].iter().find(seen_together) {
                compare(earlier, service, diagnostics);
            }
        }
    }
}

fn report_hidden(entry: &Service<'_>, kubernetes: &Service<'_>, diagnostics: &mut Diagnostics) {
    if entry.namespace != kubernetes.namespace {
        return;
    }
    diagnostics
        .report_default(
            entry.span,
            format!("{} is a Service of Kubernetes already: this ServiceEntry has no effect", entry.hostname),
        )
        .related(kubernetes.span, "this one counts")
        .help("remove the host here");
}

fn compare(earlier: &Service<'_>, later: &Service<'_>, diagnostics: &mut Diagnostics) {
    if std::ptr::eq(earlier.resource, later.resource) {
        return;
    }
    if let Some((first, second)) = other_protocol(earlier, later) {
        // Within a class the same routes apply, and only how the upstream is spoken to differs.
        let same_class = first.protocol.class() == second.protocol.class();
        diagnostics
            .report_default(
                second.span,
                format!(
                    "port {} of {} is {} here and {} elsewhere",
                    second.number, later.hostname, second.protocol, first.protocol
                ),
            )
            .severity(if same_class { Severity::Warning } else { Severity::Error })
            .related(first.span, "declared here")
            .help("give the port one protocol");
        // Whoever adds the older one should hear of it as well.
        diagnostics
            .report_default(
                first.span,
                format!("port {} of {} is {} elsewhere", first.number, later.hostname, second.protocol),
            )
            .severity(Severity::Info)
            .related(second.span, "declared here");
        return;
    }
    if earlier.namespace != later.namespace {
        return;
    }
    match difference(earlier, later) {
        Some(difference) => diagnostics
            .report_default(
                later.span,
                format!(
                    "{} has another {difference} in another ServiceEntry: the ports of this one get no clusters",
                    later.hostname
                ),
            )
            .related(earlier.span, "the older one counts")
            .help("merge them into one ServiceEntry"),
        None => diagnostics
            .report_default(later.span, format!("{} is defined by several ServiceEntries", later.hostname))
            .related(earlier.span, "first defined here")
            .help("list all its ports in one ServiceEntry"),
    };
}

fn other_protocol<'s>(a: &'s Service<'_>, b: &'s Service<'_>) -> Option<(&'s ServicePort, &'s ServicePort)> {
    let pairs = b.ports.iter().filter_map(|port| Some((a.port(port.number)?, port)));
    pairs.into_iter().find(|(first, second)| first.protocol != second.protocol)
}

/// What keeps istiod from joining the ports of two ServiceEntries of one host.
fn difference(a: &Service<'_>, b: &Service<'_>) -> Option<&'static str> {
    let same_selector = match (a.selector, b.selector) {
        (None, None) => true,
        (Some(a), Some(b)) => a.equals(b),
        _ => false,
    };
    if a.discovery != b.discovery {
        Some("resolution")
    } else if !same_selector {
        Some("workloadSelector")
    } else if !a.resource.metadata.labels.equals(&b.resource.metadata.labels) {
        Some("set of labels")
    } else if a.export_to != b.export_to {
        Some("exportTo")
    } else {
        None
    }
}
