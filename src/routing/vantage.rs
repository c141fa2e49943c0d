//! Conditions on the proxy, not on the request: port, gateways and client (istiod: `sourceMatchHTTP`, `matchTCP`).

use super::clause::Exclusion;
use super::proxy::Proxy;
use crate::world::NamespacedName;

/// The binding of routes: a Gateway, or `None` for the mesh.
pub(super) type RouteBinding<'p> = Option<&'p NamespacedName<'p>>;

/// The proxy and port for which the routes of a VirtualService are compiled.
#[derive(Clone, Copy)]
pub(super) struct Vantage<'p, 'a> {
    /// The proxy.
    pub proxy: &'p Proxy<'a>,
    /// The binding of its routes.
    pub binding: RouteBinding<'p>,
    /// The service port of a sidecar's listener, or the port of a Gateway's server.
    pub port: u32,
}

impl Vantage<'_, '_> {
    /// The reason why a condition on the port does not hold.
    pub fn lacks_port(&self, wanted: Option<u32>) -> Option<Exclusion> {
        let wanted = wanted.filter(|wanted| *wanted != self.port)?;
        Some(Exclusion { name: "port", seen: self.port.to_string(), wanted: wanted.to_string() })
    }

    /// The reason why a condition on the gateway does not hold.
    pub fn lacks_gateway<'n>(&self, wanted: impl Iterator<Item = RouteBinding<'n>> + Clone) -> Option<Exclusion> {
        if wanted.clone().any(|gateway| gateway == self.binding) {
            return None;
        }
        let wanted: Vec<String> = wanted.map(name).collect();
        Some(Exclusion { name: "gateways", seen: name(self.binding), wanted: wanted.join(" or ") })
    }

    /// The reason why conditions on the client, which is the workload of the proxy, do not hold.
    pub fn lacks_source<'w>(
        &self,
        mut labels: impl Iterator<Item = (&'w str, &'w str)>,
        namespace: Option<&str>,
    ) -> Option<Exclusion> {
        let own = &self.proxy.labels;
        if let Some((key, value)) = labels.find(|(key, value)| own.get(*key).is_none_or(|own| own != value)) {
            let seen = own.get(key).map_or_else(|| "no such label".to_owned(), |own| format!("{key}={own}"));
            return Some(Exclusion { name: "sourceLabels", seen, wanted: format!("{key}={value}") });
        }
        let wanted = namespace.filter(|namespace| *namespace != self.proxy.namespace)?;
        Some(Exclusion { name: "sourceNamespace", seen: self.proxy.namespace.clone(), wanted: wanted.to_owned() })
    }
}

fn name(binding: RouteBinding<'_>) -> String {
    binding.map_or_else(|| "mesh".to_owned(), ToString::to_string)
}
