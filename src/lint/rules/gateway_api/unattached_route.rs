//! `unattached-route`

use std::collections::{BTreeMap, BTreeSet};

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::{PlacedField, TextField};
use crate::model::gateway_api::{GROUP, GatewayListener, ParentReference};
use crate::model::kinds::ISTIO_NETWORKING;
use crate::model::kubernetes::LabelSelector;
use crate::model::spelling::misspelt;
use crate::model::wording::{list, numbers};
use crate::model::{Kind, Resource, Spec, nearest};
use crate::world::{Gap, Ignored, NamespacedName, Omission, World};

pub static RULE: Rule = rule! {
    name: "unattached-route",
    summary: "a Gateway API route cannot attach to its parent, so its rules never apply there",
    findings: [
        &MISSING_GATEWAY,
        &MISSING_SERVICE,
        &MISSING_PARENT,
        &NO_LISTENER,
        &NAMESPACE_NOT_ALLOWED,
        &KIND_NOT_ALLOWED,
        &UNSUPPORTED_PARENT,
        &FOREIGN_WAYPOINT,
    ],
    check: check,
};

static MISSING_GATEWAY: Finding = finding! {
    "missing-gateway", Lost, Certain, ["KIA1401"],
    "the Gateway does not exist",
};
static MISSING_SERVICE: Finding = finding! {
    "missing-service", Lost, Certain, ["KIA1402"],
    "the Service does not exist",
};
static MISSING_PARENT: Finding = finding! {
    "missing-parent", Lost, Certain, [],
    "the ListenerSet or ServiceEntry does not exist",
};
static NO_LISTENER: Finding = finding! {
    "no-listener", Lost, Certain, [],
    "no listener has the `sectionName`, the `port` or one of the `hostnames`",
};
static NAMESPACE_NOT_ALLOWED: Finding = finding! {
    "namespace-not-allowed", Lost, Certain, ["KIA1401"],
    "the listener does not allow routes of the namespace",
};
static KIND_NOT_ALLOWED: Finding = finding! {
    "kind-not-allowed", Lost, Certain, [],
    "the listener does not allow routes of the kind",
};
// Another controller may attach the route to these two.
static UNSUPPORTED_PARENT: Finding = finding! {
    "unsupported-parent", Lost, Likely, [],
    "Istio does not attach routes to parents of that kind",
};
static FOREIGN_WAYPOINT: Finding = finding! {
    "foreign-waypoint", Lost, Likely, [],
    "another controller manages the waypoint of the Service",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let parents = RouteParents::new(world);
    for ignored in &world.derived.ignored {
        let reference = parent_refs(ignored.resource).iter().find(|reference| reference.span == ignored.span);
        if let Some(reference) = reference {
            check_reference(world, ignored, reference, &parents, diagnostics);
        }
    }
}

/// All Gateways and ListenerSets of the manifests, whichever controller manages them.
struct RouteParents<'a> {
    by_name: BTreeMap<(Kind, NamespacedName<'a>), &'a Resource>,
}

impl<'a> RouteParents<'a> {
    fn new(world: &World<'a>) -> Self {
        let is_parent = |resource: &&&Resource| matches!(resource.kind, Kind::KubernetesGateway | Kind::ListenerSet);
        let identity = |resource: &'a Resource| {
            let namespace = world.settings.namespace_of(resource).to_owned();
            ((resource.kind, NamespacedName::new(namespace, resource.name())), resource)
        };
        let resources: Vec<&Resource> = world.snapshot.resources().collect();
        Self { by_name: resources.iter().filter(is_parent).map(|resource| identity(resource)).collect() }
    }

    /// Whether istiod manages a Gateway, or the Gateway of a ListenerSet; `None` if the latter is not known.
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

