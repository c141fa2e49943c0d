//! VirtualServices with their names resolved.

use std::borrow::Cow;

use super::names::{NamespacedName, resolve_gateway_name};
use super::visibility::ExportTo;
use super::{Service, Settings, host};
use crate::model::{Resource, Spec, networking};
use crate::source::{Span, Spanned};

/// A VirtualService with its names resolved.
#[derive(Debug)]
pub struct VirtualService<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// What it says.
    pub spec: Cow<'a, networking::VirtualService>,
    /// The API that it is written in.
    pub origin: Origin,
    /// Its hosts, short names completed. None: it is a delegate.
    pub hosts: Vec<Spanned<String>>,
    /// What it is bound to; the mesh if it names nothing.
    pub bound_to: Vec<Bound>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// Where the rules are written, in the order of `http`, `tls` or `tcp`, whichever there is: one that is derived has
    /// only one of them. None of a VirtualService of Istio's.
    pub sources: Vec<RuleSource<'a>>,
}

/// Where a derived rule is written. Each has at most one match, so that they can be sorted by it.
#[derive(Debug, Clone)]
pub struct RuleSource<'a> {
    /// The route or Ingress. VirtualServices that are derived from several have rules of each.
    pub resource: &'a Resource,
    /// The index in `rules`.
    pub rule: usize,
    /// The index in the rule's `matches`, or in the `paths` of an Ingress. `None`: it has no match.
    pub entry: Option<usize>,
    /// Backends that may not be used. Their destinations have no host, so their share has no cluster (istiod:
    /// `UnknownService`).
    pub refused: Vec<RefusedBackend>,
}

/// A backend of a route that may not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBackend {
    /// The reference to it, which is also the span of the destination.
    pub span: Span,
    /// Why.
    pub refusal: Refusal,
}

/// Why a backend may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is in another namespace, and no ReferenceGrant there admits the route.
    NotGranted,
    /// istiod does not route to its kind.
    UnsupportedKind,
}

/// The API that routes are written in. istiod turns all of them into VirtualServices, with small differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A VirtualService of Istio's.
    VirtualService,
    /// A route of the Gateway API.
    GatewayApi,
    /// An Ingress of Kubernetes.
    Ingress,
}

impl Origin {
    /// What a proxy answers when the cluster of a destination does not exist (istiod: `applyHTTPRouteDestination`).
    pub fn missing_cluster_status(self) -> u16 {
        if self == Self::GatewayApi { 500 } else { 503 }
    }
}

/// One of the things that a VirtualService is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The Gateway; `None` for the sidecars of the mesh.
    pub gateway: Option<NamespacedName<'static>>,
    /// The entry of `gateways` that says so; `None` if there is none.
    pub span: Option<Span>,
}

impl VirtualService<'_> {
    /// Where a rule is written; `None` of a VirtualService of Istio's, which is written as it is.
    pub fn source(&self, index: usize) -> Option<&RuleSource<'_>> {
        self.sources.get(index)
    }

    /// Whether it only lends its rules to others: it has no hosts.
    pub fn is_delegate(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Whether nothing but their names says which of two istiod considers first.
    pub fn is_tied_with(&self, other: &Self) -> bool {
        let age = |service: &Self| service.resource.metadata.creation_timestamp.as_ref().map(|time| time.value.clone());
        let is_private = |service: &Self| service.export_to != ExportTo::Public;
        is_private(self) == is_private(other) && age(self) == age(other)
    }

    /// Whether its routes apply on sidecars.
    pub fn binds_mesh(&self) -> bool {
        self.bound_to.iter().any(|bound| bound.gateway.is_none())
    }

    /// Whether clients in a namespace get its routes for a service. Those of the Gateway API are for the service's own
    /// namespace to make (producer) or for the client's (consumer), and never for a wildcard (istiod:
    /// `buildSidecarVirtualHostsForVirtualService`, `separateVSHostsAndServices`).
    pub fn is_for(&self, service: &Service<'_>, client_namespace: &str) -> bool {
        self.origin != Origin::GatewayApi
            || (self.hosts.iter().any(|host| host.value == service.hostname && !host.starts_with('*'))
                && (service.namespace == self.name.namespace || client_namespace == self.name.namespace))
    }

    /// Whether its routes apply on a Gateway.
    pub fn binds(&self, gateway: &NamespacedName<'_>) -> bool {
        self.bound_to.iter().any(|bound| bound.gateway.as_ref() == Some(gateway))
    }
}

pub(super) fn virtual_services<'a>(resources: &[&'a Resource], settings: &Settings) -> Vec<VirtualService<'a>> {
    let resolve = |resource: &&'a Resource| match &resource.spec {
        Spec::VirtualService(spec) => Some(resolve(resource, spec, settings)),
        _ => None,
    };
    resources.iter().filter_map(resolve).collect()
}

/// Whether istiod made it of a route of the Gateway API, which it notes in an annotation.
fn is_of_gateway_api(resource: &Resource) -> bool {
    resource.metadata.annotations.get("internal.istio.io/route-semantics").is_some_and(|it| it.as_str() == "gateway")
}

fn resolve<'a>(
    resource: &'a Resource,
    spec: &'a networking::VirtualService,
    settings: &Settings,
) -> VirtualService<'a> {
    let namespace = settings.namespace_of(resource).to_owned();
    let full_host = |written: &Spanned<String>| {
        Spanned::new(host::expand(written, &namespace, &settings.domain).into_owned(), written.span)
    };
    let bound = |written: &Spanned<String>| {
        let gateway = resolve_gateway_name(written, &namespace);
        let owned = |name: NamespacedName<'_>| NamespacedName::new(name.namespace.into_owned(), name.name.into_owned());
        Bound { gateway: gateway.map(owned), span: Some(written.span) }
    };
    let mut bound_to: Vec<Bound> = spec.gateways.iter().map(bound).collect();
    if bound_to.is_empty() {
        bound_to.push(Bound { gateway: None, span: None });
    }
    let exported = spec.export_to.iter().map(|entry| entry.as_str());
    VirtualService {
        hosts: spec.hosts.iter().map(full_host).collect(),
        bound_to,
        export_to: ExportTo::new(exported, &namespace, &settings.virtual_service_export_to),
        name: NamespacedName::new(namespace, resource.name()),
        resource,
        spec: Cow::Borrowed(spec),
        origin: if is_of_gateway_api(resource) { Origin::GatewayApi } else { Origin::VirtualService },
        sources: Vec::new(),
    }
}
