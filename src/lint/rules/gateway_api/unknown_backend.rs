//! `unknown-backend`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::source::{Span, Spanned};
use crate::world::{DestinationRef, Gap, Origin, Refusal, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "unknown-backend",
    aliases: ["KIA1402"],
    severity: Error,
    summary: "a backend of a route that is no Service, has no such port or may not be referred to: requests get 500",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // A route that is attached to several listeners is there several times.
    let mut seen = BTreeSet::new();
    for route in world.derived.virtual_services.iter().filter(|route| route.origin == Origin::GatewayApi) {
        for refused in route.sources.iter().flat_map(|source| &source.refused) {
            if seen.insert(refused.span) {
                report_refused(refused.span, refused.refusal, diagnostics);
            }
        }
        for destination in route.destinations() {
            if seen.insert(destination.host.span) {
                check_backend(world, route, &destination, diagnostics);
            }
        }
    }
}

fn report_refused(span: Span, refusal: Refusal, diagnostics: &mut Diagnostics) {
    match refusal {
        Refusal::NotGranted => diagnostics
            .report_default(span, "this backend is in another namespace, which does not admit the route")
            .help("add a ReferenceGrant to the namespace of the backend"),
        Refusal::UnsupportedKind => diagnostics
            .report_default(span, "Istio does not route to backends of this kind")
            .help("name a Service, or a Hostname of group networking.istio.io"),
    };
}

fn check_backend(
    world: &World<'_>,
    route: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let written: &Spanned<String> = destination.host;
    let full = written.as_str();
    if let Some(service) = world.services.covering(&route.name.namespace, full) {
        let port = destination.destination.port.as_ref().and_then(|port| port.number);
        if let Some(port) = port.filter(|port| !service.ports.is_empty() && service.port(port.value).is_none()) {
            let ports: Vec<String> = service.ports.iter().map(|port| port.number.to_string()).collect();
            diagnostics
                .report_default(port.span, format!("the backend has no port {}", port.value))
                .related(service.span, format!("its ports are {}", ports.join(", ")))
                .help("name a port of the Service, not one of its pods");
        }
        return;
    }
    if let Some(hidden) = world.services.named(full).next() {
        diagnostics
            .report_default(written.span, format!("{full} is not exported to namespace {}", route.name.namespace))
            .related(hidden.span, "defined here, for other namespaces");
        return;
    }
    let Some((name, namespace)) = host::kubernetes_service(full, &world.settings.domain) else {
        return diagnostics.unchecked(Gap::ExternalService(full.to_owned()));
    };
    if let Err(gap) = world.inventory.services(namespace) {
        return diagnostics.unchecked(gap);
    }
    let names = world.services.in_namespace(namespace);
    let names =
        names.filter_map(|it| host::kubernetes_service(&it.hostname, &world.settings.domain)).map(|(name, _)| name);
    let near = crate::model::nearest(name, names);
    let diagnostic = diagnostics.report_default(written.span, format!("there is no Service {namespace}/{name}"));
    if let Some(near) = near {
        diagnostic.help(format!("did you mean {near}?"));
    }
}
