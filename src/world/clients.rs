//! Whose proxies use a VirtualService.

use std::collections::BTreeSet;

use super::{ExportTo, NamespacedName, VirtualService, World};
use crate::model::field::TextField;
use crate::model::networking::Delegate;

impl World<'_> {
    /// The names of all that VirtualServices delegate to, be it there or not.
    pub fn delegates(&self) -> BTreeSet<NamespacedName<'_>> {
        let mut names = BTreeSet::new();
        for root in self.virtual_services.iter().filter(|service| !service.is_delegate()) {
            names.extend(
                root.spec.http.iter().filter_map(|rule| rule.delegate.as_ref()).map(|it| root.delegate_name(it)),
            );
        }
        names
    }

    /// The namespaces of the proxies that a VirtualService routes for: its own stands for the mesh, or those that it is
    /// exported to if that leaves its own out; a gateway's is that of its workloads, or of the Gateway if the manifests
    /// do not hold them. A delegate is used by whoever uses what delegates to it; nobody, if nothing does.
    pub fn client_namespaces(&self, service: &VirtualService<'_>) -> BTreeSet<String> {
        if service.is_delegate() {
            let roots = self.virtual_services.iter().filter(|root| root.delegates_to(service));
            return roots.flat_map(|root| self.client_namespaces(root)).collect();
        }
        let mut namespaces = BTreeSet::new();
        for bound in &service.bound_to {
            let Some(name) = &bound.gateway else {
                let own = service.name.namespace.to_string();
                match &service.export_to {
                    ExportTo::Namespaces(listed) if !listed.contains(&own) => namespaces.extend(listed.iter().cloned()),
                    _ => drop(namespaces.insert(own)),
                }
                continue;
            };
            let workloads: Vec<_> =
                self.gateway(name).map(|gateway| self.workloads_of_gateway(gateway).collect()).unwrap_or_default();
            if workloads.is_empty() {
                namespaces.insert(name.namespace.to_string());
            }
            namespaces.extend(workloads.iter().map(|workload| workload.name.namespace.to_string()));
        }
        namespaces
    }
}

impl World<'_> {
    /// The same, or the VirtualService's own namespace if nobody uses it yet, or only what is not among the manifests.
    pub fn presumed_client_namespaces(&self, service: &VirtualService<'_>) -> BTreeSet<String> {
        let clients = self.client_namespaces(service);
        if clients.is_empty() { BTreeSet::from([service.name.namespace.to_string()]) } else { clients }
    }
}

impl VirtualService<'_> {
    /// Whether one of its rules delegates to another VirtualService.
    pub fn delegates_to(&self, other: &VirtualService<'_>) -> bool {
        !self.is_delegate()
            && self
                .spec
                .http
                .iter()
                .filter_map(|rule| rule.delegate.as_ref())
                .any(|delegate| self.delegate_name(delegate) == other.name)
    }

    /// Whether the routes of `delegate` take the place of a route that names it: it has no hosts, and is exported to the
    /// namespace (istiod: `mergeVirtualServices`).
    pub fn may_use(&self, delegate: &VirtualService<'_>) -> bool {
        delegate.is_delegate() && delegate.export_to.includes(&self.name.namespace)
    }

    /// The name of the VirtualService that a route delegates to: without a namespace, one in its own.
    pub fn delegate_name<'n>(&'n self, delegate: &'n Delegate) -> NamespacedName<'n> {
        let namespace = delegate.namespace.filled().map(|namespace| namespace.as_str());
        let name = delegate.name.text();
        NamespacedName::new(namespace.unwrap_or(&self.name.namespace), name)
    }
}
