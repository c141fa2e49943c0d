//! `unknown-host`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::spelling::misspelt;
use crate::model::{Kind, wording};
use crate::world::host::Form;
use crate::world::{DestinationRef, Service, VirtualService, World};

use super::dead_alias::dead_alias;
use super::misshapen_host::{misshapen_host, report_short_entry, short_entry};
use super::{complete_name, export_to_field, host_cause, only_namesake, write_if};

pub static RULE: Rule = rule! {
    name: "unknown-host",
    summary: "a destination host that no Service or ServiceEntry has, so its requests get 503",
    findings: [
        &UNKNOWN, &NAME_WITH_DOT, &MISSHAPEN, &NOT_EXPORTED, &ONLY_WILDCARD, &OTHER_NAMESPACE, &NOT_A_SERVICE, &SHORT_ENTRY,
        &EXTERNAL_NAME,
    ],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Lost, Certain, ["IST0101", "KIA1101"],
    "no Service or ServiceEntry has the host",
};
static NAME_WITH_DOT: Finding = finding! {
    "name-with-dot", Lost, Certain, ["IST0101", "KIA1101"],
    "Istio does not expand the host, because the host contains a dot",
};
static MISSHAPEN: Finding = finding! {
    "misshapen", Lost, Certain, ["IST0101", "KIA1101"],
    "the host resembles the name of a Service, and lacks a part of it",
};
static NOT_EXPORTED: Finding = finding! {
    "not-exported", Lost, Certain, ["IST0101", "KIA1101"],
    "the service is not exported to the clients of the VirtualService",
};
static ONLY_WILDCARD: Finding = finding! {
    "only-wildcard", Lost, Certain, [],
    "only a wildcard of a ServiceEntry covers the host",
};
static OTHER_NAMESPACE: Finding = finding! {
    "other-namespace", Lost, Likely, ["IST0101", "KIA1101"],
    "the only Service of this short name is in another namespace",
};

static NOT_A_SERVICE: Finding = finding! {
    "not-a-service", Lost, Likely, ["IST0101", "KIA1101"],
    "the host is the name of a pod, or of a Service in another domain",
};
static SHORT_ENTRY: Finding = finding! {
    "short-entry", Lost, Likely, ["IST0101", "KIA1101"],
    "a ServiceEntry has the short name as its host, which Istio does not expand there",
};
static EXTERNAL_NAME: Finding = finding! {
    "external-name", Lost, Likely, [],
    "the host is an ExternalName Service for a host that no service has",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in &world.virtual_services {
        for destination in virtual_service.destinations().iter().filter(|it| !context.is_refused(it.host.span)) {
            check_destination(world, virtual_service, destination, diagnostics);
        }
    }
}

