//! Backends, as destinations (istiod: `buildDestination`, `buildHTTPDestination`, `buildTCPDestination`).

use super::Inputs;
use super::grant::GrantTarget;
use crate::model::Resource;
use crate::model::field::TextField;
use crate::model::gateway_api::{BackendObjectReference, BackendRef, GrpcBackendRef, HttpBackendRef, HttpFilter};
use crate::model::kinds::ISTIO_NETWORKING;
use crate::model::networking::{Destination, PortSelector};
use crate::source::{Span, Spanned};
use crate::world::{Refusal, RefusedBackend, host};

/// The API groups of the Gateway API's extension for inference: the first version, and the experiments before it.
const INFERENCE: &str = "inference.networking.k8s.io";
const EXPERIMENTAL_INFERENCE: &str = "inference.networking.x-k8s.io";

/// An error for which istiod drops a whole route.
pub(super) struct Invalid {
    pub(super) span: Span,
    pub(super) reason: String,
    pub(super) help: String,
}

/// A backend reference, of any kind of route.
#[derive(Clone, Copy)]
pub(super) struct Backend<'r> {
    pub(super) span: Span,
    group: Option<&'r Spanned<String>>,
    kind: Option<&'r Spanned<String>>,
    name: Option<&'r Spanned<String>>,
    namespace: Option<&'r Spanned<String>>,
    port: Option<Spanned<u32>>,
    weight: Option<Spanned<i32>>,
    pub(super) filters: &'r [HttpFilter],
}

macro_rules! backends {
    ($($message:ident: $reference:ident => $weight:expr, $filters:expr;)*) => {$(
        impl<'r> From<&'r $message> for Backend<'r> {
            fn from($reference: &'r $message) -> Self {
                Self {
                    span: $reference.span,
                    group: $reference.group.as_ref(),
                    kind: $reference.kind.as_ref(),
                    name: $reference.name.as_ref(),
                    namespace: $reference.namespace.as_ref(),
                    port: $reference.port,
                    weight: $weight,
                    filters: $filters,
                }
            }
        }
    )*};
}

backends! {
    HttpBackendRef: it => it.weight, &it.filters;
    GrpcBackendRef: it => it.weight, &it.filters;
    BackendRef: it => it.weight, &[];
    BackendObjectReference: it => None, &[];
}

/// The route that refers to backends.
pub(super) struct Referrer<'a, 'i, 'w> {
    pub(super) resource: &'a Resource,
    pub(super) inputs: &'i Inputs<'a, 'w>,
    /// Whether the route is for sidecars. They do not need ReferenceGrants.
    pub(super) is_mesh: bool,
}

/// A destination, and the refusal if the route may not use it.
pub(super) struct Resolved {
    pub(super) destination: Destination,
    pub(super) refused: Option<RefusedBackend>,
}

impl Referrer<'_, '_, '_> {
    pub(super) fn namespace(&self) -> &str {
        self.inputs.settings.namespace_of(self.resource)
    }

    /// The destination for a backend. The Service need not exist.
    pub(super) fn resolve(&self, backend: &Backend<'_>) -> Result<Resolved, Invalid> {
        let own = self.namespace();
        let group = backend.group.text();
        let kind = backend.kind.map_or("Service", |kind| kind.as_str());
        let name = backend.name.text();
        let namespace = backend.namespace.map_or(own, |namespace| namespace.as_str());
        let refuse = |refusal| {
            let refused = RefusedBackend { span: backend.span, refusal };
            Ok(Resolved { destination: Destination::empty(backend.span), refused: Some(refused) })
        };
        let invalid = |span, reason: &str, help: String| Err(Invalid { span, reason: reason.to_owned(), help });
        let target = GrantTarget { group, kind, namespace, name };
        if !self.is_mesh && namespace != own && !self.inputs.grants.allow(self.resource.kind, own, &target) {
            return refuse(Refusal::NotGranted);
        }
        let name_span = backend.name.map_or(backend.span, |name| name.span);
        let hostname = match (group, kind) {
            ("", "Service") if name.contains('.') => {
                let help = match host::kubernetes_service(name, &self.inputs.settings.domain) {
                    Some((name, of)) if of == namespace => format!("write `name: {name}`"),
                    Some((name, of)) => format!("write `name: {name}` and `namespace: {of}`"),
                    None => {
                        format!("write the name of a Service, or use kind `Hostname` of group `{ISTIO_NETWORKING}`")
                    }
                };
                return invalid(name_span, "the backend is a host name, not the name of a Service", help);
            }
            ("", "Service") | ("multicluster.x-k8s.io", "ServiceImport") => {
                format!("{name}.{namespace}.svc.{}", self.inputs.settings.domain)
            }
            (ISTIO_NETWORKING, "Hostname") => match backend.namespace {
                Some(namespace) => {
                    let help = "remove `namespace`".to_owned();
                    return invalid(namespace.span, "a backend of kind `Hostname` cannot have a namespace", help);
                }
                None => name.to_owned(),
            },
            (INFERENCE | EXPERIMENTAL_INFERENCE, "InferencePool") => return refuse(Refusal::OptionalKind),
            _ => return refuse(Refusal::UnsupportedKind),
        };
        let Some(port) = backend.port else {
            return invalid(backend.span, "the backend has no port", "add `port`".to_owned());
        };
        let destination = Destination {
            host: Some(Spanned::new(hostname, name_span)),
            port: Some(PortSelector { span: port.span, number: Some(port) }),
            ..Destination::empty(backend.span)
        };
        Ok(Resolved { destination, refused: None })
    }
}

/// The backends with a share of the requests, with their weights. A single backend needs no weight. The result is empty
/// if all weights are 0.
pub(super) fn shares<'r>(backends: impl IntoIterator<Item = Backend<'r>>) -> Vec<(Backend<'r>, Option<Spanned<i32>>)> {
    let weight = |backend: &Backend<'_>| backend.weight.unwrap_or(Spanned::new(1, backend.span));
    let used = backends.into_iter().filter(|backend| weight(backend).value != 0);
    let used: Vec<_> = used.map(|backend| (backend, Some(weight(&backend)))).collect();
    match used.as_slice() {
        [(only, _)] => vec![(*only, None)],
        _ => used,
    }
}
