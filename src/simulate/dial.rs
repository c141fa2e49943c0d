//! Which proxy a question is about, and what the client dials, where the question does not say.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::request::{GatewayRef, Protocol, Request, Tls};
use crate::model::Labels;
use crate::world::{
    GATEWAY_NAME_LABEL, Gateway, NamespacedName, ProtocolClass, Service, VirtualService, Workload, World, host,
};

/// Where a client's connection arrives first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// At its own sidecar.
    Sidecar,
    /// At a gateway.
    Gateway,
}

/// The workload whose proxy is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ProxyKey {
    pub place: Place,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    pub address: Option<IpAddr>,
}

/// What a host means to a client.
#[derive(Debug, Clone)]
pub(super) struct Dialled {
    /// The namespace of a client of whom nothing is known.
    pub namespace: String,
    /// The address.
    pub address: IpAddr,
    /// The port for plaintext HTTP, for TLS and for other bytes, if nobody names one.
    pub ports: Ports,
}

/// The ports that are dialled if nobody names one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    http: Option<u32>,
    tls: Option<u32>,
    tcp: Option<u32>,
}

/// The address of hosts that the mesh does not know. No listener has it.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(0, 255, 255, 255));

impl Dialled {
    /// Resolves a host as a client in a namespace would, or one of whom nothing is known.
    pub fn new(world: &World<'_>, name: &str, from: Option<&str>) -> Self {
        let service = match from {
            Some(namespace) => {
                candidates(name, namespace, world).find_map(|name| world.services.covering(namespace, &name))
            }
            None => destination(world, name),
        };
        let namespace = from.map(str::to_owned).or_else(|| service.map(|service| service.namespace.clone()));
        let written = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
        // Behind another name stands the service that it is another name for.
        let reached = service.and_then(|service| world.services.behind(&service.namespace, service));
        let known = reached.filter(|service| host::wildcard_suffix(&service.hostname).is_none());
        let namespace = namespace.unwrap_or_else(|| namespace_of_routes(world, name));
        let assumed = || candidates(name, &namespace, world).find_map(|name| world.assumed.get(&name));
        let assumed = if reached.is_none() { assumed() } else { None };
        let address = written.or_else(|| known.map(Service::dialled_address));
        Self {
            address: address.or(assumed.map(|(_, address)| address)).unwrap_or(OUTSIDE),
            ports: assumed.map_or_else(|| Ports::of(reached), |(host, _)| Ports::of_rules(world, host)),
            namespace,
        }
    }
}

impl Ports {
    fn of(service: Option<&Service<'_>>) -> Self {
        let only = |wanted: &dyn Fn(ProtocolClass) -> bool| {
            let mut ports = service?.ports.iter().filter(|port| wanted(port.protocol.class()));
            match (ports.next(), ports.next()) {
                (Some(only), None) => Some(only.number),
                _ => None,
            }
        };
        Self {
            http: only(&|class| class == ProtocolClass::Http)
                .or_else(|| only(&|class| matches!(class, ProtocolClass::Http | ProtocolClass::Auto))),
            // TLS can go to any port that does not expect plaintext HTTP.
            tls: only(&|class| class == ProtocolClass::Tls)
                .or_else(|| only(&|class| matches!(class, ProtocolClass::Tls | ProtocolClass::Auto)))
                .or_else(|| only(&|class| !matches!(class, ProtocolClass::Http | ProtocolClass::Udp))),
            tcp: only(&|class| class == ProtocolClass::Tcp).or_else(|| only(&|class| class != ProtocolClass::Udp)),
        }
    }

