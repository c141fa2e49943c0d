//! `sidecar-unserved-port`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Kind;
use crate::model::field::TextField;
use crate::model::networking::IstioEgressListener;
use crate::source::{Span, Spanned};
use crate::world::{EgressHosts, Gap, Protocol, Service, Sidecar, World, host};

pub static RULE: Rule = rule! {
    name: "sidecar-unserved-port",
    aliases: [],
    severity: Error,
    summary: "an egress listener of a Sidecar for a port that none of its services has: none of them is imported",
    check: check,
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

/// The port that the services of a listener have to have. A proxy's port is not theirs, and 0 stands for a socket.
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
    let lacking: Vec<&Service<'_>> = named.iter().copied().filter(|it| it.port(port.value).is_none()).collect();
    if lacking.is_empty() {
        return;
    }
    if lacking.len() == named.len() {
        let message = format!("none of the services that this listener names has the port {}", port.value);
        return report(sidecar, index, port.span, message, &lacking, diagnostics);
    }
    // Others have it; a wildcard may well be meant for those alone.
    for entry in hosts.included().iter().filter(|entry| host::wildcard_suffix(entry.host).is_none()) {
        let meant: Vec<&Service<'_>> = lacking.iter().copied().filter(|service| entry.names(service)).collect();
        if let (Some(service), Some(written)) = (meant.first(), entry.written) {
            let message =
                format!("{} has no port {}, so this listener does not import it", service.hostname, port.value);
            report(sidecar, index, written.span, message, &meant, diagnostics);
        }
    }
}

fn report(
    sidecar: &Sidecar<'_>,
    index: usize,
    span: Span,
    message: String,
    lacking: &[&Service<'_>],
    diagnostics: &mut Diagnostics,
) {
    const SHOWN: usize = 3;
    let diagnostic = diagnostics.report_default(span, message);
    for service in lacking.iter().take(SHOWN) {
        let ports: Vec<String> = service.ports.iter().map(|port| port.number.to_string()).collect();
        let place = service.ports.first().map_or(service.span, |port| port.span);
        diagnostic.related(place, format!("{} has {}", service.hostname, ports.join(", ")));
    }
    diagnostic.help("write a port that they have, or remove port to import all of them");
    let is_imported_otherwise = |service: &&&Service<'_>| {
        let others = sidecar.spec.egress.iter().enumerate().filter(|(other, _)| *other != index);
        others.into_iter().any(|(_, listener)| {
            let has_port = port_of(listener).is_none_or(|port| service.port(port.value).is_some());
            has_port && EgressHosts::new(&listener.hosts, &sidecar.name.namespace).import(service)
        })
    };
    if lacking.iter().all(|service| is_imported_otherwise(&service)) {
        diagnostic.severity(Severity::Warning);
    }
}
