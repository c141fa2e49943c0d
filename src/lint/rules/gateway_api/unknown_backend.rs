//! `unknown-backend`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::rules::reference::dead_alias::dead_alias;
use crate::lint::rules::reference::host_cause;
use crate::lint::rules::reference::misshapen_host::misshapen_host;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::nearest;
use crate::model::wording::numbers;
use crate::source::{Span, Spanned};
use crate::world::{DestinationRef, Gap, Origin, Refusal, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "unknown-backend",
    summary: "a Gateway API route names a backend that it cannot use, so requests get status 500",
    findings: [&MISSING_SERVICE, &MISSING_PORT, &NO_GRANT, &UNSUPPORTED_KIND, &NOT_EXPORTED, &EXTERNAL_NAME, &INVALID_MIRROR],
    check: check,
};

static MISSING_SERVICE: Finding = finding! {
    "missing-service", Lost, Certain, ["KIA1402"],
    "the Service does not exist",
};
static MISSING_PORT: Finding = finding! {
    "missing-port", Lost, Certain, [],
    "the Service does not have the port",
};
static NO_GRANT: Finding = finding! {
    "no-grant", Lost, Certain, ["KIA1402"],
    "no ReferenceGrant allows the route to use a backend of another namespace",
};
static UNSUPPORTED_KIND: Finding = finding! {
    "unsupported-kind", Lost, Certain, [],
    "Istio does not support backends of that kind",
};
static NOT_EXPORTED: Finding = finding! {
    "not-exported", Lost, Certain, [],
    "the Service is not exported to the namespace of the route",
};

static EXTERNAL_NAME: Finding = finding! {
    "external-name", Lost, Likely, [],
    "the backend is an ExternalName Service for a host that no service has",
};

static INVALID_MIRROR: Finding = finding! {
    "invalid-mirror", Lost, Certain, [],
    "istiod cannot convert the backend of a mirror, and drops the mirror",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // A route that is attached to several listeners results in several VirtualServices.
    let mut seen = BTreeSet::new();
    let derived = world.derived.virtual_services.iter();
    for virtual_service in derived.filter(|it| it.origin == Origin::GatewayApi) {
        for refused in virtual_service.sources.iter().flat_map(|source| &source.refused) {
            if seen.insert(refused.span) {
                report_refused(refused.span, refused.refusal, diagnostics);
            }
        }
        for destination in virtual_service.destinations() {
            // Only the destination that does not exist, for a rule of connections without backends, has a subset.
            if destination.destination.subset.is_none() && seen.insert(destination.host.span) {
                check_backend(world, virtual_service, &destination, diagnostics);
            }
        }
    }
}

fn report_refused(span: Span, refusal: Refusal, diagnostics: &mut Diagnostics) {
    match refusal {
        Refusal::NotGranted => {
            diagnostics
                .report(&NO_GRANT, span, "no ReferenceGrant allows the route to use this backend of another namespace")
                .help("add a ReferenceGrant to the namespace of the backend");
        }
        Refusal::UnsupportedKind => {
            diagnostics
                .report(&UNSUPPORTED_KIND, span, "Istio does not support backends of this kind")
                .help("use a Service, or kind `Hostname` of group `networking.istio.io`");
        }
        Refusal::InvalidMirror => {
            diagnostics
                .report(
                    &INVALID_MIRROR,
                    span,
                    "istiod cannot convert the backend of the mirror, so nothing is mirrored",
                )
                .help("refer to a Service by its `name`, `namespace` and `port`");
        }
        Refusal::OptionalKind => diagnostics.unchecked(Gap::InferenceExtension),
    }
}

fn check_backend(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let written: &Spanned<String> = destination.host;
    let full = written.as_str();
    let own = &virtual_service.name.namespace;
    if let Some(service) = world.services.covering(own, full) {
        let port = destination.destination.port.as_ref().and_then(|port| port.number);
        if let Some(port) = port.filter(|port| !service.ports.is_empty() && service.port(port.value).is_none()) {
            let ports = service.ports.iter().map(|port| port.number);
            diagnostics
                .report(&MISSING_PORT, port.span, format!("host `{full}` does not have port {}", port.value))
                .related(service.span, "the host is defined here")
                .help(format!("use port {}", numbers(ports, "or")));
            return;
        }
        match dead_alias(world, virtual_service.resource, own, service) {
            Some(Ok(dead)) => {
                let message =
                    format!("requests get 500, because ExternalName Service `{full}` has no cluster: {}", dead.reason);
                let finding = if dead.is_certain { &MISSING_SERVICE } else { &EXTERNAL_NAME };
                diagnostics
                    .report(finding, written.span, message)
                    .related(service.span, "the ExternalName Service")
                    .cause(host_cause(full))
                    .help(dead.help);
            }
            Some(Err(gap)) => diagnostics.unchecked(gap),
            None => {}
        }
        return;
    }
    if let Some(hidden) = world.services.named(full).next() {
        diagnostics
            .report(&NOT_EXPORTED, written.span, format!("host `{full}` is not exported to namespace `{own}`"))
            .related(hidden.span, "the host is defined here, for other namespaces")
            .help(format!("export the host to namespace `{own}`"));
        return;
    }
    let domain = &world.settings.domain;
    let Some((name, namespace)) = host::kubernetes_service(full, domain) else {
        if let Some(Ok(found)) = misshapen_host(world, own, full).filter(|it| it.as_ref().is_ok_and(|it| it.is_certain))
        {
            let message = format!("host `{full}` does not exist: {}", found.reason);
            diagnostics.report(&MISSING_SERVICE, written.span, message).cause(host_cause(full)).help(found.help);
            return;
        }
        return diagnostics.unchecked(Gap::ExternalService(full.to_owned()));
    };
    if world.makes_service(full) {
        return;
    }
    if let Err(gap) = world.expects_service(virtual_service.resource, name, namespace) {
        return diagnostics.unchecked(gap);
    }
    let known = world.services.in_namespace(namespace);
    let names = known.filter_map(|it| host::kubernetes_service(&it.hostname, domain)).map(|(name, _)| name);
    let similar = nearest(name, names);
    let message = format!("Service `{namespace}/{name}` does not exist");
    let diagnostic = diagnostics.report(&MISSING_SERVICE, written.span, message).cause(host_cause(full));
    match similar {
        Some(similar) => diagnostic.did_you_mean(similar),
        None => diagnostic.help("correct the name, or create the Service"),
    };
}
