//! `missing-subset`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::load::STDIN;
use crate::model::field::TextField;
use crate::model::spelling::did_you_mean;
use crate::model::wording;
use crate::model::{Kind, Resource};
use crate::source::Spanned;
use crate::world::{
    DataPlane, DestinationRef, DestinationRule, Gap, MergedRule, VirtualService, Workload, World, host,
};

use super::{first_label, unknown_host};

pub static RULE: Rule = rule! {
    name: "missing-subset",
    summary: "a route to a subset that no DestinationRule defines for its clients, so its requests get 503",
    findings: [&NOT_DEFINED, &NOWHERE_DEFINED, &NOT_APPLIED, &HIDDEN],
    check: check,
};

static NOT_DEFINED: Finding = finding! {
    "not-defined", Lost, Certain, ["IST0101", "KIA1107"],
    "the DestinationRule of the host does not define the subset",
};
static NOWHERE_DEFINED: Finding = finding! {
    "nowhere-defined", Lost, Certain, ["IST0101", "KIA1107"],
    "no DestinationRule defines the subset for the host",
};
static NOT_APPLIED: Finding = finding! {
    "not-applied", Lost, Certain, [],
    "the clients do not use the DestinationRule that defines the subset",
};

static HIDDEN: Finding = finding! {
    "hidden", Lost, Likely, [],
    "a DestinationRule for other workloads hides the one that defines the subset from some clients",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for virtual_service in &world.virtual_services {
        for destination in virtual_service.destinations() {
            if let Some(subset) = destination.destination.subset.filled()
                && !unknown_host::is_reported(world, virtual_service, &destination)
            {
                check_subset(context, virtual_service, &destination, subset, diagnostics);
                check_hidden(context, virtual_service, &destination, subset, diagnostics);
            }
        }
    }
}

/// A subset of a host that some clients do not have.
struct Missing<'m> {
    subset: &'m Spanned<String>,
    host: &'m str,
    /// The namespace of the host.
    namespace: &'m str,
    /// The namespace of the clients.
    client: &'m str,
}

impl Missing<'_> {
    /// The cause of all findings about the subset, for the clients of one namespace.
    fn cause(&self) -> String {
        format!("subset {} of {} in {}", self.subset.as_str(), self.host, self.client)
    }
}

fn check_subset(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    subset: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let destination_rules = &world.destination_rules;
    let host = virtual_service.full_host(destination.host, &world.settings);
    let namespace = namespace_of(world, virtual_service, &host);
    for client in world.route_client_namespaces(virtual_service, &destination.route) {
        let merged = destination_rules.applying(&client, &namespace, &host, None);
        if merged.is_some_and(|merged| destination_rules.subset(merged, subset).is_some()) {
            continue;
        }
        // The labels of clients decide then.
        if merged.is_none()
            && !destination_rules.hiding(&client, &namespace, &host).is_empty()
            && is_defined(world, &host, subset)
        {
            continue;
        }
        // Other DestinationRules of the host may define the subset.
        if let Err(gap) = world.inventory.destination_rules(&host) {
            return diagnostics.unchecked(gap);
        }
        // So may one whose host is not known yet.
        let unknowns = &world.inventory.unknowns;
        let mut owners = [&*client, &*namespace, &world.settings.root_namespace].into_iter();
        if let Err(gap) = owners.try_for_each(|owner| unknowns.expect(Kind::DestinationRule, owner)) {
            return diagnostics.unchecked(gap);
        }
        let missing = Missing { subset, host: &host, namespace: &namespace, client: &client };
        match merged {
            Some(merged) if !is_definite(context, merged, diagnostics) => {}
            Some(merged) => report_not_defined(world, &missing, merged, diagnostics),
            None => report_without_rule(world, virtual_service.resource, &missing, diagnostics),
        }
        return;
    }
}

/// Whether a DestinationRule defines a subset for a host, for whichever clients.
fn is_defined(world: &World<'_>, host: &str, subset: &str) -> bool {
    world.destination_rules.iter().any(|it| host::covered_by(host, &it.host) && defines(it, subset))
}

