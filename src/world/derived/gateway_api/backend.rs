//! Backends as destinations (istiod: `buildDestination`, `buildHTTPDestination`, `buildTCPDestination`).

use super::Inputs;
use super::grant::Target;
use crate::model::Resource;
use crate::model::field::TextField;
use crate::model::gateway_api::{BackendObjectReference, BackendRef, GrpcBackendRef, HttpBackendRef, HttpFilter};
use crate::model::kinds::ISTIO_NETWORKING;
use crate::model::networking::{Destination, PortSelector};
use crate::source::{Span, Spanned};
use crate::world::{Refusal, RefusedBackend};

/// What makes istiod drop a route as a whole.
pub(super) struct Invalid {
    pub(super) span: Span,
    pub(super) reason: String,
}

/// A backend, in whichever message it stands.
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

/// Who refers to backends.
pub(super) struct Referrer<'a, 'i, 'w> {
    pub(super) resource: &'a Resource,
    pub(super) inputs: &'i Inputs<'a, 'w>,
    /// Whether its references are for sidecars, for which ReferenceGrants are not asked.
    pub(super) is_mesh: bool,
}

/// A destination, and whether it may be used.
pub(super) struct Resolved {
    pub(super) destination: Destination,
    pub(super) refused: Option<RefusedBackend>,
}

impl Referrer<'_, '_, '_> {
    pub(super) fn namespace(&self) -> &str {
        self.inputs.settings.namespace_of(self.resource)
    }

    /// The destination that a backend stands for. A service that does not exist has one as well.
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
        let invalid = |span, reason: &str| Err(Invalid { span, reason: reason.to_owned() });
        let target = Target { group, kind, namespace, name };
        if !self.is_mesh && namespace != own && !self.inputs.grants.allow(self.resource.kind, own, &target) {
            return refuse(Refusal::NotGranted);
        }
        let name_span = backend.name.map_or(backend.span, |name| name.span);
        let hostname = match (group, kind) {
            ("", "Service") if name.contains('.') => {
                return invalid(name_span, "a backend is named by its Service, not by a host name");
            }
            ("", "Service") | ("multicluster.x-k8s.io", "ServiceImport") => {
                format!("{name}.{namespace}.svc.{}", self.inputs.settings.domain)
            }
            (ISTIO_NETWORKING, "Hostname") => match backend.namespace {
                Some(namespace) => return invalid(namespace.span, "a backend of kind Hostname has no namespace"),
                None => name.to_owned(),
            },
            _ => return refuse(Refusal::UnsupportedKind),
        };
        let Some(port) = backend.port else { return invalid(backend.span, "a backend without port") };
        let destination = Destination {
            host: Some(Spanned::new(hostname, name_span)),
            port: Some(PortSelector { span: port.span, number: Some(port) }),
            ..Destination::empty(backend.span)
        };
        Ok(Resolved { destination, refused: None })
    }
}

/// The backends that get a share, with their weights. Only those of several are written down; none is left if all
/// weights are zero.
pub(super) fn shares<'r>(backends: impl IntoIterator<Item = Backend<'r>>) -> Vec<(Backend<'r>, Option<Spanned<i32>>)> {
    let weight = |backend: &Backend<'_>| backend.weight.unwrap_or(Spanned::new(1, backend.span));
    let used = backends.into_iter().filter(|backend| weight(backend).value != 0);
    let used: Vec<_> = used.map(|backend| (backend, Some(weight(&backend)))).collect();
    match used.as_slice() {
        [(only, _)] => vec![(*only, None)],
        _ => used,
    }
}
