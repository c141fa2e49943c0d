//! What routes attach to: listeners, and Services or ServiceEntries of the mesh (istiod:
//! `extractParentReferenceInfo`, `referenceAllowed`, `hostnameAllowedByIsolation`).

use std::collections::{BTreeSet, HashMap};

use super::class::{self, GATEWAY_CONTROLLER, WAYPOINT_CONTROLLER};
use super::listener::Parent;
use super::{Derived, Inputs};
use crate::model::field::TextField;
use crate::model::gateway_api::{GROUP, ParentReference};
use crate::model::kinds::ISTIO_NETWORKING;
use crate::model::{Kind, Resource, Spec};
use crate::source::{Span, Spanned};
use crate::world::{Bound, NamespacedName, Omission, ServerHost, host};

/// The listeners that routes can attach to.
pub(super) struct Attachments {
    /// By the Gateway or ListenerSet that has them.
    by_owner: HashMap<(Kind, NamespacedName<'static>), Vec<Parent>>,
}

/// A place that a route is attached to.
pub(super) struct Attachment<'r> {
    /// The reference that says so.
    pub(super) reference: &'r ParentReference,
    /// What it is attached to.
    pub(super) place: Place,
}

/// What a route is attached to.
pub(super) enum Place {
    /// A listener.
    Listener {
        /// The Gateway of Istio's that stands for it.
        gateway: NamespacedName<'static>,
        /// Its host name; empty without one.
        hostname: String,
        /// The host names of other listeners that it shares its port and protocol with.
        others: BTreeSet<String>,
    },
    /// Services of the mesh, by their full host names.
    Mesh {
        /// The host names.
        hosts: Vec<String>,
    },
}

/// A route as far as attaching goes.
pub(super) struct Route<'r, 'a> {
    pub(super) resource: &'a Resource,
    pub(super) references: &'r [ParentReference],
    pub(super) hostnames: &'r [Spanned<String>],
}

impl Attachment<'_> {
    /// Where it stands.
    pub(super) fn span(&self) -> Span {
        self.reference.span
    }

    /// Whether it is to a Service of the mesh.
    pub(super) fn is_mesh(&self) -> bool {
        matches!(self.place, Place::Mesh { .. })
    }

    /// The binding of a VirtualService.
    pub(super) fn bound(&self) -> Bound {
        let gateway = match &self.place {
            Place::Listener { gateway, .. } => Some(gateway.clone()),
            Place::Mesh { .. } => None,
        };
        Bound { gateway, span: Some(self.span()) }
    }

    /// The hosts of its VirtualServices: the route's own on a listener, those of the Services in the mesh.
    pub(super) fn hosts(&self, route: &Route<'_, '_>) -> Vec<Spanned<String>> {
        match &self.place {
            Place::Mesh { hosts } => {
                let span = self.reference.name.as_ref().map_or(self.span(), |name| name.span);
                hosts.iter().map(|host| Spanned::new(host.clone(), span)).collect()
            }
            Place::Listener { .. } if route.hostnames.is_empty() => {
                vec![Spanned::new("*".to_owned(), route.resource.name_span())]
            }
            Place::Listener { .. } => route.hostnames.to_vec(),
        }
    }

    /// Whether a host is served here, and not by another listener whose host name is at least as long.
    pub(super) fn serves(&self, route_host: &str) -> bool {
        let Place::Listener { hostname, others, .. } = &self.place else { return true };
        if !hostname.is_empty() && host::wildcard_suffix(hostname).is_none() {
            return true;
        }
        (hostname.is_empty() || host::overlap(route_host, hostname))
            && !others.iter().any(|other| hostname.len() <= other.len() && host::covered_by(route_host, other))
    }
}

impl Attachments {
    pub(super) fn new(parents: impl IntoIterator<Item = Parent>) -> Self {
        let mut by_owner: HashMap<_, Vec<Parent>> = HashMap::new();
        for parent in parents {
            by_owner.entry((parent.kind, parent.owner.clone())).or_default().push(parent);
        }
        Self { by_owner }
    }

