//! VirtualServices with their references resolved.

use std::borrow::Cow;

use super::names::{NamespacedName, resolve_gateway_name};
use super::visibility::ExportTo;
use super::{Section, Service, Settings, host};
use crate::model::{Resource, Spec, networking};
use crate::source::{Span, Spanned};

/// A VirtualService with its references resolved.
#[derive(Debug)]
pub struct VirtualService<'a> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// The spec.
    pub spec: Cow<'a, networking::VirtualService>,
    /// The API that it is written in.
    pub origin: Origin,
    /// Its full host names. A delegate has none.
    pub hosts: Vec<Spanned<String>>,
    /// The Gateways and the mesh, as bound by `gateways`. Without `gateways` it is the mesh.
    pub bound_to: Vec<Bound>,
    /// The namespaces that it is exported to.
    pub export_to: ExportTo,
    /// The sources of its routes, in the order of `http`, `tls` or `tcp`; a derived VirtualService has only one of
    /// these sections. Empty for a VirtualService of Istio.
    pub sources: Vec<RuleSource<'a>>,
}

/// The source of a derived route. Each has at most one match, so that istiod can sort routes by their matches.
#[derive(Debug, Clone)]
pub struct RuleSource<'a> {
    /// The Gateway API route or Ingress. A VirtualService may combine several.
    pub resource: &'a Resource,
    /// The index in `rules`.
    pub rule: usize,
    /// The index in the rule's `matches`, or in the `paths` of an Ingress; `None` without a match.
    pub entry: Option<usize>,
    /// Its refused backends. Their destinations have no host, so no cluster exists for their share of the requests
    /// (istiod: `UnknownService`).
    pub refused: Vec<RefusedBackend>,
}

/// A backend that the route may not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBackend {
    /// The place of the reference, which is also that of the destination.
    pub span: Span,
    /// The reason.
    pub refusal: Refusal,
}

/// The reason for which a route may not use a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The backend is in another namespace, which has no ReferenceGrant for the route.
    NotGranted,
    /// istiod does not support its kind.
    UnsupportedKind,
    /// istiod supports its kind if an option enables it, which manifests rarely show: an InferencePool
    /// (`ENABLE_GATEWAY_API_INFERENCE_EXTENSION`, off by default).
    OptionalKind,
    /// istiod cannot convert it, and drops the mirror that has it.
    InvalidMirror,
}

/// The API of a VirtualService. istiod converts all of them to VirtualServices, which it treats slightly differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Istio's VirtualService.
    VirtualService,
    /// A route of the Gateway API.
    GatewayApi,
    /// A Kubernetes Ingress.
    Ingress,
}

impl Origin {
    /// The status that a proxy answers with if the cluster of a destination does not exist (istiod:
    /// `applyHTTPRouteDestination`).
    pub fn missing_cluster_status(self) -> u16 {
        if self == Self::GatewayApi { 500 } else { 503 }
    }
}

/// A Gateway that a VirtualService is bound to, or the mesh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The Gateway; `None` for the mesh.
    pub gateway: Option<NamespacedName<'static>>,
    /// The place of the entry of `gateways`; `None` for the implicit mesh.
    pub span: Option<Span>,
}

impl VirtualService<'_> {
    /// The source of a derived route; `None` for a VirtualService of Istio.
    pub fn source(&self, index: usize) -> Option<&RuleSource<'_>> {
        self.sources.get(index)
    }

    /// Whether it has routes of a section.
    pub fn has_routes(&self, section: Section) -> bool {
        match section {
            Section::Http => !self.spec.http.is_empty(),
            Section::Tls => !self.spec.tls.is_empty(),
            Section::Tcp => !self.spec.tcp.is_empty(),
        }
    }

    /// Whether it is a delegate: it has no hosts, and other VirtualServices use its routes.
    pub fn is_delegate(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Whether only the names decide which of two istiod considers first.
    pub fn is_tied_with(&self, other: &Self) -> bool {
        let age = |it: &Self| it.resource.metadata.creation_timestamp.as_ref().map(|time| time.value.clone());
        let is_private = |it: &Self| it.export_to != ExportTo::Public;
        is_private(self) == is_private(other) && age(self) == age(other)
    }

    /// Whether its routes apply in sidecars.
    pub fn binds_mesh(&self) -> bool {
        self.bound_to.iter().any(|bound| bound.gateway.is_none())
    }

    /// Whether clients of a namespace use its routes for a service. A Gateway API route must be in the namespace of the
    /// service (producer) or of the client (consumer), and never applies by a wildcard (istiod:
    /// `buildSidecarVirtualHostsForVirtualService`, `separateVSHostsAndServices`).
    pub fn is_for(&self, service: &Service<'_>, client_namespace: &str) -> bool {
        self.origin != Origin::GatewayApi
            || (self.hosts.iter().any(|host| host.value == service.hostname && !host.starts_with('*'))
                && (service.namespace == self.name.namespace || client_namespace == self.name.namespace))
    }

    /// Whether its routes apply at a Gateway.
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

/// Whether it is derived from the Gateway API, which istiod notes in an annotation.
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
