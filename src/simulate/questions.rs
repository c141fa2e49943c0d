//! The questions that stand for all hosts: what `mesh simulate` asks if it is not told a host.

use super::request::{GatewayRef, Request, Workload};
use crate::world::{Gateway, VirtualService, World, host};

/// One question for each host that a VirtualService defines: through its first Gateway that serves the host, else from
/// a sidecar of its namespace.
pub(super) fn questions(world: &World<'_>, template: &Request) -> Vec<Request> {
    let mut questions: Vec<Request> = Vec::new();
    for service in world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for host in &service.hosts {
            let question = question(world, template, service, &host.value);
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
    }
    questions
}

fn question(world: &World<'_>, template: &Request, service: &VirtualService<'_>, host: &str) -> Request {
    let mut question = Request { host: Some(example(host)), ..template.clone() };
    if template.gateway.is_some() {
        return question;
    }
    if service.binds_mesh() {
        let namespace = Some(service.name.namespace.to_string());
        question.from.get_or_insert_with(|| Workload { namespace, ..Workload::default() });
        return question;
    }
    let gateways = service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    let served = gateways.clone().filter_map(|name| world.gateway(name)).find_map(|gateway| {
        let port = http_port(gateway, service, host)?;
        Some((gateway, port))
    });
    match served {
        Some((gateway, port)) => {
            question.gateway = Some(GatewayRef::Name(gateway.name.to_string()));
            question.port = template.port.or(Some(port));
        }
        None => question.gateway = gateways.into_iter().next().map(|name| GatewayRef::Name(name.to_string())),
    }
    question
}

/// The port of the first plaintext HTTP server that serves a host to a VirtualService.
fn http_port(gateway: &Gateway<'_>, service: &VirtualService<'_>, host: &str) -> Option<u32> {
    let servers = gateway.spec.servers.iter().filter(|server| {
        gateway.hosts_for(server, &service.name.namespace).iter().any(|served| host::overlap(served, host))
    });
    let is_http = |protocol: &str| crate::world::Protocol::parse(protocol).class() == crate::world::ProtocolClass::Http;
    servers
        .filter_map(|server| server.port.as_ref())
        .find(|port| port.protocol.as_ref().is_some_and(|protocol| is_http(protocol)))
        .and_then(|port| port.number)
        .map(|number| number.value)
}

/// A name that a wildcard covers.
fn example(host: &str) -> String {
    match host::wildcard_suffix(host) {
        Some("") => "example.com".to_owned(),
        Some(suffix) => format!("any{suffix}"),
        None => host.to_owned(),
    }
}
