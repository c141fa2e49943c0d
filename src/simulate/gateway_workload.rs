//! The workload of the gateway that a request names.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::Labels;
use crate::world::{GATEWAY_NAME_LABEL, Gateway, Service, Workload, World};

/// The workload of a gateway, as far as configuration depends on it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GatewayWorkload {
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    pub address: Option<IpAddr>,
    /// Whether its namespace is known.
    pub is_placed: bool,
}

impl GatewayWorkload {
    /// The workload of the Gateway that a text names. The error says that the Gateway does not exist.
    pub fn named(world: &World<'_>, written: &str) -> Result<Self, String> {
        let name = world.gateway_name(written);
        let found = world.gateway_named(&name).ok_or_else(|| format!("Gateway `{name}` does not exist"))?;
        let (namespace, labels, is_placed) = workload_of(world, found);
        Ok(Self { namespace, labels, address: None, is_placed })
    }
}

/// The workload that a Gateway selects: one of the manifests, else one that has only the labels that the Gateway and
/// its Service select. Also whether its namespace is known.
fn workload_of(world: &World<'_>, gateway: &Gateway<'_>) -> (String, BTreeMap<String, String>, bool) {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let service = gateway.services.iter().find_map(|name| world.services.named(name).next());
    let selector = service.map_or(Some(&gateway.spec.selector), |service| service.selector);
    let own = gateway.served_by.as_ref().unwrap_or(&gateway.name);
    let namespace = service.map_or(own.namespace.as_ref(), |service| &service.namespace);
    let behind = |workload: &&Workload<'_>| match service {
        Some(service) => workload.name.namespace == service.namespace && service.is_before(&workload.labels, None),
        None => !gateway.spec.selector.is_empty() && workload.is_selected_by(&gateway.spec.selector),
    };
    if let Some(workload) = world.workloads.iter().find(behind) {
        let labels = workload.labels.iter().map(|(key, value)| owned((key, value)));
        return (workload.name.namespace.to_string(), labels.collect(), true);
    }
    let service = service.or_else(|| selecting_alike(world, gateway));
    let namespace = service.map_or(namespace, |service| service.namespace.as_str());
    let selector = selector.into_iter().chain(service.and_then(|service| service.selector));
    let selected = selector.flat_map(Labels::iter).map(|(key, value)| owned((key, value)));
    let mut labels: BTreeMap<String, String> = selected.collect();
    if gateway.lacks_services(&world.services) {
        let name = gateway.served_by.as_ref().map_or(gateway.resource.name(), |it| &it.name);
        labels.insert(GATEWAY_NAME_LABEL.to_owned(), name.to_owned());
    }
    let is_placed = service.is_some() || gateway.is_managed || gateway.lacks_services(&world.services);
    (namespace.to_owned(), labels, is_placed)
}

/// The Service of an ingress gateway whose Deployment is not among the manifests: it selects more labels than the
/// Gateway, else fewer. A Service in the Gateway's namespace takes precedence.
fn selecting_alike<'w, 'a>(world: &'w World<'a>, gateway: &Gateway<'_>) -> Option<&'w Service<'a>> {
    let wanted = &gateway.spec.selector;
    if wanted.is_empty() {
        return None;
    }
    let rank = |service: &Service<'_>| {
        let own = service.selector.filter(|own| !own.is_empty())?;
        let is_narrower = wanted.selects(&own.to_set());
        (is_narrower || own.selects(&wanted.to_set()))
            .then_some((!is_narrower, service.namespace != *gateway.name.namespace))
    };
    let alike = world.services.iter().filter(|service| service.is_kubernetes());
    alike
        .filter_map(|service| Some((rank(service)?, service)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, service)| service)
}
