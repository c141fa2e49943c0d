//! `sidecar-hides-route`

use std::collections::BTreeSet;

use super::{imports, place_of_hosts};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Labels;
use crate::source::Span;
use crate::world::{ExportTo, RouteMatch, Sidecar, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "sidecar-hides-route",
    summary: "a VirtualService is for clients whose Sidecar does not import it, so its routes never apply to them",
    findings: [&NAMED_CLIENTS, &OWN_NAMESPACE],
    check: check,
};

static NAMED_CLIENTS: Finding = finding! {
    "named-clients", Lost, Certain, [],
    "the VirtualService names the clients by `sourceLabels`",
};
static OWN_NAMESPACE: Finding = finding! {
    "own-namespace", Lost, Likely, [],
    "the VirtualService is exported only to the namespace of the Sidecar",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in world.virtual_services.iter().filter(|it| it.binds_mesh() && !it.is_delegate()) {
        let clients = clients(virtual_service);
        let mut reported: BTreeSet<Span> = BTreeSet::new();
        for client in &clients {
            for sidecar in sidecars_of(world, virtual_service, client) {
                if !imports_routes(sidecar, virtual_service, client.namespace) && reported.insert(sidecar.resource.span)
                {
                    report_client(sidecar, virtual_service, client, diagnostics);
                }
            }
        }
        if clients.is_empty() {
            check_private(world, virtual_service, diagnostics);
        }
    }
}

/// Clients that a route is for.
struct Client<'s> {
    labels: &'s Labels,
    namespace: &'s str,
    span: Span,
}

/// The clients that the routes of a VirtualService name by labels.
fn clients<'s>(virtual_service: &'s VirtualService<'_>) -> Vec<Client<'s>> {
    let client = |it: RouteMatch<'s>| {
        let span = it.source_labels.span.filter(|_| !it.source_labels.is_empty())?;
        let own = virtual_service.name.namespace.as_ref();
        let namespace = it.source_namespace.map_or(own, |namespace| namespace.as_str());
        Some(Client { labels: it.source_labels, namespace, span })
    };
    virtual_service.matches().filter_map(client).collect()
}

/// The Sidecars of the workloads that a route is for or, without workloads, those whose selector has the labels. If
/// `exportTo` hides the VirtualService from the clients, no Sidecar does.
fn sidecars_of<'w, 'a>(
    world: &'w World<'a>,
    virtual_service: &VirtualService<'_>,
    client: &Client<'_>,
) -> Vec<&'w Sidecar<'a>> {
    if !virtual_service.export_to.includes(client.namespace) {
        return Vec::new();
    }
    let workloads = world.selected_in(client.namespace, Some(client.labels));
    let found: Vec<&Sidecar<'_>> = workloads.filter_map(|it| world.sidecar_of(client.namespace, &it.labels)).collect();
    if !found.is_empty() {
        return found;
    }
    let has_labels =
        |it: &&Sidecar<'_>| it.selector().is_some_and(|selector| client.labels.selects(&selector.to_set()));
    world.sidecars_in(client.namespace).filter(has_labels).collect()
}

fn imports_routes(sidecar: &Sidecar<'_>, virtual_service: &VirtualService<'_>, client_namespace: &str) -> bool {
    imports(sidecar, client_namespace, |hosts| hosts.import_routes(virtual_service))
}

fn report_client(
    sidecar: &Sidecar<'_>,
    virtual_service: &VirtualService<'_>,
    client: &Client<'_>,
    diagnostics: &mut Diagnostics,
) {
    let message = format!(
        "this Sidecar does not import VirtualService `{}`, which has routes for clients `{}`",
        virtual_service.name,
        client.labels.describe()
    );
    diagnostics
        .report(&NAMED_CLIENTS, place_of_hosts(sidecar), message)
        .related(client.span, "the route is for these clients")
        .help(format!("add `{}` to `hosts`", entry(sidecar, virtual_service)));
}

/// Reports a VirtualService that only its own namespace sees, if no Sidecar there imports it.
fn check_private(world: &World<'_>, virtual_service: &VirtualService<'_>, diagnostics: &mut Diagnostics) {
    let namespace = virtual_service.name.namespace.as_ref();
    let is_private = matches!(&virtual_service.export_to, ExportTo::Namespaces(listed)
        if listed.len() == 1 && listed.contains(namespace));
    let has_other_clients = virtual_service.bound_to.iter().any(|bound| bound.gateway.is_some());
    let mut own = world.sidecars_in(namespace);
    let Some(wide) = own.clone().find(|sidecar| sidecar.selector().is_none()) else { return };
    if !is_private || has_other_clients || own.any(|sidecar| imports_routes(sidecar, virtual_service, namespace)) {
        return;
    }
    let message = format!(
        "no Sidecar of namespace `{namespace}` imports VirtualService `{}`, which only this namespace sees",
        virtual_service.name
    );
    diagnostics
        .report(&OWN_NAMESPACE, place_of_hosts(wide), message)
        .related(virtual_service.resource.name_span(), "exported only to its own namespace")
        .help(format!("add `{}` to `hosts`", entry(wide, virtual_service)));
}

/// The entry of `hosts` that would import a VirtualService.
fn entry(sidecar: &Sidecar<'_>, virtual_service: &VirtualService<'_>) -> String {
    let namespace = match virtual_service.name.namespace.as_ref() {
        own if own == sidecar.name.namespace => ".",
        other => other,
    };
    format!("{namespace}/{}", virtual_service.hosts.first().map_or("*", |host| host.value.as_str()))
}
