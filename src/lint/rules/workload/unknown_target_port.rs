//! `unknown-target-port`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::kubernetes::{self, ContainerPort, TargetPort};
use crate::model::{Kind, Spec, nearest};
use crate::source::Spanned;
use crate::world::{Discovery, Gap, Service, ServicePort, Workload};

pub static RULE: Rule = rule! {
    name: "unknown-target-port",
    summary: "no container of the selected workloads has the target port of a Service",
    findings: [&MISSING_NAME, &UNDECLARED_NUMBER, &PARTLY_MISSING_NAME, &UNDECLARED_EXTRA_NUMBER],
    check: check,
};

static MISSING_NAME: Finding = finding! {
    "missing-name", Lost, Certain, ["KIA0701"],
    "no selected workload has a container port of this name",
};
static UNDECLARED_NUMBER: Finding = finding! {
    "undeclared-number", Lost, Likely, ["KIA0701"],
    "no container declares the number, nor any other port of the Service",
};
static PARTLY_MISSING_NAME: Finding = finding! {
    "partly-missing-name", Surprising, Certain, ["KIA0701"],
    "some of the selected workloads have no container port of this name",
};
static UNDECLARED_EXTRA_NUMBER: Finding = finding! {
    "undeclared-extra-number", Notable, Likely, ["KIA0701"],
    "no container declares the number, but they declare another port of the Service",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in context.world.services.iter().filter(|service| service.discovery != Discovery::Alias) {
        let Spec::Service(spec) = &service.resource.spec else { continue };
        let mut selected = context.world.workloads_of_service(service).unwrap_or_default();
        selected.retain(|workload| !runs_to_completion(workload));
        // The containers of gateways and the machines of WorkloadEntries listen on ports that no manifest declares.
        if selected.is_empty() || selected.iter().any(|workload| workload.pod.is_none() || workload.is_gateway()) {
            continue;
        }
        let placeholders = &context.snapshot.placeholders;
        let hides_ports = |workload: &&&Workload<'_>| ports_of(workload).any(|port| placeholders.touch(port.span));
        if let Some(unknown) = selected.iter().find(hides_ports) {
            diagnostics.unchecked(Gap::PlaceholdersIn(unknown.resource.kind, unknown.name.to_string()));
            continue;
        }
        for port in &spec.ports {
            match port.target_port.as_ref() {
                Some(Spanned { value: TargetPort::Name(name), span }) => {
                    check_name(service, port, &Spanned::new(name.as_str(), *span), &selected, diagnostics);
                }
                Some(Spanned { value: TargetPort::Number(number), span }) if *number != 0 => {
                    check_number(spec, service, Spanned::new(*number, *span), &selected, diagnostics);
                }
                _ => {
                    if let Some(number) = &port.port {
                        check_number(spec, service, *number, &selected, diagnostics);
                    }
                }
            }
        }
    }
}

/// Whether the pods of a workload do a task and end: those of Jobs, and of hooks of Helm, such as its tests. They serve no
/// requests, so it is an accident if a Service selects them.
fn runs_to_completion(workload: &Workload<'_>) -> bool {
    let is_hook = || workload.resource.metadata.annotations.get("helm.sh/hook").is_some();
    matches!(workload.resource.kind, Kind::Job | Kind::CronJob) || is_hook()
}