fn defines(destination_rule: &DestinationRule<'_>, subset: &str) -> bool {
    destination_rule.spec.subsets.iter().any(|it| it.name.text() == subset)
}

/// Reports a subset that is missing for sidecars of a namespace, all of whose DestinationRules for the host have a
/// `workloadSelector`: they hide the DestinationRule of the service from all workloads of the namespace.
fn check_hidden(
    context: &Context<'_>,
    virtual_service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    subset: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let destination_rules = &world.destination_rules;
    let host = virtual_service.full_host(destination.host, &world.settings);
    let namespace = namespace_of(world, virtual_service, &host);
    if !is_defined(world, &host, subset) {
        return;
    }
    let roots = world.roots_of(virtual_service);
    for client in destination_rules.namespaces() {
        let hiding = destination_rules.hiding(client, &namespace, &host);
        let sees = |root: &&VirtualService<'_>| root.binds_mesh() && root.export_to.includes(client);
        if hiding.is_empty() || !roots.iter().any(sees) {
            continue;
        }
        let lacks = |workload: &&Workload<'_>| {
            let merged = destination_rules.applying(client, &namespace, &host, Some(&workload.labels));
            merged.is_none_or(|merged| destination_rules.subset(merged, subset).is_none())
        };
        let calls = |workload: &&Workload<'_>| {
            workload.runs
                && world.namespaces.data_plane(workload) == Some(DataPlane::Sidecar)
                && !world.is_gateway_workload(workload)
        };
        let mut lacking = world.selected_in(client, None).filter(calls).filter(lacks);
        let Some(workload) = lacking.next() else { continue };
        if !hiding.iter().all(|it| context.is_definite(it.resource, diagnostics)) {
            return;
        }
        let others = lacking.count();
        let clients = match others {
            0 => format!("workload `{}`", workload.name),
            1 => format!("workload `{}` and another one", workload.name),
            _ => format!("workload `{}` and {others} others", workload.name),
        };
        let text = subset.as_str();
        let missing = Missing { subset, host: &host, namespace: &namespace, client };
        let diagnostic = diagnostics
            .report(&HIDDEN, subset.span, format!("subset `{text}` of host `{host}` is not defined for {clients}"))
            .cause(missing.cause());
        for destination_rule in hiding {
            let message = format!(
                "DestinationRule `{}` selects other workloads, but istiod looks no further than its namespace",
                destination_rule.name
            );
            diagnostic.related(destination_rule.host.span, message);
        }
        diagnostic.help(format!(
            "add a DestinationRule for `{host}` without `workloadSelector` to namespace `{client}`, and define `{text}` there"
        ));
        return;
    }
}

fn is_definite(context: &Context<'_>, merged: &MergedRule, diagnostics: &mut Diagnostics) -> bool {
    context.world.destination_rules.parts(merged).all(|part| context.is_definite(part.resource, diagnostics))
}

/// The namespace of the destination. The host of a Service contains it, so the Service need not be in the manifests.
fn namespace_of(world: &World<'_>, virtual_service: &VirtualService<'_>, host: &str) -> String {
    let own = virtual_service.name.namespace.as_ref();
    if let Some(service) = world.services.covering(own, host) {
        return service.namespace.clone();
    }
    host::kubernetes_service(host, &world.settings.domain).map_or(own, |(_, namespace)| namespace).to_owned()
}

fn report_not_defined(world: &World<'_>, missing: &Missing<'_>, merged: &MergedRule, diagnostics: &mut Diagnostics) {
    let subset = missing.subset.as_str();
    let Some(destination_rule) = world.destination_rules.parts(merged).next() else { return };
    let defined = world.destination_rules.subsets(merged);
    let names: Vec<&str> = defined.iter().filter_map(|it| Some(it.subset.name.as_ref()?.as_str())).collect();
    let message = format!("subset `{subset}` is not defined for host `{}`", missing.host);
    let only = match names.as_slice() {
        [] => "no subsets".to_owned(),
        names => format!("only {}", wording::list(names, "and")),
    };
    let others = match world.destination_rules.parts(merged).count() {
        1 => ", which defines",
        _ => " and others of the host, which define",
    };
    let applies = format!(
        "clients in namespace `{}` use DestinationRule `{}`{others} {only}",
        missing.client, destination_rule.name
    );
    let help = did_you_mean(missing.subset.span, subset, names.iter().copied()).unwrap_or_else(|| {
        let add = format!("add `{subset}` to DestinationRule `{}`", destination_rule.name);
        if names.is_empty() { add.into() } else { format!("{add}, or use {}", wording::list(&names, "or")).into() }
    });
    diagnostics
        .report(&NOT_DEFINED, missing.subset.span, message)
        .cause(missing.cause())
        .related(destination_rule.host.span, applies)
        .help(help);
}