    /// What a route is attached to, in istiod's order: by the Gateway's name.
    pub(super) fn of<'r, 'a>(
        &self,
        route: &Route<'r, 'a>,
        inputs: &Inputs<'a, '_>,
        derived: &mut Derived<'a>,
    ) -> Vec<Attachment<'r>> {
        let mut found: Vec<Attachment<'r>> = Vec::new();
        for reference in route.references {
            match self.places(reference, route, inputs) {
                Ok(places) => found.extend(places.into_iter().map(|place| Attachment { reference, place })),
                Err(reason) => derived.ignore(Omission::Attachment, route.resource, reference.span, reason),
            }
        }
        let name =
            |attachment: &Attachment<'_>| attachment.bound().gateway.map_or("mesh".to_owned(), |it| it.to_string());
        found.sort_by_key(name);
        // Several references can lead to one listener.
        found.dedup_by(|later, earlier| !later.is_mesh() && later.bound().gateway == earlier.bound().gateway);
        found
    }

    fn places(
        &self,
        reference: &ParentReference,
        route: &Route<'_, '_>,
        inputs: &Inputs<'_, '_>,
    ) -> Result<Vec<Place>, String> {
        let own = inputs.settings.namespace_of(route.resource);
        let namespace = reference.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
        let name = reference.name.text();
        let group = reference.group.as_ref().map_or(GROUP, |group| group.as_str());
        let kind = reference.kind.as_ref().map_or("Gateway", |kind| kind.as_str());
        match (group, kind) {
            (GROUP, "Gateway") => self.listeners(Kind::KubernetesGateway, namespace, reference, route, inputs),
            (GROUP, "ListenerSet") => self.listeners(Kind::ListenerSet, namespace, reference, route, inputs),
            ("", "Service") => {
                let service = inputs.find(Kind::Service, namespace, name);
                let service = service.ok_or_else(|| format!("there is no Service {namespace}/{name}"))?;
                let hosts = vec![format!("{name}.{namespace}.svc.{}", inputs.settings.domain)];
                of_mesh(service, namespace, hosts, inputs)
            }
            (ISTIO_NETWORKING, "ServiceEntry") => {
                let entry = inputs.find(Kind::ServiceEntry, namespace, name);
                let entry = entry.ok_or_else(|| format!("there is no ServiceEntry {namespace}/{name}"))?;
                let Spec::ServiceEntry(spec) = &entry.spec else { return Ok(Vec::new()) };
                of_mesh(entry, namespace, spec.hosts.iter().map(|host| host.value.clone()).collect(), inputs)
            }
            _ => Err(format!("Istio does not attach routes to {kind} {name}")),
        }
    }

    fn listeners(
        &self,
        kind: Kind,
        namespace: &str,
        reference: &ParentReference,
        route: &Route<'_, '_>,
        inputs: &Inputs<'_, '_>,
    ) -> Result<Vec<Place>, String> {
        let owner = NamespacedName::new(namespace.to_owned(), reference.name.text().to_owned());
        let mut denial = Denial { step: 0, reason: format!("there is no listener of {} {owner}", kind.name()) };
        let parents = self.by_owner.get(&(kind, owner)).map_or(&[][..], Vec::as_slice);
        let own = inputs.settings.namespace_of(route.resource);
        let mut places = Vec::new();
        for parent in parents {
            if let Err(denied) = admits(parent, reference, route, own) {
                if denied.step > denial.step {
                    denial = denied;
                }
                continue;
            }
            let shares = |other: &&Parent| other.port == parent.port && other.protocol == parent.protocol;
            let mut others: BTreeSet<String> = parents.iter().filter(shares).map(|it| it.hostname.clone()).collect();
            others.remove(&parent.hostname);
            let hostname = parent.hostname.clone();
            places.push(Place::Listener { gateway: parent.gateway.clone(), hostname, others });
        }
        if places.is_empty() { Err(denial.reason) } else { Ok(places) }
    }
}

/// Why a route may not attach to a listener.
struct Denial {
    /// How far it got; of several listeners the one that it came closest to says why.
    step: usize,
    reason: String,
}

/// Whether a route may attach to a listener, or why not.
fn admits(parent: &Parent, reference: &ParentReference, route: &Route<'_, '_>, own: &str) -> Result<(), Denial> {
    let section = reference.section_name.text();
    let hosts: Vec<ServerHost> = parent.hosts.iter().map(|host| ServerHost::parse(host, "")).collect();
    let any = ["*"];
    let wanted: Vec<&str> = route.hostnames.iter().map(|host| host.as_str()).collect();
    let wanted: &[&str] = if wanted.is_empty() { &any } else { &wanted };
    let overlapping = || hosts.iter().filter(|it| wanted.iter().any(|wanted| host::overlap(&it.host, wanted)));
    let port = reference.port.map_or(0, |port| port.value);
    let kind = route.resource.kind;
    let (owner, name) = (&parent.owner, &parent.section);
    let steps = [
        (port == 0 || port == parent.port, format!("{owner} has no listener on port {port}")),
        (section.is_empty() || section == parent.section, format!("{owner} has no listener {section}")),
        (overlapping().next().is_some(), format!("its hostnames are not those of listener {name}")),
        (
            overlapping().any(|host| host.admits(own)),
            format!("listener {name} does not admit routes of namespace {own}"),
        ),
        (parent.kinds.contains(&kind), format!("listener {name} does not admit kind {}", kind.name())),
    ];
    let failed = steps.into_iter().enumerate().find(|(_, (holds, _))| !holds);
    failed.map_or(Ok(()), |(index, (_, reason))| Err(Denial { step: index + 1, reason }))
}

/// The Services that a reference means, unless their waypoint is one that is not Istio's.
fn of_mesh(
    target: &Resource,
    namespace: &str,
    hosts: Vec<String>,
    inputs: &Inputs<'_, '_>,
) -> Result<Vec<Place>, String> {
    if has_foreign_waypoint(target, namespace, inputs) {
        return Err("its waypoint is not Istio's".to_owned());
    }
    Ok(vec![Place::Mesh { hosts }])
}

/// Whether something else than istiod looks after the waypoint of a Service (istiod:
/// `waypointManagedByAnotherController`).
fn has_foreign_waypoint(target: &Resource, namespace: &str, inputs: &Inputs<'_, '_>) -> bool {
    const WAYPOINT: &str = "istio.io/use-waypoint";
    const WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";
    let own = target.metadata.labels.to_set();
    let labels = if own.contains_key(WAYPOINT) { Some(&own) } else { inputs.namespace_labels(namespace) };
    let Some(labels) = labels else { return false };
    let waypoint = labels.get(WAYPOINT).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"));
    let Some(waypoint) = waypoint else { return false };
    let namespace = labels.get(WAYPOINT_NAMESPACE).filter(|it| !it.is_empty()).copied().unwrap_or(namespace);
    let gateway = inputs.find(Kind::KubernetesGateway, namespace, waypoint);
    let Some(Spec::KubernetesGateway(spec)) = gateway.map(|gateway| &gateway.spec) else { return false };
    let controller = class::controller_name(spec.gateway_class_name.text(), inputs);
    controller.is_some_and(|name| name != WAYPOINT_CONTROLLER && name != GATEWAY_CONTROLLER)
}
