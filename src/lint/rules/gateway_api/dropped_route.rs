//! `dropped-route`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::world::{Gateway, NamespacedName, Omission, Origin, Server, World, host};

pub static RULE: Rule = rule! {
    name: "dropped-route",
    summary: "a Gateway API route, or a part of an Ingress, has no effect, because istiod cannot convert it",
    findings: [&WHOLE_ROUTE, &INGRESS_PART, &INGRESS_TLS],
    check: check,
};

static WHOLE_ROUTE: Finding = finding! {
    "whole-route", Lost, Certain, [],
    "istiod cannot convert a rule of the route, and drops all of its rules",
};
// Other controllers may support the part, so its requests are not certainly lost.
static INGRESS_PART: Finding = finding! {
    "ingress-part", Lost, Likely, [],
    "istiod ignores a part of an Ingress",
};

// The manifests rarely say which Ingress is older.
static INGRESS_TLS: Finding = finding! {
    "ingress-tls", Lost, Likely, [],
    "istiod routes a host only at the port of the oldest Ingress, which has no TLS for the host",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    check_tls(context.world, diagnostics);
    for ignored in &context.world.derived.ignored {
        let finding = match ignored.kind {
            Omission::Route => &WHOLE_ROUTE,
            Omission::Ingress => &INGRESS_PART,
            _ => continue,
        };
        let diagnostic = diagnostics.report(finding, ignored.span, &ignored.reason);
        if let Some(help) = &ignored.help {
            diagnostic.help(help);
        }
    }
}

/// Checks the TLS of Ingresses that share a host. The routes of the host are bound to the Gateway of the oldest Ingress.
fn check_tls(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let gateways = &world.derived.gateways;
    for virtual_service in world.derived.virtual_services.iter().filter(|it| it.origin == Origin::Ingress) {
        let bound = virtual_service.bound_to.iter().find_map(|bound| bound.gateway.as_ref());
        let Some(host) = virtual_service.hosts.first().filter(|host| host.as_str() != "*") else { continue };
        let Some(oldest) = bound.and_then(|name| world.derived.gateway(name)) else { continue };
        if tls_of(oldest, host).is_some() {
            continue;
        }
        let is_other = |it: &&Gateway<'_>| {
            it.resource.span != oldest.resource.span
                && virtual_service.sources.iter().any(|source| source.resource.span == it.resource.span)
        };
        for server in gateways.iter().filter(is_other).filter_map(|it| tls_of(it, host)) {
            let name = NamespacedName::new(world.settings.namespace_of(oldest.resource), oldest.resource.name());
            let message = format!(
                "HTTPS requests for `{}` get 404 if Ingress `{name}` is older: istiod routes the host only there",
                host.value
            );
            diagnostics
                .report(&INGRESS_TLS, server.spec.span, message)
                .related(oldest.resource.name_span(), "this Ingress has paths for the host, and no `tls`")
                .help(format!("give Ingress `{name}` the same `tls`, or combine the two in one Ingress"));
        }
    }
}

/// The server of a Gateway that serves a host with TLS.
fn tls_of<'w, 'a>(gateway: &'w Gateway<'a>, host: &str) -> Option<&'w Server<'a>> {
    let serves =
        |it: &&Server<'_>| it.is_tls() && it.hosts.iter().any(|of_server| host::overlap(&of_server.host, host));
    gateway.servers.iter().find(serves)
}
