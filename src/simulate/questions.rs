//! The questions that stand for all hosts: what `mesh simulate` asks if it is not told a host.

use super::dial;
use super::request::{GatewayRef, Protocol, Request, Tls, Workload};
use crate::model::networking::TlsMatchAttributes;
use crate::world::{Gateway, NamespacedName, Section, Server, VirtualService, World, host};

/// One question for each host that a VirtualService or another route defines: from a sidecar of its namespace if it is
/// bound to the mesh, else through its first Gateway that serves the host. If `template` names a Gateway, only what is
/// bound to that is asked for. What has no rules for HTTP is asked for by TLS or other bytes.
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
        return speaking(plain, service);
    }
    let bound = || service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    let served = bound().find_map(|name| through(template, service, host, gateway(world, name)?));
    let unserved = || {
        let gateway = bound().next().map(|name| GatewayRef::Name(name.to_string()));
        speaking(Request { gateway, ..plain.clone() }, service)
    };
    served.unwrap_or_else(unserved)
}

/// The section that says where most requests for a VirtualService go.
fn section(service: &VirtualService<'_>) -> Section {
    let spec = &service.spec;
    match (spec.http.is_empty(), spec.tls.is_empty(), spec.tcp.is_empty()) {
        (true, false, _) => Section::Tls,
        (true, true, false) => Section::Tcp,
        _ => Section::Http,
    }
}

/// The question in the words that the rules of a VirtualService are for: the protocol, and the port and server name of
/// the first of them.
fn speaking(question: Request, service: &VirtualService<'_>) -> Request {
    match section(service) {
        Section::Http => question,
        Section::Tls => {
            let host = question.host.as_deref().unwrap_or_default();
            let entries = || service.spec.tls.iter().flat_map(|rule| &rule.r#match);
            let takes_host = |entry: &&TlsMatchAttributes| entry.sni_hosts.iter().any(|sni| host::overlap(sni, host));
            let entry = entries().find(takes_host).or_else(|| entries().next());
            // Without a server name of its own the client asks for the host.
            let other = entry.filter(|entry| !takes_host(entry)).and_then(|entry| entry.sni_hosts.first());
            let (sni, port) =
                (other.map(|sni| example(sni)), entry.and_then(|entry| entry.port).map(|port| port.value));
            Request {
                protocol: question.protocol.or(Some(Protocol::Tcp)),
                tls: question.tls.or(Some(Tls::Tls)),
                sni: question.sni.clone().or(sni),
                port: question.port.or(port),
                ..question
            }
        }
        Section::Tcp => {
            let first = service.spec.tcp.first().and_then(|rule| rule.r#match.first());
            let port = first.and_then(|first| first.port).map(|port| port.value);
            Request { protocol: question.protocol.or(Some(Protocol::Tcp)), port: question.port.or(port), ..question }
        }
    }
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
        return Some(speaking(Request { host: Some(example(host)), ..template.clone() }, service));
    };
    let name = dial::gateway_name(world, written);
    let found = gateway(world, &name).filter(|_| service.binds(&name))?;
    through(template, service, host, found)
}

/// A question for a host through a Gateway: at the first server that serves it with the rules that there are, and does
/// not just redirect to another.
fn through(template: &Request, service: &VirtualService<'_>, host: &str, gateway: &Gateway<'_>) -> Option<Request> {
    let common = |server: &Server<'_>| -> Option<String> {
        let of_server = server.hosts_for(&service.name.namespace);
        host::intersection(&of_server, &[host]).first().map(|host| (*host).to_owned())
    };
    let serving = || gateway.servers.iter().filter_map(|server| Some((server, common(server)?)));
    let wanted = section(service);
    let fitting = || serving().filter(|(server, _)| server.section() == Some(wanted));
    let best = fitting().find(|(server, _)| server.https_redirect().is_none()).or_else(|| fitting().next());
    let (server, common) = best.or_else(|| serving().next())?;
    server.spec.port.as_ref()?;
    let question = Request {
        host: Some(example(&common)),
        gateway: Some(GatewayRef::Name(gateway.name.to_string())),
        port: template.port.or(server.port_number()),
        tls: template.tls.or(server.is_tls().then_some(Tls::Tls)),
        ..template.clone()
    };
    Some(speaking(question, service))
}

/// A name that a wildcard covers.
fn example(host: &str) -> String {
    match host::wildcard_suffix(host) {
        Some("") => "example.com".to_owned(),
        Some(suffix) => format!("any{suffix}"),
        None => host.to_owned(),
    }
}
