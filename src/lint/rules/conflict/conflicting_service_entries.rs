//! `conflicting-service-entries`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::world::{Discovery, NamespacedName, Protocol, Service, ServicePort};

pub static RULE: Rule = rule! {
    name: "conflicting-service-entries",
    summary: "a host that several ServiceEntries, or a Service and a ServiceEntry, define",
    findings: [&OTHER_ROUTES, &WITHOUT_CLUSTER, &NOT_MERGED, &OTHER_PROTOCOL, &IGNORED, &MERGED, &OLDER_PROTOCOL],
    check: check,
};

static OTHER_ROUTES: Finding = finding! {
    "other-routes", Lost, Certain, ["IST0177", "KIA1212"],
    "two ServiceEntries give a port protocols that use different routes",
};
static WITHOUT_CLUSTER: Finding = finding! {
    "without-cluster", Lost, Certain, [],
    "a port has a listener, but no cluster, because a Service without the port has the host",
};
static NOT_MERGED: Finding = finding! {
    "not-merged", Lost, Likely, ["KIA1211"],
    "istiod does not merge the ports of the ServiceEntries, because they differ in a field",
};
static OTHER_PROTOCOL: Finding = finding! {
    "other-protocol", Surprising, Certain, ["IST0177", "KIA1212"],
    "two ServiceEntries give a port different protocols that use the same routes",
};
static IGNORED: Finding = finding! {
    "ignored", Surprising, Certain, [],
    "istiod uses only the addresses and endpoints of the ServiceEntry, because a Service has the host",
};
static MERGED: Finding = finding! {
    "merged", Notable, Certain, ["KIA1211"],
    "istiod merges the ports of the ServiceEntries",
};
static OLDER_PROTOCOL: Finding = finding! {
    "older-protocol", Notable, Certain, ["IST0177", "KIA1212"],
    "the older ServiceEntry of two that give a port different protocols",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut by_host: BTreeMap<&str, Vec<&Service<'_>>> = BTreeMap::new();
    for service in context.world.services.iter() {
        by_host.entry(&service.hostname).or_default().push(service);
    }
    for services in by_host.values() {
        for (index, service) in services.iter().enumerate().filter(|(_, service)| !service.is_kubernetes()) {
            let seen_together = |other: &&&Service<'_>| {
                service.export_to.overlaps(&other.export_to)
                    && !context.world.may_be_elsewhere(service.resource, other.resource)
            };
            // A Service of Kubernetes takes precedence over ServiceEntries of any age.
            if let Some(kubernetes) = services.iter().filter(seen_together).find(|other| other.is_kubernetes()) {
                report_ignored(service, kubernetes, diagnostics);
            } else if let Some(earlier) = services[..index].iter().find(seen_together) {
                compare(earlier, service, diagnostics);
            }
        }
    }
}

/// Reports an entry for the host of a Service of its namespace. Both have listeners and routes, but only the ports of the
/// Service have clusters, and an ExternalName Service has none.
fn report_ignored(entry: &Service<'_>, kubernetes: &Service<'_>, diagnostics: &mut Diagnostics) {
    if entry.namespace != kubernetes.namespace {
        return;
    }
    let name = name(kubernetes);
    let defined_here = format!("Service `{name}` is defined here");
    let is_alias = kubernetes.discovery == Discovery::Alias;
    let lacks = |port: &&ServicePort| port.protocol != Protocol::Udp && (is_alias || !kubernetes.has_port(port.number));
    let Some(port) = entry.ports.iter().find(lacks) else {
        let message = format!(
            "Service `{name}` has this host, so istiod uses only the addresses and endpoints of the ServiceEntry"
        );
        diagnostics
            .report(&IGNORED, entry.span, message)
            .related(kubernetes.span, defined_here)
            .help("remove the host from the ServiceEntry");
        return;
    };
    let number = port.number;
    let (owner, help) = match kubernetes.external_name() {
        Some(target) => {
            ("ExternalName Service", format!("write `{target}`, to which the Service refers, in place of the host"))
        }
        None => ("Service", format!("add port {number} to the Service, and remove the host from the ServiceEntry")),
    };
    let fate = if port.protocol.may_be_http() { "requests get 503" } else { "connections are closed" };
    let message = format!("{owner} `{name}` has this host, so port {number} has a listener, but no cluster: {fate}");
    diagnostics.report(&WITHOUT_CLUSTER, entry.span, message).related(kubernetes.span, defined_here).help(help);
}

