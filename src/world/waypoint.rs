//! Waypoints, and the one that handles requests to a service or workload of the ambient mesh.

use std::collections::BTreeMap;

use super::names::NamespacedName;
use super::{Service, Settings, World};
use crate::model::field::TextField;
use crate::model::gateway_api::KubernetesGateway;
use crate::model::{Labels, Resource, Spec};
use crate::source::Spanned;

/// The label with the waypoint of a namespace, service or workload.
pub const USE_WAYPOINT: &str = "istio.io/use-waypoint";

/// The label with the namespace of the waypoint, if it is another one.
pub const USE_WAYPOINT_NAMESPACE: &str = "istio.io/use-waypoint-namespace";

/// The label with the traffic that a waypoint handles. Default `service`.
pub const WAYPOINT_FOR: &str = "istio.io/waypoint-for";

/// The Gateway API Gateways, by name. Some of them are waypoints.
#[derive(Debug, Default)]
pub struct Waypoints<'a> {
    by_namespace: BTreeMap<String, BTreeMap<&'a str, (&'a Resource, &'a KubernetesGateway)>>,
}

impl<'a> Waypoints<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let mut waypoints = Self::default();
        for &resource in resources {
            if let Spec::KubernetesGateway(spec) = &resource.spec {
                let namespace = settings.namespace_of(resource).to_owned();
                waypoints.by_namespace.entry(namespace).or_default().insert(resource.name(), (resource, spec));
            }
        }
        waypoints
    }

    /// The Gateway of that name.
    pub fn get(&self, name: &NamespacedName<'_>) -> Option<(&'a Resource, &'a KubernetesGateway)> {
        self.by_namespace.get(name.namespace.as_ref())?.get(name.name.as_ref()).copied()
    }

    /// The names of the Gateways of a namespace.
    pub fn names_in(&self, namespace: &str) -> impl Iterator<Item = &'a str> {
        self.by_namespace.get(namespace).into_iter().flatten().map(|(name, _)| *name)
    }
}

/// The choice of a waypoint by the labels of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrolment<'l> {
    /// A waypoint.
    Waypoint {
        /// Its name.
        name: NamespacedName<'l>,
        /// The label value.
        written: &'l Spanned<String>,
    },
    /// No waypoint, even if the namespace has one.
    Refused,
}

impl<'l> Enrolment<'l> {
    /// Reads the labels of a resource in `namespace`; `None` if they do not name a waypoint (istiod: `getUseWaypoint`).
    pub fn of(labels: &'l Labels, namespace: &'l str) -> Option<Self> {
        let written = labels.get(USE_WAYPOINT).filter(|name| !name.is_empty())?;
        if written.eq_ignore_ascii_case("none") {
            return Some(Self::Refused);
        }
        let elsewhere = labels.get(USE_WAYPOINT_NAMESPACE).map(|it| it.as_str()).filter(|it| !it.is_empty());
        let name = NamespacedName::new(elsewhere.unwrap_or(namespace), written.as_str());
        Some(Self::Waypoint { name, written })
    }
}

impl<'a> World<'a> {
    /// The waypoint that handles requests to a service, if it is one for services. The resource is `None` if the manifests
    /// do not have it.
    pub fn waypoint_of_service<'w>(
        &'w self,
        service: &'w Service<'a>,
    ) -> Option<(NamespacedName<'w>, Option<&'a Resource>)> {
        let name = self.waypoint(&service.resource.metadata.labels, &service.namespace)?;
        let resource = self.waypoints.get(&name).map(|(resource, _)| resource);
        let traffic = resource.and_then(|it| it.metadata.labels.get(WAYPOINT_FOR)).map_or("service", |it| it.as_str());
        matches!(traffic, "service" | "all").then_some((name, resource))
    }
}

impl World<'_> {
    /// Whether a Gateway of the Gateway API has the class that istiod has for waypoints.
    pub fn is_waypoint(&self, gateway: &NamespacedName<'_>) -> bool {
        self.waypoints.get(gateway).is_some_and(|(_, spec)| spec.gateway_class_name.text() == "istio-waypoint")
    }

    /// The waypoint of a service or workload with these labels: its own, else that of its namespace.
    pub fn waypoint<'l>(&'l self, labels: &'l Labels, namespace: &'l str) -> Option<NamespacedName<'l>> {
        let of_namespace = || self.namespaces.labels(namespace).and_then(|labels| Enrolment::of(labels, namespace));
        match Enrolment::of(labels, namespace).or_else(of_namespace)? {
            Enrolment::Waypoint { name, .. } => Some(name),
            Enrolment::Refused => None,
        }
    }
}