    /// The ports that the first rules for connections to a host ask for.
    fn of_rules(world: &World<'_>, host: &str) -> Self {
        let is_for = |service: &&VirtualService<'_>| service.hosts.iter().any(|own| own.value == host);
        let specs = || world.virtual_services.iter().filter(is_for).map(|service| service.spec.as_ref());
        let tls = specs()
            .flat_map(|spec| &spec.tls)
            .flat_map(|rule| &rule.r#match)
            .find_map(|entry| entry.port.filter(|port| port.value != 0));
        let tcp = specs()
            .flat_map(|spec| &spec.tcp)
            .flat_map(|rule| &rule.r#match)
            .find_map(|entry| entry.port.filter(|port| port.value != 0));
        Self { http: None, tls: tls.map(|port| port.value), tcp: tcp.map(|port| port.value) }
    }

    /// The port that a client dials: the only one of the service that fits, else that of HTTP or HTTPS.
    pub fn default_for(&self, question: &Request) -> u32 {
        let has_tls = has_tls(question);
        let fitting = match question.protocol {
            _ if has_tls => self.tls,
            Some(Protocol::Tcp) => self.tcp,
            _ => self.http,
        };
        fitting.unwrap_or(if has_tls { 443 } else { 80 })
    }
}

/// Whether the client speaks TLS.
pub(super) fn has_tls(question: &Request) -> bool {
    match question.tls {
        Some(tls) => tls != Tls::Plaintext,
        // Only TLS asks for a server name.
        None => question.sni.as_deref().is_some_and(|sni| !sni.is_empty()),
    }
}

/// The port that a question names: in its own field, else behind the host.
pub(super) fn named_port(question: &Request, written: Option<&str>) -> Result<Option<u32>, String> {
    let is_port = |port: &u32| (1..=65535).contains(port);
    match (question.port, written) {
        (Some(port), _) => Some(port).filter(is_port).map(Some).ok_or_else(|| no_port(&port)),
        (None, Some(digits)) => digits.parse().ok().filter(is_port).map(Some).ok_or_else(|| no_port(&digits)),
        (None, None) => Ok(None),
    }
}

/// The address that a field of a question names, if it does.
pub(super) fn named_address(written: Option<&str>, field: &str) -> Result<Option<IpAddr>, String> {
    let written = written.filter(|written| !written.is_empty());
    let parse = |written: &str| written.parse().map_err(|_| format!("{field} is no address: {written:?}"));
    written.map(parse).transpose()
}

fn no_port(written: &dyn std::fmt::Display) -> String {
    format!("{written} is no port: ports are 1 to 65535")
}

/// The full names that a host may stand for, as a client in a namespace writes it.
fn candidates<'n>(name: &'n str, namespace: &'n str, world: &'n World<'_>) -> impl Iterator<Item = String> + 'n {
    let domain = &world.settings.domain;
    let plain = name.trim_end_matches('.');
    let completed = if plain.contains('.') {
        format!("{}.svc.{domain}", plain.strip_suffix(".svc").unwrap_or(plain))
    } else {
        format!("{plain}.{namespace}.svc.{domain}")
    };
    [plain.to_owned(), completed].into_iter()
}

/// The service that a host means if nobody says who asks: one of the default namespace, else the first of that name.
fn destination<'w, 'a>(world: &'w World<'a>, name: &str) -> Option<&'w Service<'a>> {
    let default = &world.settings.default_namespace;
    let by_name = candidates(name, default, world).find_map(|name| world.services.named(&name).next());
    by_name.or_else(|| {
        let is_meant = |service: &&Service<'_>| {
            host::kubernetes_service(&service.hostname, &world.settings.domain).is_some_and(|(short, _)| short == name)
        };
        let named = || world.services.iter().find(is_meant);
        let covered = || {
            let covering = world.services.iter().filter(|service| host::covered_by(name, &service.hostname));
            covering.min_by(|a, b| host::by_specificity(&a.hostname, &b.hostname))
        };
        named().or_else(covered)
    })
}

/// The namespace of the VirtualService that routes for a host which is no service of the manifests.
fn namespace_of_routes(world: &World<'_>, name: &str) -> String {
    let default = &world.settings.default_namespace;
    let routes_for_it = |namespace: &str| {
        let names: Vec<String> = candidates(name, namespace, world).collect();
        let in_namespace = world.virtual_services.iter().filter(|service| service.name.namespace == namespace);
        in_namespace.flat_map(|service| &service.hosts).any(|host| names.contains(&host.value))
    };
    let namespaces = world.virtual_services.iter().map(|service| service.name.namespace.as_ref());
    let mut namespaces = std::iter::once(default.as_str()).chain(namespaces);
    namespaces.find(|namespace| routes_for_it(namespace)).unwrap_or(default).to_owned()
}

/// The gateway workload that a question names.
pub(super) fn gateway_workload(world: &World<'_>, gateway: &GatewayRef) -> Result<ProxyKey, String> {
    let (namespace, labels) = match gateway {
        GatewayRef::Workload(workload) => {
            let namespace = workload.namespace.clone();
            (namespace.unwrap_or_else(|| world.settings.default_namespace.clone()), workload.labels.clone())
        }
        GatewayRef::Name(written) => {
            let name = gateway_name(world, written);
            let found = world.gateway(&name).or_else(|| world.derived.gateway(&name));
            let found = found.or_else(|| of_gateway_api(world, &name));
            workload_of(world, found.ok_or_else(|| format!("there is no Gateway {name}"))?)
        }
    };
    let address = match gateway {
        GatewayRef::Workload(workload) => workload.address,
        GatewayRef::Name(_) => None,
    };
    Ok(ProxyKey { place: Place::Gateway, namespace, labels, address })
}

/// The Gateway that a question names; without a namespace in the default one.
pub(super) fn gateway_name<'n>(world: &'n World<'_>, written: &'n str) -> NamespacedName<'n> {
    match written.split_once('/') {
        Some((namespace, name)) => NamespacedName::new(namespace, name),
        None => NamespacedName::new(world.settings.default_namespace.as_str(), written),
    }
}