/// The name of the Service or ServiceEntry.
fn name<'s>(service: &'s Service<'_>) -> NamespacedName<'s> {
    NamespacedName::new(service.namespace.as_str(), service.resource.name())
}

fn compare(earlier: &Service<'_>, later: &Service<'_>, diagnostics: &mut Diagnostics) {
    if std::ptr::eq(earlier.resource, later.resource) {
        return;
    }
    let host = &later.hostname;
    let [earlier_name, later_name] = [earlier, later].map(name);
    if let Some((first, second)) = conflicting_ports(earlier, later) {
        // Within a class the same routes apply; only the protocol to the upstream differs.
        let uses_other_routes = first.protocol.class() != second.protocol.class();
        let finding = if uses_other_routes { &OTHER_ROUTES } else { &OTHER_PROTOCOL };
        let (number, protocol) = (second.number, second.protocol);
        let message = format!(
            "port {number} of `{host}` is {protocol} here, but {} in ServiceEntry `{earlier_name}`",
            first.protocol
        );
        diagnostics
            .report(finding, second.span, message)
            .related(first.span, format!("ServiceEntry `{earlier_name}` sets {}", first.protocol))
            .help("set the same protocol in both ServiceEntries");
        // Whoever adds the older one should hear of it as well.
        diagnostics
            .report(
                &OLDER_PROTOCOL,
                first.span,
                format!(
                    "port {number} of `{host}` is {} here, but {protocol} in ServiceEntry `{later_name}`",
                    first.protocol
                ),
            )
            .related(second.span, format!("ServiceEntry `{later_name}` sets {protocol}"));
        return;
    }
    if earlier.namespace != later.namespace {
        return;
    }
    match difference(earlier, later) {
        Some(difference) => {
            // Of equal age, istiod picks one at random.
            let is_tied = earlier.age() == later.age();
            let ignored = if is_tied { "the newer one" } else { "this ServiceEntry" };
            let message = format!(
                "`{difference}` differs from ServiceEntry `{earlier_name}`, so istiod ignores the ports of {ignored}"
            );
            let used = match is_tied {
                true => "the other ServiceEntry for the host".to_owned(),
                false => format!("istiod uses the ports of ServiceEntry `{earlier_name}`, which is older"),
            };
            diagnostics
                .report(&NOT_MERGED, later.span, message)
                .related(earlier.span, used)
                .help("merge the two ServiceEntries");
        }
        None => {
            diagnostics
                .report(&MERGED, later.span, format!("ServiceEntry `{earlier_name}` defines host `{host}` too"))
                .related(earlier.span, "first defined here")
                .help("list all ports of the host in one ServiceEntry");
        }
    }
}

/// A port of both services that has different protocols.
fn conflicting_ports<'s>(a: &'s Service<'_>, b: &'s Service<'_>) -> Option<(&'s ServicePort, &'s ServicePort)> {
    let pairs = b.ports.iter().filter_map(|port| Some((a.port(port.number)?, port)));
    pairs.into_iter().find(|(first, second)| first.protocol != second.protocol)
}

/// The field that keeps istiod from merging the ports of two ServiceEntries of one host.
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
        Some("metadata.labels")
    } else if a.written_export_to() != b.written_export_to() {
        Some("exportTo")
    } else {
        None
    }
}