fn parent_refs(resource: &Resource) -> &[ParentReference] {
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
    parents: &RouteParents<'_>,
    diagnostics: &mut Diagnostics,
) {
    let own = world.settings.namespace_of(ignored.resource);
    let namespace = reference.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
    let group = reference.group.as_ref().map_or(GROUP, |group| group.as_str());
    let kind = match reference.kind.as_ref().map_or("Gateway", |kind| kind.as_str()) {
        "Gateway" if group == GROUP => Kind::KubernetesGateway,
        "ListenerSet" if group == GROUP => Kind::ListenerSet,
        _ => return check_mesh_parent(world, ignored, reference, namespace, diagnostics),
    };
    let name = NamespacedName::new(namespace, reference.name.text());
    let Some(parent) = parents.by_name.get(&(kind, name.clone())) else {
        return check_missing(world, ignored, reference, kind, &name, parents, diagnostics);
    };
    match parents.is_of_istio(world, parent) {
        Some(true) if world.inventory.unknowns.hide_target(parent) => {
            diagnostics.unchecked(Gap::PlaceholdersIn(parent.kind, name.to_string()));
        }
        Some(true) if ignored.kind == Omission::ForbiddenNamespace && needs_labels(world, reference, parent, own) => {
            diagnostics.unchecked(Gap::NoNamespace(own.to_owned()));
        }
        Some(true) => report_denied(ignored, reference, parent, diagnostics),
        Some(false) => {}
        None => diagnostics.unchecked(Gap::NoGatewayOfListenerSet(name.to_string())),
    }
}

/// Whether a listener that a reference names selects namespaces by labels, and those of a namespace are not known.
fn needs_labels(world: &World<'_>, reference: &ParentReference, parent: &Resource, namespace: &str) -> bool {
    /// Kubernetes sets this label, so it is always known.
    const NAME_LABEL: &str = "kubernetes.io/metadata.name";
    let is_named = |it: &&GatewayListener| {
        let has_name = |name: &str| it.name.text() == name;
        let has_port = |port: u32| it.port.is_none_or(|it| it.value == port);
        reference.section_name.filled().is_none_or(|name| has_name(name))
            && reference.port.is_none_or(|port| has_port(port.value))
    };
    let named = listeners(parent).iter().filter(is_named);
    let choices = named.filter_map(|it| it.allowed_routes.as_ref()?.namespaces.as_ref());
    let selectors = choices.filter(|it| it.from.text() == "Selector").filter_map(|it| it.selector.as_ref());
    let selects_by_labels = |it: &LabelSelector| {
        let mut expressions = it.match_expressions.iter();
        it.match_labels.iter().any(|(key, _)| key.as_str() != NAME_LABEL)
            || expressions.any(|expression| expression.key.text() != NAME_LABEL)
    };
    let is_known = |it: &Resource| it.kind == Kind::Namespace && it.name() == namespace;
    selectors.into_iter().any(selects_by_labels) && !world.snapshot.resources().any(is_known)
}

/// Reports that no listener of an existing parent allows the route.
fn report_denied(ignored: &Ignored<'_>, reference: &ParentReference, parent: &Resource, diagnostics: &mut Diagnostics) {
    let (finding, help) = match ignored.kind {
        Omission::ForbiddenNamespace => {
            let mut choices = listeners(parent).iter().filter_map(|it| it.allowed_routes.as_ref()?.namespaces.as_ref());
            let help = match choices.find(|it| it.selector.is_some() && it.from.text() != "Selector") {
                Some(_) => {
                    "write `from: Selector` in `allowedRoutes.namespaces`: without it, the selector has no effect"
                }
                None => "allow the namespace in `allowedRoutes.namespaces` of the listener",
            };
            (&NAMESPACE_NOT_ALLOWED, Some(help.into()))
        }
        Omission::ForbiddenKind => {
            (&KIND_NOT_ALLOWED, Some(kind_instead(ignored.resource.kind, reference, parent).into()))
        }
        _ => (&NO_LISTENER, listener_instead(reference, listeners(parent))),
    };
    let diagnostic = diagnostics.report(finding, ignored.span, &ignored.reason);
    diagnostic.related(parent.name_span(), format!("the {} is defined here", parent.kind.name()));
    if let Some(help) = help {
        diagnostic.help(help);
    }
}

