//! `host-without-service`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::source::Spanned;
use crate::world::host::{self, Form};
use crate::world::{Gateway, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "host-without-service",
    aliases: [],
    severity: Warning,
    summary: "a host of a VirtualService for the mesh that is no service: its routes miss the requests that were meant",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in world.virtual_services.iter().filter(|service| service.binds_mesh()) {
        for host in service.hosts.iter().filter(|host| !context.is_refused(host.span)) {
            if host::wildcard_suffix(host).is_none() && world.services.named(host).next().is_none() {
                check_host(world, service, host, diagnostics);
            }
        }
    }
}

/// Requests for a host that no service has get to its routes on port 80 only, and only by this very name (istiod:
/// `separateVSHostsAndServices`).
fn check_host(world: &World<'_>, service: &VirtualService<'_>, host: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let domain = &world.settings.domain;
    let written = service.spec.hosts.iter().find(|written| written.span == host.span).map_or("", |written| written);
    match Form::of(host, domain) {
        Form::TwoLabels { name, namespace } => {
            let full = format!("{name}.{namespace}.svc.{domain}");
            let Some(meant) = world.services.named(&full).next() else { return };
            diagnostics
                .report_default(
                    host.span,
                    format!("{written} is not completed: only requests for this very name are routed, on port 80"),
                )
                .related(meant.span, "this Service may be meant")
                .help(format!("write {full}"));
        }
        // Where its routes lead to this host as well, `unknown-host` says so.
        Form::Kubernetes { .. } if leads_to(world, service, host) => {}
        Form::Kubernetes { namespace } if world.inventory.services(namespace).is_ok() => {
            let diagnostic = diagnostics.report_default(host.span, format!("there is no service {}", host.as_str()));
            let near = world.services.nearest(namespace, host, domain);
            match near.or_else(|| world.services.only_one_called(written)) {
                Some(meant) => diagnostic.help(format!("did you mean {}?", meant.hostname)),
                None => {
                    diagnostic.help("write the host of a Service or ServiceEntry, by which clients find an address")
                }
            };
        }
        Form::Kubernetes { namespace } => {
            world.inventory.services(namespace).unwrap_or_else(|gap| diagnostics.unchecked(gap));
        }
        Form::External => check_external(world, service, host, diagnostics),
    }
}

/// A host that a Gateway serves is rarely meant for sidecars alone.
fn check_external(
    world: &World<'_>,
    service: &VirtualService<'_>,
    host: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    if service.bound_to.iter().any(|bound| bound.gateway.is_some()) {
        return;
    }
    let serves = |gateway: &&Gateway<'_>| {
        let mut hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
        hosts.any(|it| it.host != "*" && it.admits(&service.name.namespace) && host::covered_by(host, &it.host))
    };
    if let Some(gateway) = world.gateways.iter().find(serves) {
        diagnostics
            .report_default(host.span, format!("{} is only routed by sidecars: no gateway is named", host.as_str()))
            .related(gateway.resource.name_span(), format!("Gateway {} serves it", gateway.name))
            .help(format!("add gateways: [{}]", gateway.name));
    }
}

fn leads_to(world: &World<'_>, service: &VirtualService<'_>, host: &str) -> bool {
    service.destinations().iter().any(|destination| service.full_host(destination.host, &world.settings) == host)
}
