//! Which proxy a question is about, where it does not say.

use std::collections::BTreeMap;

use super::request::{GatewayRef, Request, Tls};
use crate::routing::Vantage;
use crate::world::{Gateway, NamespacedName, Service, World, host};

/// The proxy and port that a question is about.
pub(super) fn vantage(world: &World<'_>, question: &Request, host: &str) -> Result<Vantage, String> {
    let (name, written_port) = split_port(host);
    let asked_port = question.port.or(written_port);
    match &question.gateway {
        Some(gateway) => of_gateway(world, question, gateway, &name, asked_port),
        None => Ok(of_sidecar(world, question, &name, asked_port)),
    }
}

/// A host and the port written behind it.
fn split_port(host: &str) -> (String, Option<u32>) {
    let is_address = host.matches(':').count() > 1 && !host.contains(']');
    match host.rsplit_once(':').filter(|_| !is_address) {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name.to_ascii_lowercase(), Some(port)),
            Err(_) => (host.to_ascii_lowercase(), None),
        },
        None => (host.to_ascii_lowercase(), None),
    }
}

fn of_sidecar(world: &World<'_>, question: &Request, name: &str, port: Option<u32>) -> Vantage {
    let from = question.from.clone().unwrap_or_default();
    let service = from.namespace.as_deref().map_or_else(
        || destination(world, name),
        |namespace| candidates(name, namespace, world).find_map(|name| world.services.seen_from(namespace, &name)),
    );
    let namespace = from.namespace.clone().unwrap_or_else(|| {
        service.map(|service| service.namespace.clone()).unwrap_or_else(|| namespace_of_routes(world, name))
    });
    let port = port.or_else(|| only_http_port(service?)).unwrap_or(80);
    Vantage::Sidecar { namespace, labels: from.labels, port }
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
        world.services.iter().find(is_meant)
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

fn only_http_port(service: &Service<'_>) -> Option<u32> {
    let mut ports = service.ports.iter().filter(|port| port.protocol.may_be_http());
    match (ports.next(), ports.next()) {
        (Some(only), None) => Some(only.number),
        _ => None,
    }
}

fn of_gateway(
    world: &World<'_>,
    question: &Request,
    gateway: &GatewayRef,
    name: &str,
    port: Option<u32>,
) -> Result<Vantage, String> {
    let has_tls = question.tls.is_some_and(|tls| tls != Tls::Plaintext);
    let (namespace, labels) = match gateway {
        GatewayRef::Workload(workload) => {
            let namespace = workload.namespace.clone();
            (namespace.unwrap_or_else(|| world.settings.default_namespace.clone()), workload.labels.clone())
        }
        GatewayRef::Name(written) => {
            let name = match written.split_once('/') {
                Some((namespace, name)) => NamespacedName::new(namespace, name),
                None => NamespacedName::new(world.settings.default_namespace.as_str(), written.as_str()),
            };
            let found = world.gateway(&name).ok_or_else(|| format!("there is no Gateway {name}"))?;
            workload_of(world, found)
        }
    };
    let sni = has_tls.then(|| question.sni.clone().filter(|sni| !sni.is_empty()).unwrap_or_else(|| name.to_owned()));
    let asked = port.unwrap_or(if has_tls { 443 } else { 80 });
    Ok(Vantage::Gateway { namespace, labels, port: asked, sni })
}

/// The workload that a Gateway is for: one of the manifests, else one that has just the labels of its selector.
fn workload_of(world: &World<'_>, gateway: &Gateway<'_>) -> (String, BTreeMap<String, String>) {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    match world.workloads_of_gateway(gateway).next() {
        Some(workload) => {
            let labels = workload.labels.iter().map(|(key, value)| owned((key, value)));
            (workload.name.namespace.to_string(), labels.collect())
        }
        None => {
            let labels = gateway.spec.selector.iter().map(|(key, value)| owned((key, value)));
            (gateway.name.namespace.to_string(), labels.collect())
        }
    }
}