/// Each pod needs the name: a pod without it is not an endpoint of the port (Kubernetes: `FindPort`).
fn check_name(
    service: &Service<'_>,
    port: &kubernetes::ServicePort,
    name: &Spanned<&str>,
    selected: &[&Workload<'_>],
    diagnostics: &mut Diagnostics,
) {
    let has_name = |it: &&ContainerPort| it.name.as_ref().is_some_and(|it| it.as_str() == name.value);
    let is_target = |it: &ContainerPort| has_name(&it) && it.transport() == port.transport();
    let lacking: Vec<_> = selected.iter().filter(|it| !ports_of(it).any(is_target)).collect();
    let Some(first) = lacking.first() else { return };
    let diagnostic = if lacking.len() == selected.len() {
        let message =
            format!("no workload of Service `{}` has a container port named `{}`", service.resource.name(), name.value);
        diagnostics.report(&MISSING_NAME, name.span, message)
    } else {
        let message =
            format!("workload `{}` has no container port named `{}`, so it gets no requests", first.name, name.value);
        diagnostics.report(&PARTLY_MISSING_NAME, name.span, message)
    };
    for workload in lacking.iter().take(3) {
        diagnostic.related(workload.resource.name_span(), describe(workload));
    }
    let of_other_protocol = lacking.iter().flat_map(|it| ports_of(it)).find(has_name);
    let known = lacking.iter().flat_map(|it| names_of(it));
    match (of_other_protocol, nearest(name.value, known)) {
        (Some(other), _) => {
            let is_served = |it: &kubernetes::ServicePort| {
                it.port.map(|it| it.value) == port.port.map(|it| it.value) && it.transport() == other.transport()
            };
            if matches!(&service.resource.spec, Spec::Service(spec) if spec.ports.iter().any(is_served)) {
                let help = "remove this port, or declare the container port for its protocol";
                diagnostic.help(Advice::new(help).option([Edit::remove(port.span)]));
                return;
            }
            let edit = match &port.protocol {
                Some(written) => Edit::set(written.span, other.transport()).of("protocol"),
                None => Edit::add(port.span, ["protocol"], other.transport()),
            };
            diagnostic.help(Advice::new(format!("set {edit} to match the container port")).fix([edit]))
        }
        (None, Some(known)) => diagnostic.did_you_mean(known),
        (None, None) => diagnostic.help(format!("give a container port the name `{}`, or use its number", name.value)),
    };
}

/// A number works if a container listens on it, declared or not. If the containers declare no port of the Service, the
/// number is probably wrong; minor ports are often not declared.
fn check_number(
    spec: &kubernetes::Service,
    service: &Service<'_>,
    number: Spanned<u32>,
    selected: &[&Workload<'_>],
    diagnostics: &mut Diagnostics,
) {
    let declared: BTreeSet<u32> = selected.iter().flat_map(|it| numbers_of(it)).collect();
    let declares_none = |workload: &&Workload<'_>| numbers_of(workload).next().is_none();
    if declared.contains(&number.value) || is_of_proxy(number.value) || selected.iter().any(declares_none) {
        return;
    }
    let is_declared = |port: &kubernetes::ServicePort| {
        let target = ServicePort::of_kubernetes(port).and_then(|port| port.target_at(None, None));
        target.is_none_or(|target| declared.contains(&target))
    };
    let finding = if spec.ports.iter().any(is_declared) { &UNDECLARED_EXTRA_NUMBER } else { &UNDECLARED_NUMBER };
    let message =
        format!("no workload of Service `{}` declares container port {}", service.resource.name(), number.value);
    let diagnostic = diagnostics.report(finding, number.span, message);
    for workload in selected.iter().take(3) {
        diagnostic.related(workload.resource.name_span(), describe(workload));
    }
    diagnostic.help(format!(
        "set `targetPort` to a declared port, or declare `containerPort: {}` if a container listens on it",
        number.value
    ));
}

/// Whether an injected sidecar itself serves a port: metrics and health.
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

/// The container ports of a workload, as a related message.
fn describe(workload: &Workload<'_>) -> String {
    let one = |port: &ContainerPort| match (&port.name, &port.container_port) {
        (Some(name), Some(number)) => Some(format!("{} (`{name}`)", number.value)),
        (None, Some(number)) => Some(number.value.to_string()),
        (_, None) => None,
    };
    let ports: Vec<String> = ports_of(workload).filter_map(one).collect();
    match ports.as_slice() {
        [] => format!("workload `{}` declares no container port", workload.name),
        [port] => format!("workload `{}` declares container port {port}", workload.name),
        ports => format!("workload `{}` declares container ports {}", workload.name, ports.join(", ")),
    }
}
