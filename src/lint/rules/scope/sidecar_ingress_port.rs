//! `sidecar-ingress-port`

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Kind;
use crate::model::networking::IstioIngressListener;
use crate::routing::inbound::Receiver;
use crate::source::{Span, Spanned};
use crate::world::{Gap, Service, ServicePort, Sidecar, Workload, World};

pub static RULE: Rule = rule! {
    name: "sidecar-ingress-port",
    aliases: [],
    severity: Warning,
    summary: "an ingress listener of a Sidecar at a port of the workload that no service leads to",
    check: check,
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
                Some(targets) if !targets.is_empty() => check_port(sidecar, listener, (targets, &listed), diagnostics),
                _ => diagnostics.unchecked(Gap::NoServicesOf(Kind::Sidecar, sidecar.name.to_string())),
            }
            check_endpoint(listener, workloads, diagnostics);
        }
    }
}

/// The ports of the workloads that services lead to, with one port of a service that does.
type Targets<'w, 'a> = BTreeMap<u32, (&'w Service<'a>, &'w ServicePort)>;

/// `None` if the manifests do not tell all of them: a name may be that of a container's port elsewhere.
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

/// The ports of addresses that ServiceEntries of a namespace list. They may be those of the workloads.
fn listed(world: &World<'_>, namespace: &str) -> BTreeSet<u32> {
    let of_service = |service: &Service<'_>| -> Vec<u32> {
        let own = service.endpoints.iter().flat_map(|endpoint| endpoint.ports.iter().map(|(_, port)| port.value));
        own.chain(service.ports.iter().map(|port| port.number).filter(|_| !service.endpoints.is_empty())).collect()
    };
    world.services.in_namespace(namespace).flat_map(of_service).collect()
}

fn check_port(
    sidecar: &Sidecar<'_>,
    listener: &IstioIngressListener,
    (targets, listed): (&Targets<'_, '_>, &BTreeSet<u32>),
    diagnostics: &mut Diagnostics,
) {
    let Some(number) = listener.port.as_ref().and_then(|port| port.number.as_ref()) else { return };
    if targets.contains_key(&number.value) || listed.contains(&number.value) {
        return;
    }
    let is_alone = sidecar.spec.ingress.len() == 1;
    let dialled = targets.iter().find(|(_, (_, port))| port.number == number.value);
    let message = format!("no service leads to port {} of the workload", number.value);
    let diagnostic = diagnostics.report_default(number.span, message);
    if let Some((target, (service, port))) = dialled {
        diagnostic.related(port.span, format!("{} leads its port {} to {target}", service.hostname, port.number));
        diagnostic.help(format!("write {target}: what counts here is the port of the workload"));
    } else {
        for (target, (service, port)) in targets.iter().filter(|_| is_alone) {
            diagnostic.related(port.span, format!("{} leads to {target}", service.hostname));
        }
        let known: Vec<String> = targets.keys().map(u32::to_string).collect();
        diagnostic.help(format!("services lead to {}", known.join(", ")));
    }
}

/// Containers need not declare their ports, so this is worth no more than a hint; and some declare the one that others
/// dial, which is the sidecar's.
fn check_endpoint(listener: &IstioIngressListener, workloads: &[&Workload<'_>], diagnostics: &mut Diagnostics) {
    let Some(endpoint) = &listener.default_endpoint else { return };
    let Some(number) = endpoint.rsplit_once(':').and_then(|(_, port)| port.parse::<u32>().ok()) else { return };
    let containers = || workloads.iter().filter_map(|it| it.pod).flat_map(|pod| &pod.containers);
    let declared: Vec<&Spanned<u32>> =
        containers().flat_map(|it| &it.ports).filter_map(|port| port.container_port.as_ref()).collect();
    let dialled = listener.port.as_ref().and_then(|port| port.number).map(|number| number.value);
    let is_declared = declared.iter().any(|it| it.value == number || Some(it.value) == dialled);
    let Some(first) = declared.first().filter(|_| !is_declared) else { return };
    diagnostics
        .report_default(endpoint.span, format!("no container of the workload declares port {number}"))
        .severity(Severity::Info)
        .related(first.span, "they declare others")
        .help("check the port, or declare it");
}
