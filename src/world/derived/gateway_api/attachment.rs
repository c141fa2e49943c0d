//! The attachment of routes to listeners, and to Services and ServiceEntries of the mesh (istiod:
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
pub(super) struct RouteAttachments {
    /// By the Gateway or ListenerSet that defines them.
    by_owner: HashMap<(Kind, NamespacedName<'static>), Vec<Parent>>,
}

/// The attachment of a route to a listener, or to the mesh.
pub(super) struct RouteAttachment<'r> {
    /// The entry of `parentRefs`.
    pub(super) reference: &'r ParentReference,
    /// The listener or Services.
    pub(super) place: AttachmentPoint,
}

/// A listener or Services that a route is attached to.
pub(super) enum AttachmentPoint {
    /// A listener.
    Listener {
        /// The Gateway derived from the listener.
        gateway: NamespacedName<'static>,
        /// The host name of the listener; empty without one.
        hostname: String,
        /// The host names of the other listeners with the same port and protocol.
        others: BTreeSet<String>,
    },
    /// Services of the mesh.
    Mesh {
        /// The full host names of the Services.
        hosts: Vec<String>,
    },
}

/// The parts of a route that its attachment depends on.
pub(super) struct AttachableRoute<'r, 'a> {
    pub(super) resource: &'a Resource,
    pub(super) references: &'r [ParentReference],
    pub(super) hostnames: &'r [Spanned<String>],
}

impl RouteAttachment<'_> {
    /// The place of the reference.
    pub(super) fn span(&self) -> Span {
        self.reference.span
    }

    /// Whether the route is attached to Services of the mesh.
    pub(super) fn is_mesh(&self) -> bool {
        matches!(self.place, AttachmentPoint::Mesh { .. })
    }

    /// The binding of the derived VirtualService.
    pub(super) fn bound(&self) -> Bound {
        let gateway = match &self.place {
            AttachmentPoint::Listener { gateway, .. } => Some(gateway.clone()),
            AttachmentPoint::Mesh { .. } => None,
        };
        Bound { gateway, span: Some(self.span()) }
    }

    /// The hosts of the derived VirtualServices: for a listener those of the route, for the mesh those of the Services.
    pub(super) fn hosts(&self, route: &AttachableRoute<'_, '_>) -> Vec<Spanned<String>> {
        match &self.place {
            AttachmentPoint::Mesh { hosts } => {
                let span = self.reference.name.as_ref().map_or(self.span(), |name| name.span);
                hosts.iter().map(|host| Spanned::new(host.clone(), span)).collect()
            }
            AttachmentPoint::Listener { .. } if route.hostnames.is_empty() => {
                vec![Spanned::new("*".to_owned(), route.resource.name_span())]
            }
            AttachmentPoint::Listener { .. } => route.hostnames.to_vec(),
        }
    }

    /// Whether the listener serves a host. Another listener with a longer host name, or an equally long one, takes
    /// precedence.
    pub(super) fn serves(&self, route_host: &str) -> bool {
        let AttachmentPoint::Listener { hostname, others, .. } = &self.place else { return true };
        if !hostname.is_empty() && host::wildcard_suffix(hostname).is_none() {
            return true;
        }
        (hostname.is_empty() || host::overlap(route_host, hostname))
            && !others.iter().any(|other| hostname.len() <= other.len() && host::covered_by(route_host, other))
    }
}

impl RouteAttachments {
    pub(super) fn new(parents: impl IntoIterator<Item = Parent>) -> Self {
        let mut by_owner: HashMap<_, Vec<Parent>> = HashMap::new();
        for parent in parents {
            by_owner.entry((parent.kind, parent.owner.clone())).or_default().push(parent);
        }
        Self { by_owner }
    }

