//! `sidecar-hides-route`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Labels;
use crate::source::Span;
use crate::world::{EgressHosts, ExportTo, RouteMatch, Sidecar, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "sidecar-hides-route",
    aliases: [],
    severity: Error,
    summary: "a VirtualService for clients whose Sidecar does not import it: its routes never apply to them",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let routes = world.virtual_services.iter().filter(|service| service.binds_mesh() && !service.is_delegate());
    for service in routes {
        let sources = sources(service);
        let mut reported: BTreeSet<Span> = BTreeSet::new();
        for source in &sources {
            for sidecar in sidecars_of(world, service, source) {
                if !imports(sidecar, service, source.namespace) && reported.insert(sidecar.resource.span) {
                    report_source(sidecar, service, source, diagnostics);
                }
            }
        }
        if sources.is_empty() {
            check_private(world, service, diagnostics);
        }
    }
}

/// Clients that a rule of a VirtualService is for.
struct Source<'s> {
    labels: &'s Labels,
    namespace: &'s str,
    span: Span,
}

/// The clients that the rules of a VirtualService name by labels.
fn sources<'s>(service: &'s VirtualService<'_>) -> Vec<Source<'s>> {
    let source = |it: RouteMatch<'s>| {
        let span = it.source_labels.span.filter(|_| !it.source_labels.is_empty())?;
        let namespace = it.source_namespace.map_or(service.name.namespace.as_ref(), |namespace| namespace.as_str());
        Some(Source { labels: it.source_labels, namespace, span })
    };
    service.matches().filter_map(source).collect()
}

/// The Sidecars of the workloads that a rule is for; without workloads those whose selector has the labels. Those that
/// do not see the VirtualService at all are passed over: `exportTo` is what hides it.
fn sidecars_of<'w, 'a>(
    world: &'w World<'a>,
    service: &VirtualService<'_>,
    source: &Source<'_>,
) -> Vec<&'w Sidecar<'a>> {
    if !service.export_to.includes(source.namespace) {
        return Vec::new();
    }
    let workloads = world.selected_in(source.namespace, Some(source.labels));
    let found: Vec<&Sidecar<'_>> = workloads.filter_map(|it| world.sidecar_of(source.namespace, &it.labels)).collect();
    if !found.is_empty() {
        return found;
    }
    let has_labels =
        |it: &&Sidecar<'_>| it.selector().is_some_and(|selector| source.labels.selects(&selector.to_set()));
    world.sidecars_in(source.namespace).filter(has_labels).collect()
}

/// Whether some listener of a Sidecar imports a VirtualService for clients of a namespace.
fn imports(sidecar: &Sidecar<'_>, service: &VirtualService<'_>, client: &str) -> bool {
    let listeners = &sidecar.spec.egress;
    let mut hosts = listeners.iter().map(|it| EgressHosts::new(&it.hosts, client));
    listeners.is_empty() || hosts.any(|hosts| hosts.import_routes(service))
}

fn report_source(
    sidecar: &Sidecar<'_>,
    service: &VirtualService<'_>,
    source: &Source<'_>,
    diagnostics: &mut Diagnostics,
) {
    let clients = source.labels.describe();
    let message = format!("VirtualService {} is not imported, but has rules for {clients}", service.name);
    diagnostics
        .report_default(place(sidecar), message)
        .related(source.span, "these are the rules' clients")
        .help(format!("add {} to hosts", entry(sidecar, service)));
}

/// A VirtualService that only its own namespace sees is for clients there. If the one Sidecar of all of them does not
/// import it, nobody uses it.
fn check_private(world: &World<'_>, service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    let namespace = service.name.namespace.as_ref();
    let is_private = matches!(&service.export_to, ExportTo::Namespaces(listed)
        if listed.len() == 1 && listed.contains(namespace));
    let has_other_clients = service.bound_to.iter().any(|bound| bound.gateway.is_some());
    let mut own = world.sidecars_in(namespace);
    let Some(wide) = own.clone().find(|sidecar| sidecar.selector().is_none()) else { return };
    if !is_private || has_other_clients || own.any(|sidecar| imports(sidecar, service, namespace)) {
        return;
    }
    diagnostics
        .report_default(
            place(wide),
            format!("VirtualService {} is not imported, but only for this namespace", service.name),
        )
        .severity(Severity::Warning)
        .related(service.resource.name_span(), "exported to its own namespace alone")
        .help(format!("add {} to hosts", entry(wide, service)));
}

/// The hosts of the last listener, which mostly is the one for all ports.
fn place(sidecar: &Sidecar<'_>) -> Span {
    let listener = sidecar.spec.egress.last();
    let hosts = listener.and_then(|it| Some(it.hosts.first()?.span.to(it.hosts.last()?.span)));
    hosts.or(listener.map(|it| it.span)).unwrap_or(sidecar.spec.span)
}

/// The entry of `hosts` that would import a VirtualService.
fn entry(sidecar: &Sidecar<'_>, service: &VirtualService<'_>) -> String {
    let namespace = match service.name.namespace.as_ref() {
        own if own == sidecar.name.namespace => ".",
        other => other,
    };
    format!("{namespace}/{}", service.hosts.first().map_or("*", |host| host.value.as_str()))
}
