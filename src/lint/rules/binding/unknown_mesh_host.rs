//! `unknown-mesh-host`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::nearest;
use crate::source::Spanned;
use crate::world::{VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "unknown-mesh-host",
    aliases: [],
    severity: Warning,
    summary: "a VirtualService for a service of the mesh that does not exist",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    for service in world.virtual_services.iter().filter(|service| service.binds_mesh()) {
        for host in &service.hosts {
            check_host(world, service, host, findings);
        }
    }
}

/// Hosts outside the cluster need no service: sidecars route for them on port 80.
fn check_host(world: &World<'_>, service: &VirtualService<'_>, host: &Spanned<String>, findings: &mut Findings) {
    let Some((name, namespace)) = host::kubernetes_service(host, &world.settings.domain) else { return };
    if world.services.covering(&service.name.namespace, host).is_some() || world.services.named(host).next().is_some() {
        return;
    }
    // As a destination it is reported already.
    let destinations = service.destinations();
    if destinations.iter().any(|it| service.full_host(it.host, &world.settings) == host.as_str()) {
        return;
    }
    if !world.inventory.has_services(namespace) {
        findings.unchecked(format!("no Service of namespace {namespace} is among the manifests"));
        return;
    }
    let message = format!("there is no Service {name} in namespace {namespace}, so no sidecar applies these routes");
    let diagnostic = findings.report(host.span, message);
    let domain = &world.settings.domain;
    let known = || world.services.iter().filter_map(|it| host::kubernetes_service(&it.hostname, domain));
    let similar = nearest(name, known().filter(|(_, other)| *other == namespace).map(|(name, _)| name));
    if let Some(elsewhere) = world.services.iter().find(|it| {
        host::kubernetes_service(&it.hostname, domain).is_some_and(|(other, at)| other == name && at != namespace)
    }) {
        diagnostic
            .related(elsewhere.span, "a Service of this name is in another namespace")
            .help(format!("write {}", elsewhere.hostname));
    } else if let Some(similar) = similar {
        diagnostic.help(format!("did you mean {similar}?"));
    } else {
        diagnostic.help("name a Service, or bind the VirtualService to Gateways only");
    }
}
