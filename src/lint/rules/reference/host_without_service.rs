//! `host-without-service`

use crate::advice::{Advice, Edit, Literal};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::Spanned;
use crate::world::host::{self, Form, Misshape};
use crate::world::{Gateway, VirtualService, World};

use super::host_cause;
use super::misshapen_host::{misshapen_host, report_short_entry, short_entry};

pub static RULE: Rule = rule! {
    name: "host-without-service",
    summary: "a host of a VirtualService for the mesh that no service has, so sidecars rarely use its routes",
    findings: [&MISSING_GATEWAY, &SHORT_ENTRY, &NAME_WITH_DOT, &MISSHAPEN, &POD_NAME, &UNKNOWN_SERVICE],
    check: check,
};

static MISSING_GATEWAY: Finding = finding! {
    "missing-gateway", Lost, Likely, [],
    "a Gateway serves the host, but the VirtualService is not bound to the Gateway",
};
static NAME_WITH_DOT: Finding = finding! {
    "name-with-dot", Surprising, Certain, [],
    "Istio does not expand the host, because the host contains a dot",
};
static SHORT_ENTRY: Finding = finding! {
    "short-entry", Lost, Likely, [],
    "a ServiceEntry has the short name as its host, which Istio does not expand there",
};
static MISSHAPEN: Finding = finding! {
    "misshapen", Surprising, Certain, [],
    "the host resembles the name of a Service, and lacks a part of it",
};
static POD_NAME: Finding = finding! {
    "pod-name", Surprising, Certain, [],
    "the host is the name of a pod, and its Service does not have port 80, the only one for which the routes apply",
};
static UNKNOWN_SERVICE: Finding = finding! {
    "unknown-service", Surprising, Certain, [],
    "no Service or ServiceEntry has the host",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in world.virtual_services.iter().filter(|it| it.binds_mesh()) {
        for host in virtual_service.hosts.iter().filter(|host| !context.is_refused(host.span)) {
            if host::wildcard_suffix(host).is_none() && world.services.named(host).next().is_none() {
                check_host(world, virtual_service, host, diagnostics);
            }
        }
    }
}

/// Routes of a host that no service has apply on port 80 only, and only to requests for exactly this name (istiod:
/// `separateVSHostsAndServices`).
fn check_host(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    host: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let domain = &world.settings.domain;
    let mut hosts = virtual_service.spec.hosts.iter();
    let written = hosts.find(|written| written.span == host.span).map_or("", |written| written);
    let own = virtual_service.name.namespace.as_ref();
    if let Some(entry) = short_entry(world, virtual_service.resource, own, written) {
        return report_short_entry(&SHORT_ENTRY, host.span, entry, (written, host), diagnostics);
    }
    match Form::of(host, domain) {
        Form::TwoLabels { name, namespace } => {
            let full = format!("{name}.{namespace}.svc.{domain}");
            let Some(service) = world.services.named(&full).next() else { return };
            let message = format!(
                "Istio does not expand `{written}`: these routes apply only to requests for exactly this host, on port 80"
            );
            diagnostics
                .report(&NAME_WITH_DOT, host.span, message)
                .related(service.span, "the Service with this name")
                .write(full);
        }
        // `unknown-host` reports the host if a route of the VirtualService leads to it.
        _ if world.makes_service(host) => {}
        Form::Kubernetes { .. } if leads_to(world, virtual_service, host) => {}
        Form::Kubernetes { name, namespace }
            if world.expects_service(virtual_service.resource, name, namespace).is_ok() =>
        {
            let (host, span) = (host.as_str(), host.span);
            let message = format!(
                "host `{host}` does not exist: these routes apply only to requests for exactly this host, on port 80"
            );
            let diagnostic = diagnostics.report(&UNKNOWN_SERVICE, span, message).cause(host_cause(host));
            let near = world.services.nearest(namespace, host, domain);
            match near.or_else(|| world.services.only_one_called(written)) {
                Some(service) => diagnostic.did_you_mean(&service.hostname),
                None => diagnostic.help("use the host of a Service or ServiceEntry"),
            };
        }
        Form::Kubernetes { name, namespace } => {
            world
                .expects_service(virtual_service.resource, name, namespace)
                .unwrap_or_else(|gap| diagnostics.unchecked(gap));
        }
        Form::External => match misshapen_host(world, own, host) {
            // Clients that send such a name get these routes.
            Some(Ok(found)) if found.is_certain && found.meant.is_some() => {
                let message = format!(
                    "host `{}` is not a service: {}, so these routes apply only to requests for exactly this host, on port 80",
                    host.value, found.reason
                );
                let diagnostic = diagnostics.report(&MISSHAPEN, host.span, message).cause(host_cause(host));
                if let Some(meant) = found.meant {
                    diagnostic.related(meant, "the Service that is probably meant");
                }
                diagnostic.help(found.help);
            }
            _ => match Misshape::of(host, domain) {
                Some(Misshape::OfPod { name, namespace }) => check_pod(world, host, name, namespace, diagnostics),
                _ => check_external(world, virtual_service, host, diagnostics),
            },
        },
    }
}

/// The name of a pod is not that of a service, so its routes apply on port 80 only, which the headless Service may lack.
fn check_pod(world: &World<'_>, host: &Spanned<String>, name: &str, namespace: &str, diagnostics: &mut Diagnostics) {
    let full = format!("{name}.{namespace}.svc.{}", world.settings.domain);
    let Some(service) = world.services.named(&full).next() else { return };
    if service.port(80).is_none() && !service.ports.is_empty() {
        let message = format!(
            "`{}` is the name of a pod: these routes apply only on port 80, which Service `{namespace}/{name}` does not have",
            host.value
        );
        diagnostics
            .report(&POD_NAME, host.span, message)
            .related(service.span, "the Service of the pod")
            .help(format!("write `{full}` to route requests for all pods of the Service"));
    }
}

/// A host that a Gateway serves is rarely for sidecars alone.
fn check_external(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    host: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    if virtual_service.bound_to.iter().any(|bound| bound.gateway.is_some()) {
        return;
    }
    let serves = |gateway: &&Gateway<'_>| {
        let mut hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
        hosts.any(|it| it.host != "*" && it.admits(&virtual_service.name.namespace) && host::covered_by(host, &it.host))
    };
    if let Some(gateway) = world.gateways.iter().find(serves) {
        let message =
            format!("only sidecars route host `{}`, because the VirtualService has no `gateways`", host.as_str());
        diagnostics
            .report(&MISSING_GATEWAY, host.span, message)
            .related(gateway.resource.name_span(), format!("Gateway `{}` serves the host", gateway.name))
            .help({
                let literal = Literal::List(vec![gateway.name.to_string().into()]);
                Advice::add(Edit::add(virtual_service.spec.span, ["gateways"], literal))
            });
    }
}

fn leads_to(world: &World<'_>, virtual_service: &VirtualService<'_>, host: &str) -> bool {
    let destinations = virtual_service.destinations();
    destinations.iter().any(|it| virtual_service.full_host(it.host, &world.settings) == host)
}
