//! The questions that stand for all hosts: what `mesh simulate` asks if it is not told a host.

use super::dial;
use super::request::{GatewayRef, Request, Tls, Workload};
use crate::model::networking::Server;
use crate::world::{Gateway, NamespacedName, Protocol, ProtocolClass, VirtualService, World, host};

/// One question for each host that a VirtualService or another route defines: from a sidecar of its namespace if it is
/// bound to the mesh, else through its first Gateway that serves the host. If `template` names a Gateway, only what is
/// bound to that is asked for.
pub(super) fn questions(world: &World<'_>, template: &Request) -> Vec<Request> {
    let mut questions: Vec<Request> = Vec::new();
    let all = world.virtual_services.iter().chain(&world.derived.virtual_services);
    for service in all.filter(|service| !service.is_delegate()) {
        for host in &service.hosts {
            let question = match &template.gateway {
                Some(asked) => through_asked(world, template, service, &host.value, asked),
                None => Some(question(world, template, service, &host.value)),
            };
            questions.extend(question.filter(|question| !questions.contains(question)));
        }
    }
    questions
}

fn question(world: &World<'_>, template: &Request, service: &VirtualService<'_>, host: &str) -> Request {
    let mut plain = Request { host: Some(example(host)), ..template.clone() };
    if service.binds_mesh() {
        let namespace = Some(service.name.namespace.to_string());
        plain.from.get_or_insert_with(|| Workload { namespace, ..Workload::default() });
        return plain;
    }
    let bound = || service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    let served = bound().find_map(|name| through(template, service, host, gateway(world, name)?));
    let unserved = || {
        let gateway = bound().next().map(|name| GatewayRef::Name(name.to_string()));
        Request { gateway, ..plain.clone() }
    };
    served.unwrap_or_else(unserved)
}

fn gateway<'w, 'a>(world: &'w World<'a>, name: &NamespacedName<'_>) -> Option<&'w Gateway<'a>> {
    world.gateway(name).or_else(|| world.derived.gateway(name))
}

/// A question through the Gateway that is asked for, if the VirtualService is bound to it, or to one that the same
/// workload has.
fn through_asked(
    world: &World<'_>,
    template: &Request,
    service: &VirtualService<'_>,
    host: &str,
    asked: &GatewayRef,
) -> Option<Request> {
    let GatewayRef::Name(written) = asked else {
        return Some(Request { host: Some(example(host)), ..template.clone() });
    };
    let name = dial::gateway_name(world, written);
    let found = gateway(world, &name).filter(|_| service.binds(&name))?;
    through(template, service, host, found)
}

/// A question for a host through a Gateway: at the first server that serves it and does not just redirect to another.
fn through(template: &Request, service: &VirtualService<'_>, host: &str, gateway: &Gateway<'_>) -> Option<Request> {
    let common = |server: &Server| -> Option<String> {
        let of_server = gateway.hosts_for(server, &service.name.namespace);
        host::intersection(&of_server, &[host]).first().map(|host| (*host).to_owned())
    };
    let redirects = |server: &Server| {
        server.tls.as_ref().and_then(|tls| tls.https_redirect).is_some_and(|redirects| redirects.value)
    };
    let serving = || gateway.spec.servers.iter().filter_map(|server| Some((server, common(server)?)));
    let (server, common) = serving().find(|(server, _)| !redirects(server)).or_else(|| serving().next())?;
    let port = server.port.as_ref()?;
    let protocol = Protocol::parse(port.protocol.as_ref().map_or("", |protocol| protocol.as_str()));
    let has_tls = server.tls.is_some() && protocol.class() != ProtocolClass::Http;
    Some(Request {
        host: Some(example(&common)),
        gateway: Some(GatewayRef::Name(gateway.name.to_string())),
        port: template.port.or(port.number.map(|number| number.value)),
        tls: template.tls.or(has_tls.then_some(Tls::Tls)),
        ..template.clone()
    })
}

/// A name that a wildcard covers.
fn example(host: &str) -> String {
    match host::wildcard_suffix(host) {
        Some("") => "example.com".to_owned(),
        Some(suffix) => format!("any{suffix}"),
        None => host.to_owned(),
    }
}
