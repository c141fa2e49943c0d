//! The proxies that use a VirtualService.

use std::collections::BTreeSet;

use super::{Bound, DataPlane, ExportTo, Gap, NamespacedName, Route, VirtualService, Workload, World};
use crate::model::LabelSet;
use crate::model::field::TextField;
use crate::model::networking::Delegate;

/// Proxies that use a VirtualService.
#[derive(Debug, Clone)]
pub struct Client<'w, 'a> {
    /// Their namespace.
    pub namespace: String,
    /// Their labels; `None` if they are not known.
    pub labels: Option<&'w LabelSet<'a>>,
}

impl<'a> World<'a> {
    /// The names that VirtualServices delegate to, whether or not they exist.
    pub fn delegates(&self) -> BTreeSet<NamespacedName<'_>> {
        let mut names = BTreeSet::new();
        for root in self.virtual_services.iter().filter(|virtual_service| !virtual_service.is_delegate()) {
            names.extend(
                root.spec.http.iter().filter_map(|route| route.delegate.as_ref()).map(|it| root.delegate_name(it)),
            );
        }
        names
    }

    /// The namespaces of the proxies that use a VirtualService. For the mesh, its own namespace, or the namespaces that
    /// it is exported to if they do not include its own. For a Gateway, the namespaces of the workloads that the
    /// Gateway selects, or that of the Gateway if the manifests have no such workload. For a delegate, the namespaces
    /// of the VirtualServices that delegate to it.
    pub fn client_namespaces(&self, virtual_service: &VirtualService<'_>) -> BTreeSet<String> {
        if virtual_service.is_delegate() {
            let roots = self.delegating_to(virtual_service);
            return roots.flat_map(|root| self.client_namespaces(root)).collect();
        }
        let clients = virtual_service.bound_to.iter().flat_map(|bound| self.clients_at(virtual_service, bound));
        clients.map(|client| client.namespace).collect()
    }

    /// The proxies that use a VirtualService at a Gateway that it is bound to, or in the mesh.
    pub fn clients_at<'w>(&'w self, virtual_service: &VirtualService<'_>, bound: &Bound) -> Vec<Client<'w, 'a>> {
        let unknown = |namespace: &str| Client { namespace: namespace.to_owned(), labels: None };
        let Some(name) = &bound.gateway else {
            let own = virtual_service.name.namespace.as_ref();
            return match &virtual_service.export_to {
                ExportTo::Namespaces(listed) if !listed.contains(own) => listed.iter().map(|it| unknown(it)).collect(),
                _ => vec![unknown(own)],
            };
        };
        let gateway = self.gateway(name).or_else(|| self.derived.gateway(name));
        let workloads = gateway.into_iter().flat_map(|gateway| self.workloads_of_gateway(gateway));
        let clients: Vec<_> = workloads
            .map(|workload| Client { namespace: workload.name.namespace.to_string(), labels: Some(&workload.labels) })
            .collect();
        if clients.is_empty() { vec![unknown(&name.namespace)] } else { clients }
    }

    /// Whether the namespace of the proxies at a Gateway is known: they are among the manifests, or istiod runs them beside
    /// the Gateway. Otherwise [`World::clients_at`] presumes it.
    pub fn places_gateway(&self, client: &Client<'_, '_>, gateway: &NamespacedName<'_>) -> bool {
        let is_managed = || self.derived.gateway(gateway).is_some_and(|gateway| gateway.is_managed);
        client.labels.is_some() || is_managed()
    }
}

impl World<'_> {
    /// The namespaces of the proxies that use a VirtualService, or its own namespace if the manifests show no such
    /// proxy.
    pub fn presumed_client_namespaces(&self, virtual_service: &VirtualService<'_>) -> BTreeSet<String> {
        let clients = self.client_namespaces(virtual_service);
        if clients.is_empty() { BTreeSet::from([virtual_service.name.namespace.to_string()]) } else { clients }
    }

    /// The namespaces of the proxies that use a route: as those of its VirtualService, without the Gateways, or the mesh,
    /// that all its matches exclude (istiod: `sourceMatchHTTP`).
    pub fn route_client_namespaces(&self, virtual_service: &VirtualService<'_>, route: &Route<'_>) -> BTreeSet<String> {
        if virtual_service.is_delegate() {
            return self.presumed_client_namespaces(virtual_service);
        }
        let bound = virtual_service.bound_to.iter().filter(|it| route.ports_at(it.gateway.as_ref()).has_any());
        bound.flat_map(|it| self.clients_at(virtual_service, it)).map(|client| client.namespace).collect()
    }
}

impl<'a> World<'a> {
    /// Whether a namespace has no proxies, so that none of its workloads is a client of the mesh. Its Namespace turns
    /// injection off, or the manifests have all of its workloads, and none of them has a proxy. `Err` if the manifests do
    /// not show it.
    pub fn has_no_proxies(&self, namespace: &str) -> Result<bool, Gap> {
        let is_outside = |workload: &Workload<'_>| {
            self.namespaces.data_plane(workload) == Some(DataPlane::None) && !self.is_gateway_workload(workload)
        };
        if !self.selected_in(namespace, None).all(is_outside) {
            return Ok(false);
        }
        // istiod runs the workloads of Gateways of the Gateway API.
        if self.kubernetes_gateways.keys().any(|gateway| gateway.namespace == namespace) {
            return Ok(false);
        }
        if self.namespaces.turns_injection_off(namespace) {
            return Ok(true);
        }
        self.inventory.workloads(namespace).map(|()| true)
    }

    /// The VirtualServices through which requests come to the routes of one: itself, or for a delegate those that
    /// delegate to it.
    pub fn roots_of<'w>(&'w self, virtual_service: &'w VirtualService<'a>) -> Vec<&'w VirtualService<'a>> {
        if !virtual_service.is_delegate() {
            return vec![virtual_service];
        }
        self.delegating_to(virtual_service).collect()
    }

    fn delegating_to<'w>(&'w self, delegate: &VirtualService<'_>) -> impl Iterator<Item = &'w VirtualService<'a>> {
        self.virtual_services.iter().filter(|root| root.delegates_to(delegate))
    }
}

impl VirtualService<'_> {
    /// Whether one of its routes delegates to another VirtualService.
    pub fn delegates_to(&self, other: &VirtualService<'_>) -> bool {
        !self.is_delegate()
            && self
                .spec
                .http
                .iter()
                .filter_map(|route| route.delegate.as_ref())
                .any(|delegate| self.delegate_name(delegate) == other.name)
    }

    /// Whether the routes of `delegate` replace a route that names it: it has no hosts, and it is exported to this
    /// namespace (istiod: `mergeVirtualServices`).
    pub fn may_use(&self, delegate: &VirtualService<'_>) -> bool {
        delegate.is_delegate() && delegate.export_to.includes(&self.name.namespace)
    }

    /// The name of the VirtualService that a route delegates to. Without a namespace it is in the same one.
    pub fn delegate_name<'n>(&'n self, delegate: &'n Delegate) -> NamespacedName<'n> {
        let namespace = delegate.namespace.filled().map(|namespace| namespace.as_str());
        let name = delegate.name.text();
        NamespacedName::new(namespace.unwrap_or(&self.name.namespace), name)
    }
}