/// What istiod makes of the first listener of a Gateway of the Gateway API, by that Gateway's name.
fn of_gateway_api<'w, 'a>(world: &'w World<'a>, name: &NamespacedName<'_>) -> Option<&'w Gateway<'a>> {
    world.derived.gateways.iter().find(|gateway| {
        gateway.resource.name() == name.name && world.settings.namespace_of(gateway.resource) == name.namespace
    })
}

/// The workload that a Gateway is for: one of the manifests, else one that has just the labels of its selector, and of
/// that of the Service before it.
fn workload_of(world: &World<'_>, gateway: &Gateway<'_>) -> (String, BTreeMap<String, String>) {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let service = gateway.services.iter().find_map(|name| world.services.named(name).next());
    let selector = service.map_or(Some(&gateway.spec.selector), |service| service.selector);
    let namespace = service.map_or(gateway.name.namespace.as_ref(), |service| &service.namespace);
    let behind = |workload: &&Workload<'_>| match service {
        Some(service) => workload.name.namespace == service.namespace && service.is_before(&workload.labels, None),
        None => !gateway.spec.selector.is_empty() && workload.is_selected_by(&gateway.spec.selector),
    };
    if let Some(workload) = world.workloads.iter().find(behind) {
        let labels = workload.labels.iter().map(|(key, value)| owned((key, value)));
        return (workload.name.namespace.to_string(), labels.collect());
    }
    let service = service.or_else(|| selecting_alike(world, gateway));
    let namespace = service.map_or(namespace, |service| service.namespace.as_str());
    let selector = selector.into_iter().chain(service.and_then(|service| service.selector));
    let selected = selector.flat_map(Labels::iter).map(|(key, value)| owned((key, value)));
    let mut labels: BTreeMap<String, String> = selected.collect();
    if gateway.lacks_services(&world.services) {
        labels.insert(GATEWAY_NAME_LABEL.to_owned(), gateway.resource.name().to_owned());
    }
    (namespace.to_owned(), labels)
}

/// The Service that selects what a Gateway selects, as that of an ingress gateway whose Deployment is elsewhere: by
/// more labels than the Gateway's, else by fewer. One of the Gateway's namespace goes first.
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
