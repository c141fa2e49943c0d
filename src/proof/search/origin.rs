//! The clients from which a search starts.

use std::collections::BTreeSet;

use crate::policy::{Attribute, requirements};
use crate::proof::vantage::{Vantage, Vantages};
use crate::simulate::{GatewayRef, Request, Simulator, WorkloadRef};
use crate::world::World;

/// A proxy from which requests start, and the clients behind it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The proxy.
    pub vantage: Vantage,
    /// The clients of a sidecar that policies tell apart, the usual one first; empty for a gateway.
    pub clients: Vec<WorkloadRef>,
}

impl Origin {
    /// A proxy with all its clients.
    pub fn new(vantage: Vantage, world: &World<'_>) -> Self {
        let mut clients: Vec<WorkloadRef> = vantage.request().from.into_iter().collect();
        if let (Vantage::Sidecar { namespace, .. }, Some(usual)) = (&vantage, clients.first().cloned()) {
            let account = |name: String| WorkloadRef { service_account: Some(name), ..usual.clone() };
            clients.extend(accounts(world, namespace).into_iter().map(account));
        }
        Self { vantage, clients }
    }

    /// One client, with the sidecar that it has.
    pub fn of_client(client: WorkloadRef) -> Self {
        let namespace = client.namespace.clone().unwrap_or_default();
        Self { vantage: Vantage::Sidecar { namespace, labels: client.labels.clone() }, clients: vec![client] }
    }

    /// A request from each of the clients.
    pub fn requests(&self, request: &Request) -> Vec<Request> {
        match self.clients.as_slice() {
            [] => vec![request.clone()],
            clients => {
                let by = |client: &WorkloadRef| Request { from: Some(client.clone()), ..request.clone() };
                clients.iter().map(by).collect()
            }
        }
    }
}

/// The origins of the requests in a mesh.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// The origins.
    pub all: Vec<Origin>,
    /// The reasons why there may be others.
    pub incomplete: BTreeSet<String>,
}

impl Origins {
    /// All proxies of a mesh, with all clients.
    pub fn of(simulator: &Simulator<'_>) -> Self {
        let Vantages { all, incomplete } = Vantages::of(&[simulator]);
        let origin = |vantage| Origin::new(vantage, simulator.world());
        Self { all: all.into_iter().map(origin).collect(), incomplete }
    }

    /// The origin that a request names: its client, or its gateway.
    ///
    /// # Errors
    ///
    /// If the mesh does not have it.
    pub fn named(simulator: &Simulator<'_>, request: &Request) -> Result<Self, String> {
        let described = simulator.described(request)?;
        let mut origins = Self::of(simulator);
        match &described.gateway {
            None => {
                let client = described.from.unwrap_or_default();
                origins = Self { all: vec![Origin::of_client(client)], incomplete: BTreeSet::new() };
            }
            Some(gateway) => {
                let workload = |gateway: &GatewayRef| match gateway {
                    GatewayRef::Name(name) => simulator.gateway_workload(name),
                    GatewayRef::Workload(workload) => Some(workload.clone()),
                };
                let labels = |it: &WorkloadRef| (it.namespace.clone(), it.labels.clone());
                let wanted = workload(gateway).as_ref().map(labels);
                let is_wanted = |origin: &Origin| {
                    let own = origin.vantage.request().gateway.as_ref().and_then(workload);
                    own.as_ref().map(labels) == wanted && origin.vantage.is_gateway()
                };
                origins.all.retain(is_wanted);
                origins.incomplete.clear();
            }
        }
        Ok(origins)
    }
}

/// The service accounts of a namespace that policies name.
fn accounts(world: &World<'_>, namespace: &str) -> BTreeSet<String> {
    let rules = world
        .policies
        .authorization_policies()
        .iter()
        .flat_map(|policy| policy.spec.rules.iter().map(|rule| (policy.name.namespace.to_string(), rule)));
    let mut found = BTreeSet::new();
    for (of_policy, rule) in rules {
        for requirement in requirements(rule) {
            let values = requirement.values.iter().map(|value| value.as_str());
            match requirement.attribute {
                Attribute::Principal => found.extend(values.filter_map(|it| account_of_principal(it, namespace))),
                Attribute::ServiceAccount => found.extend(values.filter_map(|value| match value.split_once('/') {
                    Some((other, name)) => Some(name).filter(|_| other == namespace).map(str::to_owned),
                    None => Some(value).filter(|_| of_policy == namespace).map(str::to_owned),
                })),
                _ => {}
            }
        }
    }
    found
}

/// The service account in a principal such as `cluster.local/ns/shop/sa/web`, if the principal can be of a namespace.
fn account_of_principal(principal: &str, namespace: &str) -> Option<String> {
    let (before, account) = principal.rsplit_once("/sa/").or_else(|| Some(("", principal.strip_prefix("sa/")?)))?;
    let is_own = match before.rsplit_once("ns/") {
        Some((_, named)) => named == namespace,
        None => before.is_empty() || before == "*" || namespace.ends_with(before.trim_start_matches('*')),
    };
    (is_own && !account.is_empty() && !account.contains('*')).then(|| account.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_name_accounts() {
        let web = Some("web".to_owned());
        assert_eq!(account_of_principal("cluster.local/ns/shop/sa/web", "shop"), web);
        assert_eq!(account_of_principal("cluster.local/ns/shop/sa/web", "bank"), None);
        assert_eq!(account_of_principal("*/sa/web", "bank"), web);
        assert_eq!(account_of_principal("*ns/shop/sa/web", "shop"), web);
        assert_eq!(account_of_principal("cluster.local/ns/shop/*", "shop"), None);
        assert_eq!(account_of_principal("*", "shop"), None);
    }
}
