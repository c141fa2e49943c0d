//! `ineffective-hostname`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::gateway_api::ParentReference;
use crate::model::wording::list;
use crate::model::{Kind, Resource, Spec};
use crate::source::Spanned;
use crate::world::{Gateway, Origin, ServerHost, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "ineffective-hostname",
    summary: "an entry in `hostnames` of a Gateway API route has no effect",
    findings: [&UNSERVED, &OF_MESH],
    check: check,
};

static UNSERVED: Finding = finding! {
    "unserved", Lost, Certain, [],
    "no listener that the route is attached to serves the host",
};
static OF_MESH: Finding = finding! {
    "of-mesh", Surprising, Certain, [],
    "the parents of the route are Services, for whose hosts it applies",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in context.snapshot.resources() {
        let (references, hostnames): (&[ParentReference], &[Spanned<String>]) = match &resource.spec {
            Spec::HttpRoute(route) => (&route.parent_refs, &route.hostnames),
            Spec::GrpcRoute(route) => (&route.parent_refs, &route.hostnames),
            Spec::TlsRoute(route) => (&route.parent_refs, &route.hostnames),
            _ => continue,
        };
        // Another rule reports a reference without effect.
        let is_ignored = |reference: &ParentReference| {
            world.derived.ignored.iter().any(|it| it.resource.span == resource.span && it.span == reference.span)
        };
        if hostnames.is_empty() || references.iter().any(is_ignored) {
            continue;
        }
        let is_of = |it: &&VirtualService<'_>| it.sources.iter().any(|source| source.resource.span == resource.span);
        let derived = world.derived.virtual_services.iter().filter(|it| it.origin == Origin::GatewayApi);
        let attached: Vec<&VirtualService<'_>> = derived.filter(is_of).collect();
        if attached.is_empty() {
            continue;
        }
        let is_of_gateway = |it: &&VirtualService<'_>| it.bound_to.iter().any(|bound| bound.gateway.is_some());
        if attached.iter().any(is_of_gateway) {
            check_listeners(context, resource, hostnames, &attached, diagnostics);
        } else if resource.kind != Kind::TlsRoute {
            check_mesh(resource, hostnames, &attached, diagnostics);
        }
    }
}

/// Checks the hostnames of a route that is attached to listeners.
fn check_listeners(
    context: &Context<'_>,
    resource: &Resource,
    hostnames: &[Spanned<String>],
    attached: &[&VirtualService<'_>],
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let names = attached.iter().flat_map(|it| &it.bound_to).filter_map(|bound| bound.gateway.as_ref());
    // A listener with a wrong certificate is not served, which another rule reports.
    let gateways: Option<Vec<&Gateway<'_>>> = names.map(|name| world.derived.gateway(name)).collect();
    let Some(gateways) = gateways else { return };
    if !gateways.iter().all(|gateway| context.is_definite(gateway.resource, diagnostics)) {
        return;
    }
    let own = world.settings.namespace_of(resource);
    for hostname in hostnames {
        let is_served = |it: &&VirtualService<'_>| {
            let is_it = |host: &Spanned<String>| {
                host.value == hostname.value
                    || (resource.kind == Kind::TlsRoute && host::covered_by(host.as_str(), hostname))
            };
            let mut gateways = it.bound_to.iter().filter_map(|bound| world.derived.gateway(bound.gateway.as_ref()?));
            it.hosts.iter().any(is_it) && gateways.any(|gateway| serves(gateway, hostname, own))
        };
        if attached.iter().any(is_served) {
            continue;
        }
        let traffic = if resource.kind == Kind::TlsRoute { "connection" } else { "request" };
        let message = format!(
            "no listener that the route is attached to serves `{}`, so no {traffic} for this host reaches the route",
            hostname.value
        );
        let diagnostic = diagnostics.report(&UNSERVED, hostname.span, message);
        match other_listener(world, &gateways, hostname, own) {
            Some(listener) => {
                diagnostic.related(listener.span, "this listener serves the host");
                diagnostic.help(format!("attach the route to listener `{}` as well", listener.value));
            }
            None => {
                let help = format!("add a listener with `hostname: {}`, or remove the entry", quoted(hostname));
                diagnostic.help(Advice::new(help).option([Edit::remove(hostname.span)]));
            }
        }
    }
}

/// A host as YAML: a text that starts with `*` would be an alias.
fn quoted(host: &str) -> String {
    if host.starts_with('*') { format!("'{host}'") } else { host.to_owned() }
}

fn serves(gateway: &Gateway<'_>, hostname: &str, namespace: &str) -> bool {
    let serves = |it: &ServerHost| host::overlap(&it.host, hostname) && it.admits(namespace);
    gateway.servers.iter().flat_map(|server| &server.hosts).any(serves)
}

/// The name of a listener of the same Gateways that serves a host.
fn other_listener<'w>(
    world: &'w World<'_>,
    gateways: &[&Gateway<'_>],
    hostname: &str,
    namespace: &str,
) -> Option<&'w Spanned<String>> {
    let is_sibling = |it: &&Gateway<'_>| {
        gateways.iter().any(|gateway| gateway.resource.span == it.resource.span)
            && !gateways.iter().any(|gateway| gateway.name == it.name)
    };
    let others = world.derived.gateways.iter().filter(is_sibling);
    let found = others.filter(|it| serves(it, hostname, namespace)).flat_map(|it| &it.servers).next()?;
    found.spec.port.as_ref()?.name.as_ref()
}

/// Checks the hostnames of a route whose parents are Services or ServiceEntries.
fn check_mesh(
    resource: &Resource,
    hostnames: &[Spanned<String>],
    attached: &[&VirtualService<'_>],
    diagnostics: &mut Diagnostics,
) {
    let hosts = || attached.iter().flat_map(|it| &it.hosts).map(|host| host.as_str());
    let Some(first) = hostnames.iter().find(|hostname| !hosts().any(|host| host == hostname.as_str())) else { return };
    let mut known: Vec<&str> = hosts().collect();
    known.sort_unstable();
    known.dedup();
    let message = format!(
        "istiod ignores `hostnames` of a route whose parents are Services: {} `{}` applies to requests for {}",
        resource.kind.name(),
        resource.name(),
        list(known, "and")
    );
    diagnostics
        .report(&OF_MESH, first.span, message)
        .help(Advice::remove(Edit::remove_around(first.span).of("hostnames")));
}