fn listeners(parent: &Resource) -> &[GatewayListener] {
    match &parent.spec {
        Spec::KubernetesGateway(gateway) => &gateway.listeners,
        Spec::ListenerSet(set) => &set.listeners,
        _ => &[],
    }
}

/// The help for a route of a kind that listeners do not support.
fn kind_instead(kind: Kind, reference: &ParentReference, parent: &Resource) -> String {
    let is_http = matches!(kind, Kind::HttpRoute | Kind::GrpcRoute);
    let section = reference.section_name.text();
    let mut named = listeners(parent).iter().filter(|it| section.is_empty() || it.name.text() == section);
    match named.next().map_or("", |listener| listener.protocol.text()) {
        "TLS" if is_http => "give the listener protocol `HTTPS`, which terminates TLS, or write a TLSRoute".to_owned(),
        "TCP" if is_http => "give the listener protocol `HTTP` or `HTTPS`, or write a TCPRoute".to_owned(),
        "HTTP" | "HTTPS" if !is_http => "use an HTTPRoute or a GRPCRoute".to_owned(),
        "TLS" if kind == Kind::TcpRoute => "use a TLSRoute".to_owned(),
        "TCP" if kind == Kind::TlsRoute => "give the listener protocol `TLS`, or write a TCPRoute".to_owned(),
        _ => format!("allow kind `{}` in `allowedRoutes.kinds` of the listener", kind.name()),
    }
}

/// The help for a reference that no listener fits.
fn listener_instead(reference: &ParentReference, listeners: &[GatewayListener]) -> Option<Advice> {
    let ports: BTreeSet<u32> = listeners.iter().filter_map(|listener| Some(listener.port?.value)).collect();
    let names: BTreeSet<&str> = listeners.iter().map(|listener| listener.name.text()).collect();
    let port = reference.port.filter(|port| !ports.contains(&port.value));
    let name = reference.section_name.filled().filter(|name| !names.contains(name.as_str()));
    match (port, name) {
        _ if listeners.is_empty() => Some("add a listener".into()),
        (Some(_), _) if ports.len() == 1 => Some(format!("its only port is {}", numbers(ports, "and")).into()),
        (Some(_), _) => Some(format!("its ports are {}", numbers(ports, "and")).into()),
        (None, Some(name)) => Some(match misspelt(name, names.iter().copied()) {
            Some(similar) => Advice::did_you_mean(Edit::set(name.span, similar)),
            None if names.len() == 1 => format!("its only listener is {}", list(names, "and")).into(),
            None => format!("its listeners are {}", list(names, "and")).into(),
        }),
        (None, None) if reference.port.is_some() && reference.section_name.filled().is_some() => None,
        (None, None) => Some("change `hostnames` of the route, or `hostname` of the listener".into()),
    }
}

