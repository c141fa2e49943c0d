//! `routes-without-mesh`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::wording::list;
use crate::source::Spanned;
use crate::world::{Discovery, Gateway, Service, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "routes-without-mesh",
    summary: "a VirtualService names a service of the mesh, but its routes apply only at Gateways",
    findings: [&MESH_AS_HOST, &SERVICE_HOST],
    check: check,
};

static MESH_AS_HOST: Finding = finding! {
    "mesh-as-host", Lost, Likely, [],
    "`mesh` is among the hosts, where it is the short name of a Service, and not among the Gateways",
};
static SERVICE_HOST: Finding = finding! {
    "service-host", Surprising, Likely, [],
    "a host is that of a Service, but sidecars do not use the routes",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        let hosts = virtual_service.spec.hosts.iter().zip(&virtual_service.hosts);
        for (written, host) in hosts.filter(|(_, host)| !context.is_refused(host.span)) {
            if written.as_str() == "mesh" {
                check_mesh(world, virtual_service, host, diagnostics);
            } else if !virtual_service.binds_mesh() {
                check_host(context, virtual_service, host, diagnostics);
            }
        }
    }
}

fn check_mesh(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    host: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let namespace = virtual_service.name.namespace.as_ref();
    if world.services.named(host).next().is_some() || world.services.named("mesh").next().is_some() {
        return;
    }
    if let Some(gap) = world.inventory.may_exist(Kind::Service, namespace, "mesh") {
        return diagnostics.unchecked(gap);
    }
    let message = format!("`mesh` is a keyword in `gateways` only: as a host it means `{}`", host.value);
    let help = match virtual_service.binds_mesh() {
        true => "remove `mesh` from `hosts`: the VirtualService is bound to the mesh",
        false if virtual_service.hosts.len() == 1 => "move `mesh` to `gateways`, and list services as `hosts`",
        false => "move `mesh` to `gateways`",
    };
    diagnostics.report(&MESH_AS_HOST, host.span, message).help(help);
}

/// Reports the host of a Service whose clients in the mesh get no routes at all. A Gateway that names the host serves it on
/// purpose.
fn check_host(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    host: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let namespace = virtual_service.name.namespace.as_ref();
    let is_service = |service: &&Service<'_>| {
        matches!(service.discovery, Discovery::ClusterIp | Discovery::Headless) && service.selector.is_some()
    };
    let Some(service) = world.services.seen_from(namespace, host).filter(is_service) else { return };
    let is_for_mesh =
        |other: &VirtualService<'_>| other.binds_mesh() && other.hosts.iter().any(|it| host::overlap(it, host));
    if world.virtual_services.iter().any(is_for_mesh) {
        return;
    }
    let bound = virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    let gateways: Option<Vec<&Gateway<'_>>> = bound.map(|name| world.gateway(name)).collect();
    let Some(gateways) = gateways.filter(|gateways| !gateways.is_empty()) else { return };
    let serves = |gateway: &&Gateway<'_>| gateway.servers.iter().any(|server| server.serves(host, namespace));
    let names_host = |gateway: &&Gateway<'_>| {
        let mut hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
        hosts.any(|it| it.host != "*" && host::overlap(&it.host, host))
    };
    if !gateways.iter().any(serves) || gateways.iter().any(names_host) {
        return;
    }
    let noun = if gateways.len() == 1 { "Gateway" } else { "Gateways" };
    let names = list(gateways.iter().map(|gateway| gateway.name.to_string()), "and");
    let message = format!(
        "the routes for `{}` apply only at {noun} {names}, and not to requests of clients in the mesh",
        host.value
    );
    diagnostics
        .report(&SERVICE_HOST, host.span, message)
        .related(service.span, "the Service")
        .help("add `mesh` to `gateways` if the routes are for clients in the mesh too");
}
