//! `unattached-route`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::{PlacedField, TextField};
use crate::model::gateway_api::{GROUP, ParentReference};
use crate::model::{Kind, Resource, Spec, nearest};
use crate::world::{Gap, Ignored, NamespacedName, Omission, World};

pub static RULE: Rule = rule! {
    name: "unattached-route",
    aliases: ["KIA1401", "KIA1402"],
    severity: Error,
    summary: "a route of the Gateway API that its parent does not take: its rules never apply",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let gateways = Gateways::new(world);
    for ignored in world.derived.ignored.iter().filter(|it| it.kind == Omission::Attachment) {
        let reference = parents(ignored.resource).iter().find(|reference| reference.span == ignored.span);
        if let Some(reference) = reference {
            check_reference(world, ignored, reference, &gateways, diagnostics);
        }
    }
}

/// The Gateways and ListenerSets that the manifests have, whoever looks after them.
struct Gateways<'a> {
    by_name: BTreeMap<(Kind, NamespacedName<'a>), &'a Resource>,
}

impl<'a> Gateways<'a> {
    fn new(world: &World<'a>) -> Self {
        let is_parent = |resource: &&&Resource| matches!(resource.kind, Kind::KubernetesGateway | Kind::ListenerSet);
        let identity = |resource: &'a Resource| {
            let namespace = world.settings.namespace_of(resource).to_owned();
            ((resource.kind, NamespacedName::new(namespace, resource.name())), resource)
        };
        let resources: Vec<&Resource> = world.snapshot.resources.iter().collect();
        Self { by_name: resources.iter().filter(is_parent).map(|resource| identity(resource)).collect() }
    }

    /// Whether istiod looks after a Gateway, or after that of a ListenerSet; `None` if the latter is not known.
    fn is_of_istio(&self, world: &World<'_>, resource: &Resource) -> Option<bool> {
        let gateway = match &resource.spec {
            Spec::ListenerSet(set) => {
                let parent = set.parent_ref.as_ref()?;
                let own = world.settings.namespace_of(resource);
                let namespace = parent.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
                let name = NamespacedName::new(namespace, parent.name.as_ref()?.as_str());
                self.by_name.get(&(Kind::KubernetesGateway, name)).copied()?
            }
            _ => resource,
        };
        let is_other = |it: &Ignored<'_>| it.kind == Omission::NotOurs && it.resource.span == gateway.span;
        Some(!world.derived.ignored.iter().any(is_other))
    }

    fn has_any_in(&self, namespace: &str) -> bool {
        self.by_name.keys().any(|(_, name)| name.namespace == namespace)
    }

    fn names_in<'s>(&'s self, namespace: &'s str) -> impl Iterator<Item = &'s str> {
        self.by_name.keys().filter(move |(_, name)| name.namespace == namespace).map(|(_, name)| name.name.as_ref())
    }
}

/// The references of a route to what it is attached to.
fn parents(resource: &Resource) -> &[ParentReference] {
    match &resource.spec {
        Spec::HttpRoute(route) => &route.parent_refs,
        Spec::GrpcRoute(route) => &route.parent_refs,
        Spec::TlsRoute(route) => &route.parent_refs,
        Spec::TcpRoute(route) => &route.parent_refs,
        _ => &[],
    }
}

fn check_reference(
    world: &World<'_>,
    ignored: &Ignored<'_>,
    reference: &ParentReference,
    gateways: &Gateways<'_>,
    diagnostics: &mut Diagnostics,
) {
    let own = world.settings.namespace_of(ignored.resource);
    let namespace = reference.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
    let name = reference.name.text();
    let place = reference.name.as_ref().map_or(reference.span, |name| name.span);
    let group = reference.group.as_ref().map_or(GROUP, |group| group.as_str());
    let kind = match reference.kind.as_ref().map_or("Gateway", |kind| kind.as_str()) {
        _ if group != GROUP => return check_service(world, ignored, reference, namespace, diagnostics),
        "ListenerSet" => Kind::ListenerSet,
        _ => Kind::KubernetesGateway,
    };
    if let Some(gateway) = gateways.by_name.get(&(kind, NamespacedName::new(namespace, name))) {
        match gateways.is_of_istio(world, gateway) {
            Some(true) => drop(
                diagnostics.report_default(reference.span, &ignored.reason).related(gateway.name_span(), "the parent"),
            ),
            Some(false) => {}
            None => diagnostics.unchecked(Gap::NoneOfKind(Kind::KubernetesGateway)),
        }
        return;
    }
    let gap = Gap::NoResources(Kind::KubernetesGateway, namespace.to_owned());
    if let Err(gap) = world.inventory.expect(gateways.has_any_in(namespace), gap) {
        return diagnostics.unchecked(gap);
    }
    let diagnostic = diagnostics.report_default(place, format!("there is no {} {namespace}/{name}", kind.name()));
    let elsewhere = gateways.by_name.keys().find(|(of_kind, other)| *of_kind == kind && other.name == name);
    if let Some((_, other)) = elsewhere {
        diagnostic.help(format!("there is {other}: add namespace: {}", other.namespace));
    } else if let Some(near) = nearest(name, gateways.names_in(namespace)) {
        diagnostic.help(format!("did you mean {near}?"));
    }
}

/// A parent in the mesh: a Service, or a ServiceEntry.
fn check_service(
    world: &World<'_>,
    ignored: &Ignored<'_>,
    reference: &ParentReference,
    namespace: &str,
    diagnostics: &mut Diagnostics,
) {
    match world.inventory.services(namespace).or(world.inventory.service_entries(namespace)) {
        Ok(()) => drop(diagnostics.report_default(reference.name.place(reference.span), &ignored.reason)),
        Err(_) => diagnostics.unchecked(Gap::NoResources(Kind::Service, namespace.to_owned())),
    }
}
