//! Gateways by their names.
//!
//! istiod derives Gateways from other resources: one from each listener of a Gateway of the Gateway API, and one from each
//! Ingress. They have names of their own, which nobody writes.

use super::{Gateway, NamespacedName, World};

impl<'a> World<'a> {
    /// The name of a Gateway as `namespace/name`. Without a namespace it is in the default one.
    pub fn gateway_name<'n>(&'n self, written: &'n str) -> NamespacedName<'n> {
        match written.split_once('/') {
            Some((namespace, name)) => NamespacedName::new(namespace, name),
            None => NamespacedName::new(self.settings.default_namespace.as_str(), written),
        }
    }

    /// The Gateway of a name, written or derived, else those that istiod derives from a resource of that name.
    pub fn gateways_named(&self, name: &NamespacedName<'_>) -> Vec<&Gateway<'a>> {
        if let Some(found) = self.gateway(name).or_else(|| self.derived.gateway(name)) {
            return vec![found];
        }
        self.derived.gateways.iter().filter(|it| it.written_name() == *name).collect()
    }

    /// The first of the Gateways of a name.
    pub fn gateway_named(&self, name: &NamespacedName<'_>) -> Option<&Gateway<'a>> {
        self.gateways_named(name).into_iter().next()
    }

    /// The Gateways of the resource that defines one, in the order of istiod: itself, and those of the other listeners.
    pub fn gateways_beside(&self, gateway: &Gateway<'_>) -> Vec<&Gateway<'a>> {
        let written = gateway.written_name();
        self.all_gateways().into_iter().filter(|other| other.written_name() == written).collect()
    }
}