fn check_destination(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let written = destination.host;
    let place = written.span;
    let own = virtual_service.name.namespace.as_ref();
    let host = virtual_service.full_host(written, &world.settings);
    if let Some(seen) = seen(world, virtual_service, &host) {
        return check_alias(world, virtual_service, destination, seen, diagnostics);
    }
    if world.makes_service(&host) {
        return;
    }
    if let Some(wildcard) = world.services.covering(own, &host).filter(|it| it.hostname != host) {
        let message = format!("host `{host}` has no cluster: only wildcard `{}` covers it", wildcard.hostname);
        diagnostics
            .report(&ONLY_WILDCARD, place, message)
            .related(wildcard.span, "the wildcard")
            .help("add a ServiceEntry for the host, or use the wildcard as the destination");
        return;
    }
    if let Some(hidden) = world.services.named(&host).next() {
        let clients = world.presumed_client_namespaces(virtual_service);
        let noun = if clients.len() == 1 { "namespace" } else { "namespaces" };
        let names = wording::list(&clients, "and");
        diagnostics
            .report(&NOT_EXPORTED, place, format!("host `{host}` is not exported to {noun} {names}"))
            .related(hidden.span, "the service is exported to other namespaces")
            .help(format!("add {names} to {} of the service", export_to_field(hidden)));
        return;
    }
    let resource = virtual_service.resource;
    let unknown = format!("host `{host}` does not exist");
    if let Some(entry) = short_entry(world, virtual_service.resource, own, written) {
        return report_short_entry(&SHORT_ENTRY, place, entry, (written, &host), diagnostics);
    }
    match Form::of(&host, &world.settings.domain) {
        Form::Kubernetes { name, namespace } if world.expects_service(resource, name, namespace).is_ok() => {
            let diagnostic = diagnostics.report(&UNKNOWN, place, unknown).cause(host_cause(&host));
            match world.services.nearest(namespace, &host, &world.settings.domain) {
                Some(service) => diagnostic.did_you_mean(&service.hostname),
                None => match similar_made(world, namespace, name) {
                    Some(made) => diagnostic.did_you_mean(format!("{made}.{namespace}.svc.{}", world.settings.domain)),
                    None => diagnostic
                        .help(format!("use the host of a Service in namespace `{namespace}`, or add a ServiceEntry")),
                },
            };
        }
        Form::Kubernetes { name, namespace } => match only_namesake(world, namespace, name, written) {
            Some(service) => {
                let message =
                    format!("Istio expands `{}` to `{host}`, which the manifests do not define", written.as_str());
                diagnostics
                    .report(&OTHER_NAMESPACE, place, message)
                    .related(service.span, "the only Service with this name")
                    .help(write_if(place, &service.hostname, "the route is for that Service"));
            }
            None => world.expects_service(resource, name, namespace).unwrap_or_else(|gap| diagnostics.unchecked(gap)),
        },
        Form::TwoLabels { name, namespace } if world.expects_listed_service(resource, name, namespace).is_ok() => {
            diagnostics
                .report(&NAME_WITH_DOT, place, format!("{unknown}: Istio does not expand names that contain a dot"))
                .cause(host_cause(&host))
                .help(complete_name(world, place, name, namespace));
        }
        Form::TwoLabels { .. } | Form::External => {
            match misshapen_host(world, own, &host) {
                Some(Ok(found)) => {
                    let finding = if found.is_certain { &MISSHAPEN } else { &NOT_A_SERVICE };
                    let message = format!("{unknown}: {}", found.reason);
                    let diagnostic = diagnostics.report(finding, place, message).cause(host_cause(&host));
                    if let Some(meant) = found.meant {
                        diagnostic.related(meant, "the Service that is probably meant");
                    }
                    diagnostic.help(found.help);
                    return;
                }
                Some(Err(gap)) => return diagnostics.unchecked(gap),
                None => {}
            }
            let near = || world.would_have(Kind::ServiceEntry, resource, "", own);
            if let Err(gap) = world.inventory.service_entry(own, &host).and_then(|()| near()) {
                return diagnostics.unchecked(gap);
            }
            diagnostics
                .report(&UNKNOWN, place, unknown)
                .cause(host_cause(&host))
                .help("add a ServiceEntry for the host");
        }
    }
}

/// Whether the rule reports the host of a destination, so that nothing else is to be said about it.
pub(super) fn is_reported(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
) -> bool {
    let mut diagnostics = Diagnostics::new(&RULE);
    check_destination(world, virtual_service, destination, &mut diagnostics);
    !diagnostics.is_empty()
}

/// The service of exactly this name for which some proxies that use the VirtualService have clusters. A route brings a
/// service of the client's own namespace into the scope of a sidecar, whether or not that is exported to it.
fn seen<'w, 'a>(world: &'w World<'a>, virtual_service: &VirtualService<'_>, host: &str) -> Option<&'w Service<'a>> {
    let clients = world.presumed_client_namespaces(virtual_service);
    let is_for_sidecars = world.roots_of(virtual_service).iter().any(|root| root.binds_mesh());
    clients.iter().find_map(|namespace| match is_for_sidecars {
        true => world.services.routed_from(namespace, host),
        false => world.services.seen_from(namespace, host),
    })
}

/// Checks that an ExternalName Service leads to a service.
fn check_alias(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    service: &Service<'_>,
    diagnostics: &mut Diagnostics,
) {
    let own = virtual_service.name.namespace.as_ref();
    match dead_alias(world, virtual_service.resource, own, service) {
        Some(Ok(dead)) => {
            let finding = if dead.is_certain { &UNKNOWN } else { &EXTERNAL_NAME };
            let message = format!("ExternalName Service `{}` has no cluster: {}", service.hostname, dead.reason);
            diagnostics
                .report(finding, destination.host.span, message)
                .related(service.span, "the ExternalName Service")
                .cause(host_cause(&service.hostname))
                .help(dead.help);
        }
        Some(Err(gap)) => diagnostics.unchecked(gap),
        None => {}
    }
}

/// The Service of a namespace that a controller makes and that has nearly this name.
fn similar_made<'w>(world: &'w World<'_>, namespace: &str, name: &str) -> Option<&'w str> {
    misspelt(name, world.inventory.makers().names(Kind::Service, namespace))
}
