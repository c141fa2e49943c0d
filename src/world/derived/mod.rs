//! Routes that are not written as VirtualServices: what istiod makes of the Gateway API and of Ingresses.

mod gateway_api;
mod ingress;
#[cfg(test)]
mod tests;

use super::{ExportTo, Gateway, NamespacedName, Origin, Registry, Settings, VirtualService, World, creation_time};
use crate::model::{Kind, Resource};
use crate::source::Span;

/// What istiod makes of the Gateway API and of Ingresses.
#[derive(Debug, Default)]
pub struct Derived<'a> {
    /// VirtualServices in creation order: those of Ingresses first, since istiod gives them no creation time.
    pub virtual_services: Vec<VirtualService<'a>>,
    /// Gateways in the same order, one for each listener or Ingress.
    pub gateways: Vec<Gateway<'a>>,
    /// What nothing was made of.
    pub ignored: Vec<Ignored<'a>>,
}

/// Something that istiod leaves out.
#[derive(Debug, Clone)]
pub struct Ignored<'a> {
    /// The resource that it stands in.
    pub resource: &'a Resource,
    /// What it is.
    pub sort: Omission,
    /// The listener, reference, rule or path.
    pub span: Span,
    /// Why: lower case, no final period.
    pub reason: String,
}

/// A sort of things that istiod leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Omission {
    /// Something that another controller may look after.
    NotOurs,
    /// A listener of a Gateway, or a ListenerSet.
    Listener,
    /// The reference of a route to what it should be attached to.
    Attachment,
    /// A host of a route that is served by another listener anyway.
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

    /// The Gateway of a name.
    pub fn gateway(&self, name: &NamespacedName<'_>) -> Option<&Gateway<'a>> {
        self.gateways.iter().find(|gateway| gateway.name == *name)
    }

    fn ignore(&mut self, sort: Omission, resource: &'a Resource, span: Span, reason: impl Into<String>) {
        let reason = reason.into();
        // What is attached to several listeners is met several times.
        let mut of_resource = self.ignored.iter().rev().take_while(|it| it.resource.span == resource.span);
        if !of_resource.any(|it| it.span == span && it.reason == reason) {
            self.ignored.push(Ignored { resource, sort, span, reason });
        }
    }
}

/// What creation order goes by: time, name, namespace. What is made of Ingresses comes before everything that has a
/// time, since istiod gives it none.
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
    /// The VirtualServices that proxies in `namespace` see, written and derived, in the order in which istiod
    /// considers them: those of the namespace that are not public, those exported to it by name, the public ones; each
    /// in creation order, but of the public ones the routes of the Gateway API in the same namespace come first
    /// (istiod: `initVirtualServices`, `VirtualServicesForGateway`).
    pub fn routes_seen_from(&self, namespace: &str) -> Vec<&VirtualService<'a>> {
        let group = |service: &VirtualService<'_>| match &service.export_to {
            ExportTo::Public if service.origin == Origin::GatewayApi && service.name.namespace == namespace => Some(2),
            ExportTo::Public => Some(3),
            _ if !service.export_to.includes(namespace) => None,
            _ if service.name.namespace == namespace => Some(0),
            _ => Some(1),
        };
        let all = self.virtual_services.iter().chain(&self.derived.virtual_services);
        let mut seen: Vec<_> = all.filter_map(|it| Some((group(it)?, it))).collect();
        let ages = |a: &VirtualService<'_>, b: &VirtualService<'_>| {
            age(a.origin, a.resource, &a.name).cmp(&age(b.origin, b.resource, &b.name))
        };
        seen.sort_by(|(group, a), (other, b)| group.cmp(other).then_with(|| ages(a, b)));
        seen.into_iter().map(|(_, service)| service).collect()
    }

    /// The Gateways, written and derived, in creation order.
    pub fn all_gateways(&self) -> Vec<&Gateway<'a>> {
        let mut all: Vec<_> = self.gateways.iter().chain(&self.derived.gateways).collect();
        all.sort_by(|a, b| age_of_gateway(a).cmp(&age_of_gateway(b)));
        all
    }
}
