//! `sidecar-unserved-port`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::field::TextField;
use crate::model::networking::IstioEgressListener;
use crate::model::wording::numbers;
use crate::source::{Span, Spanned};
use crate::world::{EgressHosts, Gap, Protocol, Service, Sidecar, World, host};

pub static RULE: Rule = rule! {
    name: "sidecar-unserved-port",
    summary: "an egress listener of a Sidecar has a port that its services do not have, so it does not import them",
    findings: [&NOT_IMPORTED, &IMPORTED_ELSEWHERE],
    check: check,
};

static NOT_IMPORTED: Finding = finding! {
    "not-imported", Lost, Certain, [],
    "the Sidecar does not import the services",
};
static IMPORTED_ELSEWHERE: Finding = finding! {
    "imported-elsewhere", Surprising, Certain, [],
    "another listener of the Sidecar imports the services",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for sidecar in &world.sidecars {
        let is_of_mesh = sidecar.name.namespace == world.settings.root_namespace && sidecar.selector().is_none();
        if is_of_mesh {
            continue;
        }
        for (index, listener) in sidecar.spec.egress.iter().enumerate() {
            if let Some(port) = port_of(listener) {
                check_listener(world, sidecar, index, port, diagnostics);
            }
        }
    }
}

/// The port that the services of a listener must have. The port of an HTTP proxy is not theirs, and 0 stands for a socket.
fn port_of(listener: &IstioEgressListener) -> Option<&Spanned<u32>> {
    let port = listener.port.as_ref()?;
    let protocol = Protocol::parse(port.protocol.text());
    port.number.as_ref().filter(|number| number.value != 0 && protocol != Protocol::HttpProxy)
}

fn check_listener(
    world: &World<'_>,
    sidecar: &Sidecar<'_>,
    index: usize,
    port: &Spanned<u32>,
    diagnostics: &mut Diagnostics,
) {
    let client = sidecar.name.namespace.as_ref();
    let hosts = EgressHosts::new(&sidecar.spec.egress[index].hosts, client);
    let Some(namespaces) = hosts.included().iter().map(|it| it.namespace).collect::<Option<BTreeSet<_>>>() else {
        return diagnostics.unchecked(Gap::NotAllOfKind(Kind::Service));
    };
    if let Err(gap) = namespaces.iter().try_for_each(|namespace| world.inventory.services(namespace)) {
        return diagnostics.unchecked(gap);
    }
    let of_namespaces = namespaces.iter().flat_map(|namespace| world.services.in_namespace(namespace));
    let named: Vec<&Service<'_>> =
        of_namespaces.filter(|it| it.export_to.includes(client) && hosts.import(it)).collect();
    let without_port: Vec<&Service<'_>> = named.iter().copied().filter(|it| it.port(port.value).is_none()).collect();
    if without_port.is_empty() {
        return;
    }
    if without_port.len() == named.len() {
        let message = format!("no service of this listener has port {}, so it imports none of them", port.value);
        return report(sidecar, index, port.span, message, &without_port, diagnostics);
    }
    // A wildcard may be written for those services that have the port.
    for entry in hosts.included().iter().filter(|entry| host::wildcard_suffix(entry.host).is_none()) {
        let of_entry: Vec<&Service<'_>> = without_port.iter().copied().filter(|it| entry.names(it)).collect();
        if let (Some(service), Some(written)) = (of_entry.first(), entry.written) {
            let message =
                format!("`{}` has no port {}, so this listener does not import it", service.hostname, port.value);
            report(sidecar, index, written.span, message, &of_entry, diagnostics);
        }
    }
}

fn report(
    sidecar: &Sidecar<'_>,
    index: usize,
    span: Span,
    message: String,
    without_port: &[&Service<'_>],
    diagnostics: &mut Diagnostics,
) {
    const SHOWN: usize = 3;
    let is_imported_elsewhere = |service: &&Service<'_>| {
        let mut others = sidecar.spec.egress.iter().enumerate().filter(|(other, _)| *other != index);
        others.any(|(_, listener)| {
            let has_port = port_of(listener).is_none_or(|port| service.port(port.value).is_some());
            has_port && EgressHosts::new(&listener.hosts, &sidecar.name.namespace).import(service)
        })
    };
    let finding = if without_port.iter().all(is_imported_elsewhere) { &IMPORTED_ELSEWHERE } else { &NOT_IMPORTED };
    let diagnostic = diagnostics.report(finding, span, message);
    for service in without_port.iter().take(SHOWN) {
        let place = service.ports.first().map_or(service.span, |port| port.span);
        let ports = match service.ports.as_slice() {
            [] => "no ports".to_owned(),
            [port] => format!("port {}", port.number),
            ports => format!("ports {}", numbers(ports.iter().map(|port| port.number), "and")),
        };
        diagnostic.related(place, format!("`{}` has {ports}", service.hostname));
    }
    diagnostic.help("use a port of the services, or remove `port` to import all of their ports");
}
