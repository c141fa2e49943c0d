//! `unknown-target-port`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::kubernetes::{self, ContainerPort, TargetPort};
use crate::model::{Spec, nearest};
use crate::source::Spanned;
use crate::world::{Discovery, Service, ServicePort, Workload};

pub static RULE: Rule = rule! {
    name: "unknown-target-port",
    aliases: ["KIA0701"],
    severity: Warning,
    summary: "a targetPort that no container of the selected workloads has",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in context.world.services.iter().filter(|service| service.discovery != Discovery::Alias) {
        let Spec::Service(spec) = &service.resource.spec else { continue };
        let behind = context.world.workloads_of_service(service).unwrap_or_default();
        // What is injected into pods, or stands in for them, may listen on ports that nothing tells.
        if behind.is_empty() || behind.iter().any(|workload| workload.pod.is_none() || workload.is_gateway()) {
            continue;
        }
        for port in &spec.ports {
            match port.target_port.as_ref() {
                Some(Spanned { value: TargetPort::Name(name), span }) => {
                    check_name(service, port, &Spanned::new(name.as_str(), *span), &behind, diagnostics);
                }
                Some(Spanned { value: TargetPort::Number(number), span }) if *number != 0 => {
                    check_number(spec, service, Spanned::new(*number, *span), &behind, diagnostics);
                }
                _ => {
                    if let Some(number) = &port.port {
                        check_number(spec, service, *number, &behind, diagnostics);
                    }
                }
            }
        }
    }
}

/// A name must be found in each pod: one that lacks it is no endpoint of the port (Kubernetes: `FindPort`).
fn check_name(
    service: &Service<'_>,
    port: &kubernetes::ServicePort,
    name: &Spanned<&str>,
    behind: &[&Workload<'_>],
    diagnostics: &mut Diagnostics,
) {
    let is_meant = |it: &ContainerPort| {
        it.name.as_ref().is_some_and(|it| it.as_str() == name.value) && it.transport() == port.transport()
    };
    let lacking: Vec<_> = behind.iter().filter(|it| !ports_of(it).any(is_meant)).collect();
    let Some(first) = lacking.first() else { return };
    let message = match lacking.len() == behind.len() {
        true => format!("no container of the workloads of {} has a port named {}", service.resource.name(), name.value),
        false => format!("{} has no port named {}: it gets none of the requests", first.name, name.value),
    };
    let severity = if lacking.len() == behind.len() { Severity::Error } else { Severity::Warning };
    let diagnostic = diagnostics.report_default(name.span, message);
    diagnostic.severity(severity);
    for workload in lacking.iter().take(3) {
        diagnostic.related(workload.resource.name_span(), format!("{} has {}", workload.name, describe(workload)));
    }
    let known: Vec<&str> = lacking.iter().flat_map(|it| names_of(it)).collect();
    match nearest(name.value, known) {
        Some(known) => diagnostic.help(format!("did you mean {known}?")),
        None => diagnostic.help("name a port of the container so, or use its number"),
    };
}

/// A number works if something listens there, declared or not. That none of the Service's ports is among those that the
/// containers declare is hardly meant; minor ports are often left out.
fn check_number(
    spec: &kubernetes::Service,
    service: &Service<'_>,
    number: Spanned<u32>,
    behind: &[&Workload<'_>],
    diagnostics: &mut Diagnostics,
) {
    let declared: BTreeSet<u32> = behind.iter().flat_map(|it| numbers_of(it)).collect();
    let tells_none = |workload: &&Workload<'_>| numbers_of(workload).next().is_none();
    if declared.contains(&number.value) || is_of_proxy(number.value) || behind.iter().any(tells_none) {
        return;
    }
    let name = service.resource.name();
    let diagnostic = diagnostics
        .report_default(number.span, format!("no container of the workloads of {name} declares port {}", number.value));
    for workload in behind.iter().take(3) {
        diagnostic.related(workload.resource.name_span(), format!("{} has {}", workload.name, describe(workload)));
    }
    diagnostic.help("unless something listens there all the same, use a port of the containers as targetPort");
    let is_known = |port: &kubernetes::ServicePort| {
        let target = ServicePort::of_kubernetes(port).and_then(|port| port.target_at(None, None));
        target.is_none_or(|target| declared.contains(&target))
    };
    if spec.ports.iter().any(is_known) {
        diagnostic.severity(Severity::Info);
    }
}

/// Ports on which an injected sidecar answers itself: metrics and health.
fn is_of_proxy(number: u32) -> bool {
    matches!(number, 15020 | 15021 | 15090)
}

fn ports_of<'a>(workload: &Workload<'a>) -> impl Iterator<Item = &'a ContainerPort> + use<'a> {
    workload.containers().flat_map(|container| &container.ports)
}

fn numbers_of<'a>(workload: &Workload<'a>) -> impl Iterator<Item = u32> + use<'a> {
    ports_of(workload).filter_map(|port| port.container_port.as_ref()).map(|number| number.value)
}

fn names_of<'a>(workload: &Workload<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    ports_of(workload).filter_map(|port| port.name.as_ref()).map(|name| name.as_str())
}

fn describe(workload: &Workload<'_>) -> String {
    let one = |port: &ContainerPort| match (&port.name, &port.container_port) {
        (Some(name), Some(number)) => format!("{} ({})", number.value, name.value),
        (_, Some(number)) => number.value.to_string(),
        _ => "?".to_owned(),
    };
    let ports: Vec<String> = ports_of(workload).map(one).collect();
    if ports.is_empty() { "no ports".to_owned() } else { format!("the ports {}", ports.join(", ")) }
}
