//! VirtualServices and Gateways that istiod derives from the Gateway API and from Ingresses.

mod gateway_api;
mod ingress;
mod order;
#[cfg(test)]
mod tests;

pub(super) use gateway_api::managed_name;

use super::{ExportTo, Gateway, NamespacedName, Origin, Registry, Settings, VirtualService, World, creation_time};
use crate::model::{Kind, Resource};
use crate::source::Span;

/// The VirtualServices and Gateways that istiod derives from the Gateway API and from Ingresses.
#[derive(Debug, Default)]
pub struct Derived<'a> {
    /// The VirtualServices, in creation order. Those of Ingresses come first, because istiod gives them no creation
    /// time.
    pub virtual_services: Vec<VirtualService<'a>>,
    /// The Gateways, in the same order: one for each listener or Ingress.
    pub gateways: Vec<Gateway<'a>>,
    /// The parts that istiod ignores.
    pub ignored: Vec<Ignored<'a>>,
}

/// A part of a resource that istiod ignores.
#[derive(Debug, Clone)]
pub struct Ignored<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// The kind of part.
    pub kind: Omission,
    /// The place of the listener, reference, rule or path.
    pub span: Span,
    /// The reason, as a message.
    pub reason: String,
    /// The advice, if there is any.
    pub help: Option<String>,
}

/// The kind of part that istiod ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Omission {
    /// A resource that another controller may handle.
    NotOurs,
    /// A listener that conflicts with an earlier one.
    ConflictingListener,
    /// A listener whose protocol or TLS settings istiod does not support.
    UnsupportedListener,
    /// A listener with a certificate of another namespace, which has no ReferenceGrant for the Gateway.
    UngrantedCertificate,
    /// A listener to which no kind of route can attach.
    ListenerWithoutKinds,
    /// A kind of route that cannot attach to a listener of the protocol.
    ListenerKind,
    /// The listeners of a Gateway whose addresses istiod does not support.
    Addresses,
    /// A ListenerSet that its Gateway does not allow.
    ListenerSet,
    /// A reference of a route to a parent that does not exist.
    MissingParent,
    /// A reference of a route to a parent without a listener for the route.
    NoListener,
    /// A reference of a route to a parent that does not allow routes of the namespace.
    ForbiddenNamespace,
    /// A reference of a route to a parent that does not allow routes of the kind.
    ForbiddenKind,
    /// A reference of a route to a parent of a kind that istiod does not support.
    UnsupportedParent,
    /// A reference of a route to a Service whose waypoint another controller manages.
    ForeignWaypoint,
    /// A host of a route, because another listener serves it.
    Host,
    /// A whole route.
    Route,
    /// A part of an Ingress.
    Ingress,
}

impl<'a> Derived<'a> {
    pub(super) fn new(resources: &[&'a Resource], services: &Registry<'a>, settings: &Settings) -> Self {
        let mut derived = ingress::derive(resources, services, settings);
        let of_gateway_api = gateway_api::derive(resources, settings);
        derived.virtual_services.extend(of_gateway_api.virtual_services);
        derived.gateways.extend(of_gateway_api.gateways);
        derived.ignored.extend(of_gateway_api.ignored);
        derived
            .virtual_services
            .sort_by(|a, b| age(a.origin, a.resource, &a.name).cmp(&age(b.origin, b.resource, &b.name)));
        derived.gateways.sort_by(|a, b| age_of_gateway(a).cmp(&age_of_gateway(b)));
        derived
    }

    /// The Gateway of that name.
    pub fn gateway(&self, name: &NamespacedName<'_>) -> Option<&Gateway<'a>> {
        self.gateways.iter().find(|gateway| gateway.name == *name)
    }

    fn ignore(&mut self, kind: Omission, resource: &'a Resource, span: Span, reason: impl Into<String>) {
        self.ignore_with_help(kind, resource, span, reason, None);
    }

    fn ignore_with_help(
        &mut self,
        kind: Omission,
        resource: &'a Resource,
        span: Span,
        reason: impl Into<String>,
        help: Option<String>,
    ) {
        let reason = reason.into();
        // A reference to several listeners is checked once for each.
        let mut of_resource = self.ignored.iter().rev().take_while(|it| it.resource.span == resource.span);
        if !of_resource.any(|it| it.span == span && it.reason == reason) {
            self.ignored.push(Ignored { resource, kind, span, reason, help });
        }
    }
}

/// The sort key of creation order: time, name, namespace. Resources derived from Ingresses have no time, and come
/// first.
type Age<'n> = (bool, &'n str, &'n str, &'n str);

fn age<'n>(origin: Origin, resource: &'n Resource, name: &'n NamespacedName<'_>) -> Age<'n> {
    let has_time = origin != Origin::Ingress;
    (has_time, if has_time { creation_time(resource) } else { "" }, &name.name, &name.namespace)
}

fn age_of_gateway<'n>(gateway: &'n Gateway<'_>) -> Age<'n> {
    let origin = if gateway.resource.kind == Kind::Ingress { Origin::Ingress } else { Origin::VirtualService };
    age(origin, gateway.resource, &gateway.name)
}

impl<'a> World<'a> {
    /// The VirtualServices, written and derived, that proxies of a namespace see, in istiod's order: first the
    /// non-public ones of that namespace, then those exported to it by name, then the public ones, each in creation
    /// order. Among the public ones, Gateway API routes of that namespace come first (istiod: `initVirtualServices`,
    /// `VirtualServicesForGateway`).
    pub fn routes_seen_from(&self, namespace: &str) -> Vec<&VirtualService<'a>> {
        let group = |virtual_service: &VirtualService<'_>| match &virtual_service.export_to {
            ExportTo::Public
                if virtual_service.origin == Origin::GatewayApi && virtual_service.name.namespace == namespace =>
            {
                Some(2)
            }
            ExportTo::Public => Some(3),
            _ if !virtual_service.export_to.includes(namespace) => None,
            _ if virtual_service.name.namespace == namespace => Some(0),
            _ => Some(1),
        };
        let all = self.all_virtual_services();
        let mut seen: Vec<_> = all.filter_map(|it| Some((group(it)?, it))).collect();
        let ages = |a: &VirtualService<'_>, b: &VirtualService<'_>| {
            age(a.origin, a.resource, &a.name).cmp(&age(b.origin, b.resource, &b.name))
        };
        seen.sort_by(|(group, a), (other, b)| group.cmp(other).then_with(|| ages(a, b)));
        seen.into_iter().map(|(_, virtual_service)| virtual_service).collect()
    }

    /// The VirtualServices, written and derived.
    pub fn all_virtual_services(&self) -> impl Iterator<Item = &VirtualService<'a>> + Clone {
        self.virtual_services.iter().chain(&self.derived.virtual_services)
    }

    /// The Gateways, written and derived, in creation order.
    pub fn all_gateways(&self) -> Vec<&Gateway<'a>> {
        let mut all: Vec<_> = self.gateways.iter().chain(&self.derived.gateways).collect();
        all.sort_by(|a, b| age_of_gateway(a).cmp(&age_of_gateway(b)));
        all
    }
}
