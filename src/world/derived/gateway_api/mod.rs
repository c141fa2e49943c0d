//! The Gateway API: a Gateway for each listener, and a VirtualService for each listener and host name, or for each
//! Service that routes of a namespace attach to (istiod: `pkg/config/kube/gateway`).

mod attachment;
mod backend;
mod class;
mod filter;
mod grant;
mod grpc_route;
mod http_route;
mod listener;
mod listener_tls;
mod merge;
mod rule;
mod stream_route;

use std::collections::HashMap;

use super::Derived;
use crate::model::{Kind, LabelSet, Resource, Spec};
use crate::world::{NamespaceLabels, Settings};
use attachment::RouteAttachments;
pub(in crate::world) use class::managed_name;
use grant::Grants;
pub(super) use merge::precedence;

/// The inputs of the conversion.
struct Inputs<'a, 'w> {
    resources: &'w [&'a Resource],
    by_name: HashMap<(Kind, &'w str, &'w str), &'a Resource>,
    settings: &'w Settings,
    namespaces: NamespaceLabels<'w>,
    grants: Grants,
}

impl<'a> Inputs<'a, '_> {
    /// The resource of a kind and name. The namespace of cluster-wide resources is empty.
    fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&'a Resource> {
        self.by_name.get(&(kind, namespace, name)).copied()
    }

    /// The labels of a namespace.
    fn namespace_labels(&self, name: &str) -> Option<&LabelSet<'_>> {
        self.namespaces.labels(name)
    }
}

pub(super) fn derive<'a>(resources: &[&'a Resource], settings: &Settings) -> Derived<'a> {
    let inputs = Inputs {
        resources,
        by_name: resources.iter().map(|it| ((it.kind, settings.namespace_of(it), it.name()), *it)).collect(),
        settings,
        namespaces: NamespaceLabels::new(resources, settings),
        grants: Grants::new(resources, settings),
    };
    let mut derived = Derived::default();
    let listeners = listener::listeners(&inputs, &mut derived);
    let attachments = RouteAttachments::new(listeners.iter().map(|listener| listener.parent.clone()));
    derived.gateways.extend(listeners.into_iter().filter_map(|listener| listener.gateway));
    let mut routes = Vec::new();
    for resource in resources.iter().copied() {
        match &resource.spec {
            Spec::HttpRoute(route) => {
                routes.extend(http_route::routes(resource, route, &inputs, &attachments, &mut derived));
            }
            Spec::GrpcRoute(route) => {
                routes.extend(grpc_route::routes(resource, route, &inputs, &attachments, &mut derived));
            }
            Spec::TlsRoute(route) => {
                let services = stream_route::of_tls(resource, route, &inputs, &attachments, &mut derived);
                derived.virtual_services.extend(services);
            }
            Spec::TcpRoute(route) => {
                let services = stream_route::of_tcp(resource, route, &inputs, &attachments, &mut derived);
                derived.virtual_services.extend(services);
            }
            _ => {}
        }
    }
    derived.virtual_services.extend(merge::merge(routes, settings));
    derived
}