    /// The attachments of a route, in istiod's order: by the name of the Gateway.
    pub(super) fn of<'r, 'a>(
        &self,
        route: &AttachableRoute<'r, 'a>,
        inputs: &Inputs<'a, '_>,
        derived: &mut Derived<'a>,
    ) -> Vec<RouteAttachment<'r>> {
        let mut found: Vec<RouteAttachment<'r>> = Vec::new();
        for reference in route.references {
            match self.places(reference, route, inputs) {
                Ok(places) => found.extend(places.into_iter().map(|place| RouteAttachment { reference, place })),
                Err(denial) => derived.ignore(denial.kind, route.resource, reference.span, denial.reason),
            }
        }
        let name = |attachment: &RouteAttachment<'_>| {
            attachment.bound().gateway.map_or("mesh".to_owned(), |it| it.to_string())
        };
        found.sort_by_key(name);
        // Several references may lead to one listener.
        found.dedup_by(|later, earlier| !later.is_mesh() && later.bound().gateway == earlier.bound().gateway);
        found
    }

    fn places(
        &self,
        reference: &ParentReference,
        route: &AttachableRoute<'_, '_>,
        inputs: &Inputs<'_, '_>,
    ) -> Result<Vec<AttachmentPoint>, Denial> {
        let own = inputs.settings.namespace_of(route.resource);
        let namespace = reference.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
        let name = reference.name.text();
        let group = reference.group.as_ref().map_or(GROUP, |group| group.as_str());
        let kind = reference.kind.as_ref().map_or("Gateway", |kind| kind.as_str());
        let missing = |kind: Kind| {
            Denial::new(Omission::MissingParent, format!("{} `{namespace}/{name}` does not exist", kind.name()))
        };
        match (group, kind) {
            (GROUP, "Gateway") => self.listeners(Kind::KubernetesGateway, namespace, reference, route, inputs),
            (GROUP, "ListenerSet") => self.listeners(Kind::ListenerSet, namespace, reference, route, inputs),
            ("", "Service") => {
                let service = inputs.find(Kind::Service, namespace, name);
                let service = service.ok_or_else(|| missing(Kind::Service))?;
                let hosts = vec![format!("{name}.{namespace}.svc.{}", inputs.settings.domain)];
                of_mesh(service, namespace, hosts, inputs)
            }
            (ISTIO_NETWORKING, "ServiceEntry") => {
                let entry = inputs.find(Kind::ServiceEntry, namespace, name);
                let entry = entry.ok_or_else(|| missing(Kind::ServiceEntry))?;
                let Spec::ServiceEntry(spec) = &entry.spec else { return Ok(Vec::new()) };
                of_mesh(entry, namespace, spec.hosts.iter().map(|host| host.value.clone()).collect(), inputs)
            }
            _ => Err(Denial::new(
                Omission::UnsupportedParent,
                format!("Istio does not attach routes to {kind} `{name}`"),
            )),
        }
    }

    fn listeners(
        &self,
        kind: Kind,
        namespace: &str,
        reference: &ParentReference,
        route: &AttachableRoute<'_, '_>,
        inputs: &Inputs<'_, '_>,
    ) -> Result<Vec<AttachmentPoint>, Denial> {
        let owner = NamespacedName::new(namespace.to_owned(), reference.name.text().to_owned());
        let mut denial = Denial::new(Omission::NoListener, format!("{} `{owner}` has no listeners", kind.name()));
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
            places.push(AttachmentPoint::Listener { gateway: parent.gateway.clone(), hostname, others });
        }
        if places.is_empty() { Err(denial) } else { Ok(places) }
    }
}

/// The reason for which a route may not attach to a listener.
struct Denial {
    /// The number of conditions that hold. Of several listeners, the one with the most gives the reason.
    step: usize,
    kind: Omission,
    reason: String,
}

impl Denial {
    fn new(kind: Omission, reason: String) -> Self {
        Self { step: 0, kind, reason }
    }
}

/// Whether a route may attach to a listener.
fn admits(
    parent: &Parent,
    reference: &ParentReference,
    route: &AttachableRoute<'_, '_>,
    own: &str,
) -> Result<(), Denial> {
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
        (
            port == 0 || port == parent.port,
            Omission::NoListener,
            format!("{} `{owner}` has no listener on port {port}", parent.kind.name()),
        ),
        (
            section.is_empty() || section == parent.section,
            Omission::NoListener,
            format!("{} `{owner}` has no listener `{section}`", parent.kind.name()),
        ),
        (
            overlapping().next().is_some(),
            Omission::NoListener,
            format!("listener `{name}` serves none of the route's `hostnames`"),
        ),
        (
            overlapping().any(|host| host.admits(own)),
            Omission::ForbiddenNamespace,
            format!("listener `{name}` does not allow routes of namespace `{own}`"),
        ),
        (
            parent.kinds.contains(&kind),
            Omission::ForbiddenKind,
            format!("listener `{name}` does not allow routes of kind {}", kind.name()),
        ),
    ];
    let failed = steps.into_iter().enumerate().find(|(_, (holds, ..))| !holds);
    failed.map_or(Ok(()), |(index, (_, kind, reason))| Err(Denial { step: index + 1, kind, reason }))
}

/// The Services that a reference refers to, unless another controller manages their waypoint.
fn of_mesh(
    target: &Resource,
    namespace: &str,
    hosts: Vec<String>,
    inputs: &Inputs<'_, '_>,
) -> Result<Vec<AttachmentPoint>, Denial> {
    if has_foreign_waypoint(target, namespace, inputs) {
        let reason = format!("another controller manages the waypoint of {} `{}`", target.kind.name(), target.name());
        return Err(Denial::new(Omission::ForeignWaypoint, reason));
    }
    Ok(vec![AttachmentPoint::Mesh { hosts }])
}

/// Whether a controller other than istiod manages the waypoint of a Service (istiod:
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