/// Reports a subset for which the clients have no DestinationRule, if that one would be among the manifests.
fn report_without_rule(world: &World<'_>, from: &Resource, missing: &Missing<'_>, diagnostics: &mut Diagnostics) {
    if let Err(gap) = expects_rule(world, from, missing) {
        return diagnostics.unchecked(gap);
    }
    let Missing { subset, host, namespace, client } = missing;
    let place = subset.span;
    let subset = subset.as_str();
    let is_it = |it: &&DestinationRule<'_>| host::covered_by(host, &it.host) && defines(it, subset);
    let Some(destination_rule) = world.destination_rules.iter().find(is_it) else {
        if let Some(gap) = world.inventory.may_have_destination_rule(namespace, host) {
            return diagnostics.unchecked(gap);
        }
        diagnostics
            .report(&NOWHERE_DEFINED, place, format!("no DestinationRule defines subset `{subset}` for host `{host}`"))
            .cause(missing.cause())
            .help("add a DestinationRule that defines the subset for the host");
        return;
    };
    let own = destination_rule.name.namespace.as_ref();
    let is_shared = own == *namespace || own == world.settings.root_namespace;
    let help = if is_shared && !destination_rule.export_to.includes(client) {
        format!("add `{client}` to `exportTo` of the DestinationRule")
    } else if client == namespace {
        format!("move the DestinationRule to namespace `{namespace}`, where all clients use it")
    } else {
        format!("move the DestinationRule to namespace `{client}`, or to namespace `{namespace}` of the service")
    };
    diagnostics
        .report(
            &NOT_APPLIED,
            place,
            format!("subset `{subset}` of host `{host}` is not defined for clients in namespace `{client}`"),
        )
        .related(
            destination_rule.host.span,
            format!("these clients do not use DestinationRule `{}`", destination_rule.name),
        )
        .help(help);
}

/// Whether a DestinationRule for the host would be among the manifests. It is kept with the service, or beside the routes as
/// other DestinationRules of the namespaces that clients look in.
fn expects_rule(world: &World<'_>, from: &Resource, missing: &Missing<'_>) -> Result<(), Gap> {
    let Missing { host, namespace, client, .. } = missing;
    // A DestinationRule that does not name its namespace may be in one that the clients look in.
    let may_apply = |it: &&DestinationRule<'_>| {
        world.may_be_elsewhere(it.resource, from)
            && (host::covered_by(host, &it.host) || it.spec.host.text() == first_label(host))
    };
    if let Some(drifting) = world.destination_rules.iter().find(may_apply) {
        return Err(Gap::AssumedNamespace(Kind::DestinationRule, drifting.resource.name().to_owned()));
    }
    let is_together = |resource: &Resource| !world.may_be_elsewhere(resource, from);
    let is_beside = |resource: &Resource| world.are_related(resource, from);
    let in_sight = [*namespace, *client, &world.settings.root_namespace];
    let mut rules = world.destination_rules.iter().filter(|it| is_beside(it.resource));
    let mut services = world.services.named(host).filter(|it| is_together(it.resource));
    // Standard input is usually the whole output of a renderer.
    let is_stream = world.snapshot.sources.file(from.span.file).path() == STDIN;
    let any = is_stream
        || services.next().is_some()
        || rules.any(|it| host::covered_by(host, &it.host) || in_sight.contains(&it.name.namespace.as_ref()));
    world.inventory.expect(any, Gap::NoRuleOrService((*host).to_owned()))
}