/// Checks a reference to a Gateway or ListenerSet that the manifests do not define.
fn check_missing(
    world: &World<'_>,
    ignored: &Ignored<'_>,
    reference: &ParentReference,
    kind: Kind,
    name: &NamespacedName<'_>,
    parents: &RouteParents<'_>,
    diagnostics: &mut Diagnostics,
) {
    let near = || world.would_have(kind, ignored.resource, &name.name, &name.namespace);
    let more = || world.inventory.may_exist(kind, &name.namespace, &name.name).map_or(Ok(()), Err);
    let any = parents.has_any_in(&name.namespace);
    if let Err(gap) = world
        .inventory
        .expect_kind(any, Kind::KubernetesGateway, &name.namespace)
        .and_then(|()| more())
        .and_then(|()| near())
    {
        return diagnostics.unchecked(gap);
    }
    let finding = if kind == Kind::ListenerSet { &MISSING_PARENT } else { &MISSING_GATEWAY };
    let span = reference.name.place(reference.span);
    let is_namesake = |it: &&Resource| {
        it.kind == Kind::Gateway && it.name() == name.name && world.settings.namespace_of(it) == name.namespace
    };
    if kind == Kind::KubernetesGateway
        && let Some(namesake) = world.snapshot.resources().find(is_namesake)
    {
        let message = format!("`{name}` is a Gateway of `{ISTIO_NETWORKING}`, to which routes cannot attach");
        diagnostics
            .report(finding, span, message)
            .related(namesake.name_span(), "this Gateway has the name")
            .help(format!("attach the route to a Gateway of `{GROUP}`"));
        return;
    }
    let message = format!("{} `{name}` does not exist", kind.name());
    let diagnostic = diagnostics.report(finding, span, message).cause(format!("{kind:?} {name}"));
    let elsewhere = parents.by_name.iter().find(|((of_kind, other), _)| *of_kind == kind && other.name == name.name);
    if let Some(((_, other), resource)) = elsewhere {
        diagnostic
            .related(resource.name_span(), format!("a {} of this name is in another namespace", kind.name()))
            .help(match &reference.namespace {
                Some(written) => {
                    let edit = Edit::set(written.span, &*other.namespace);
                    Advice::new(format!("change `namespace` to {edit}")).fix([edit])
                }
                None => Advice::add(Edit::add(reference.span, ["namespace"], &*other.namespace)),
            });
    } else if let Some(similar) = nearest(&name.name, parents.names_in(&name.namespace)) {
        diagnostic.did_you_mean(similar);
    }
}

/// Checks a reference to a parent that has no listeners: a Service, a ServiceEntry or another kind.
fn check_mesh_parent(
    world: &World<'_>,
    ignored: &Ignored<'_>,
    reference: &ParentReference,
    namespace: &str,
    diagnostics: &mut Diagnostics,
) {
    let name = reference.name.text();
    if world.inventory.makes(Kind::Service, namespace, name) {
        return;
    }
    let is_known = world.inventory.service(namespace, name).or(world.inventory.service_entries(namespace)).is_ok();
    if let Some(gap) = world.inventory.may_exist(Kind::Service, namespace, name).filter(|_| is_known) {
        return diagnostics.unchecked(gap);
    }
    if let Err(gap) = world.inventory.service(namespace, name)
        && !is_known
    {
        return diagnostics.unchecked(gap);
    }
    if let Err(gap) = world.would_have(Kind::Service, ignored.resource, name, namespace) {
        return diagnostics.unchecked(gap);
    }
    let finding = match ignored.kind {
        Omission::MissingParent if reference.kind.text() == Kind::Service.name() => &MISSING_SERVICE,
        Omission::MissingParent => &MISSING_PARENT,
        Omission::ForeignWaypoint => &FOREIGN_WAYPOINT,
        _ => &UNSUPPORTED_PARENT,
    };
    let diagnostic = diagnostics.report(finding, reference.name.place(reference.span), &ignored.reason);
    let (kind, group) = match reference.kind.text() {
        "Service" => (Kind::Service, ""),
        "ServiceEntry" => (Kind::ServiceEntry, ISTIO_NETWORKING),
        _ => return,
    };
    let of_kind = |it: &&Resource| it.kind == kind && world.settings.namespace_of(it) == namespace;
    let names = world.snapshot.resources().filter(of_kind).map(Resource::name);
    match (ignored.kind, &reference.group) {
        (Omission::UnsupportedParent, None) => {
            diagnostic.help(Advice::add(Edit::add(reference.span, ["group"], group)));
        }
        (Omission::UnsupportedParent, Some(written)) => {
            diagnostic.help(Advice::write(Edit::set(written.span, group).of("group")));
        }
        (Omission::MissingParent, _) => {
            if let Some(similar) = nearest(reference.name.text(), names) {
                diagnostic.did_you_mean(similar);
            }
        }
        _ => {}
    }
}
