//! `sidecar-ingress-port`

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::networking::IstioIngressListener;
use crate::model::wording::numbers;
use crate::routing::inbound::Receiver;
use crate::source::{Span, Spanned};
use crate::world::{Gap, Service, ServicePort, Sidecar, Workload, World};

pub static RULE: Rule = rule! {
    name: "sidecar-ingress-port",
    summary: "an ingress listener of a Sidecar has a port that no Service of the workload targets",
    findings: [&NOT_TARGETED, &UNDECLARED_ENDPOINT],
    check: check,
};

static NOT_TARGETED: Finding = finding! {
    "not-targeted", Lost, Likely, [],
    "no Service targets the port of the listener",
};
static UNDECLARED_ENDPOINT: Finding = finding! {
    "undeclared-endpoint", Surprising, Likely, [],
    "no container declares the port of `defaultEndpoint`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut by_sidecar: HashMap<Span, Vec<&Workload<'_>>> = HashMap::new();
    for workload in &world.workloads {
        if let Some(sidecar) = world.sidecar_of(&workload.name.namespace, &workload.labels) {
            by_sidecar.entry(sidecar.resource.span).or_default().push(workload);
        }
    }
    for sidecar in world.sidecars.iter().filter(|sidecar| !sidecar.spec.ingress.is_empty()) {
        let Some(workloads) = by_sidecar.get(&sidecar.resource.span) else {
            diagnostics.unchecked(Gap::NoWorkloadsOf(Kind::Sidecar, sidecar.name.to_string()));
            continue;
        };
        let targets = targets(world, workloads);
        let listed = listed(world, &sidecar.name.namespace);
        for listener in &sidecar.spec.ingress {
            match &targets {
                Some(targets) if !targets.is_empty() => {
                    check_port(world, sidecar, listener, (targets, &listed), diagnostics);
                }
                Some(_) => diagnostics.unchecked(Gap::NoServicesOf(Kind::Sidecar, sidecar.name.to_string())),
                None => diagnostics.unchecked(Gap::UnknownTargetPort(Kind::Sidecar, sidecar.name.to_string())),
            }
            check_endpoint(listener, workloads, diagnostics);
        }
    }
}

/// The ports of workloads that Services target, each with one of the ports that target it.
type Targets<'w, 'a> = BTreeMap<u32, (&'w Service<'a>, &'w ServicePort)>;

/// `None` if the manifests do not define all of them: a named target may be the port of a container that was not given.
fn targets<'w, 'a>(world: &'w World<'a>, workloads: &[&'w Workload<'a>]) -> Option<Targets<'w, 'a>> {
    let mut targets = Targets::new();
    for workload in workloads {
        let receiver = Receiver::of(workload);
        let selects = |service: &&Service<'_>| service.is_before(&workload.labels, receiver.address);
        for service in world.services.in_namespace(&workload.name.namespace).filter(selects) {
            for port in &service.ports {
                targets.entry(receiver.target(port)?).or_insert((service, port));
            }
        }
    }
    Some(targets)
}

/// The ports of addresses that ServiceEntries of a namespace list. The addresses may be those of the workloads.
fn listed(world: &World<'_>, namespace: &str) -> BTreeSet<u32> {
    let of_service = |service: &Service<'_>| -> Vec<u32> {
        let own = service.endpoints.iter().flat_map(|endpoint| endpoint.ports.iter().map(|(_, port)| port.value));
        own.chain(service.ports.iter().map(|port| port.number).filter(|_| !service.endpoints.is_empty())).collect()
    };
    world.services.in_namespace(namespace).flat_map(of_service).collect()
}

fn check_port(
    world: &World<'_>,
    sidecar: &Sidecar<'_>,
    listener: &IstioIngressListener,
    (targets, listed): (&Targets<'_, '_>, &BTreeSet<u32>),
    diagnostics: &mut Diagnostics,
) {
    let Some(number) = listener.port.as_ref().and_then(|port| port.number.as_ref()) else { return };
    if targets.contains_key(&number.value) || listed.contains(&number.value) {
        return;
    }
    let gap = Gap::NotAllResources(Kind::Service, sidecar.name.namespace.to_string());
    if let Some(gap) = world.inventory.may_lack(gap) {
        return diagnostics.unchecked(gap);
    }
    let message = format!("no Service targets port {} of the workload, so no connection gets here", number.value);
    let diagnostic = diagnostics.report(&NOT_TARGETED, number.span, message);
    let called = targets.iter().find(|(_, (_, port))| port.number == number.value);
    if let Some((target, (service, port))) = called {
        diagnostic.related(port.span, format!("`{}` maps port {} to {target}", service.hostname, port.number));
        let edit = Edit::set(number.span, *target);
        let help = format!("write {edit}: the listener needs the `targetPort` of the Service, not its `port`");
        diagnostic.help(Advice::new(help).fix([edit]));
        return;
    }
    let is_alone = sidecar.spec.ingress.len() == 1;
    for (target, (service, port)) in targets.iter().filter(|_| is_alone) {
        diagnostic.related(port.span, format!("`{}` targets port {target}", service.hostname));
    }
    diagnostic.help(format!("use a port that a Service targets: {}", numbers(targets.keys().copied(), "or")));
}

/// Checks the port that the sidecar forwards to. Containers need not declare their ports, and some declare the one that
/// the sidecar listens on instead.
fn check_endpoint(listener: &IstioIngressListener, workloads: &[&Workload<'_>], diagnostics: &mut Diagnostics) {
    let Some(endpoint) = &listener.default_endpoint else { return };
    let Some(number) = endpoint.rsplit_once(':').and_then(|(_, port)| port.parse::<u32>().ok()) else { return };
    let containers = || workloads.iter().filter_map(|it| it.pod).flat_map(|pod| &pod.containers);
    let declared: Vec<&Spanned<u32>> =
        containers().flat_map(|it| &it.ports).filter_map(|port| port.container_port.as_ref()).collect();
    let listening = listener.port.as_ref().and_then(|port| port.number).map(|number| number.value);
    let is_declared = declared.iter().any(|it| it.value == number || Some(it.value) == listening);
    let Some(first) = declared.first().filter(|_| !is_declared) else { return };
    diagnostics
        .report(&UNDECLARED_ENDPOINT, endpoint.span, format!("no container of the workload declares port {number}"))
        .related(first.span, format!("a container declares port {}", first.value))
        .help("correct the port, or add it to the `ports` of the container that listens there");
}
