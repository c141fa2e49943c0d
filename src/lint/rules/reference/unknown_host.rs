//! `unknown-host`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::world::host::Form;
use crate::world::{DestinationRef, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "unknown-host",
    aliases: ["IST0101", "KIA1101"],
    severity: Error,
    summary: "a destination that is no service of the mesh: its requests are answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in &world.virtual_services {
        for destination in service.destinations().iter().filter(|it| !context.is_refused(it.host.span)) {
            check_destination(world, service, destination, diagnostics);
        }
    }
}

fn check_destination(
    world: &World<'_>,
    service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    diagnostics: &mut Diagnostics,
) {
    let written = destination.host;
    let full = service.full_host(written, &world.settings);
    if is_seen(world, service, &full) {
        return;
    }
    if let Some(wide) = world.services.covering(&service.name.namespace, &full).filter(|wide| wide.hostname != full) {
        diagnostics
            .report_default(
                written.span,
                format!("host {full} has no cluster: only the wildcard {} has one", wide.hostname),
            )
            .related(wide.span, "defined here")
            .help("add the host to a ServiceEntry of its own, or write the wildcard as the destination");
        return;
    }
    let hidden = world.services.named(&full).next();
    if let Some(hidden) = hidden {
        diagnostics
            .report_default(written.span, format!("host {full} is not exported to {}", clients(world, service)))
            .related(hidden.span, "defined here, for other namespaces")
            .help("add the namespace to its exportTo");
        return;
    }
    match Form::of(&full, &world.settings.domain) {
        Form::Kubernetes { namespace } if world.inventory.services(namespace).is_ok() => {
            let diagnostic = diagnostics.report_default(written.span, unknown(written, &full));
            if let Some(suggestion) = world.services.nearest(namespace, &full, &world.settings.domain) {
                diagnostic.help(format!("did you mean {}?", suggestion.hostname));
            } else {
                diagnostic.help(format!("there is no Service or ServiceEntry of that name in namespace {namespace}"));
            }
        }
        Form::Kubernetes { namespace } => match world.services.only_one_called(written) {
            Some(meant) => {
                diagnostics
                    .report_default(written.span, unknown(written, &full))
                    .severity(Severity::Warning)
                    .related(meant.span, "a Service of that name is in another namespace")
                    .help(format!(
                        "write {} if that is meant: a short name is completed with the own namespace",
                        meant.hostname
                    ));
            }
            None => world.inventory.services(namespace).unwrap_or_else(|gap| diagnostics.unchecked(gap)),
        },
        Form::TwoLabels { name, namespace } if world.inventory.services(namespace).is_ok() => {
            let domain = &world.settings.domain;
            diagnostics
                .report_default(
                    written.span,
                    format!(
                        "host {written:?} is no service: names with a dot are not completed",
                        written = written.as_str()
                    ),
                )
                .help(format!("write {name}.{namespace}.svc.{domain}"));
        }
        Form::TwoLabels { .. } | Form::External => {
            if let Err(gap) = world.inventory.service_entries(&service.name.namespace) {
                return diagnostics.unchecked(gap);
            }
            diagnostics
                .report_default(written.span, unknown(written, &full))
                .help("add a ServiceEntry for it; the mesh does not route to hosts that it does not know");
        }
    }
}

/// Whether the proxies that use the VirtualService see a service of exactly this name.
fn is_seen(world: &World<'_>, service: &VirtualService<'_>, full: &str) -> bool {
    let clients = world.presumed_client_namespaces(service);
    clients.iter().any(|namespace| world.services.seen_from(namespace, full).is_some())
}

/// Who would send requests there, for a reader.
fn clients(world: &World<'_>, service: &VirtualService<'_>) -> String {
    let clients: Vec<String> = world.client_namespaces(service).into_iter().collect();
    match clients.as_slice() {
        [] => format!("namespace {}", service.name.namespace),
        [only] => format!("namespace {only}"),
        several => format!("namespaces {}", several.join(", ")),
    }
}

fn unknown(written: &str, full: &str) -> String {
    if written == full { format!("unknown host {full}") } else { format!("unknown host {written}: there is no {full}") }
}
