//! One request for each host of the manifests: the requests of `mesh simulate` without a URL.

use super::gateway_workload::gateway_name;
use super::request::{GatewayRef, Request, RequestProtocol, Tls, WorkloadRef};
use crate::model::networking::TlsMatchAttributes;
use crate::world::{Gateway, NamespacedName, Section, Server, VirtualService, World, host};

/// One request for each host that a VirtualService or another route defines. It comes from a sidecar in the namespace
/// of the VirtualService if that is bound to the mesh, else through its first Gateway that serves the host. If
/// `template` names a Gateway, only the hosts that are bound to that Gateway get a request. Hosts without `http` routes
/// get one with TLS or other bytes.
pub(super) fn requests(world: &World<'_>, template: &Request) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let all = world.virtual_services.iter().chain(&world.derived.virtual_services);
    for virtual_service in all.filter(|it| !it.is_delegate()) {
        for host in &virtual_service.hosts {
            let request = match &template.gateway {
                Some(wanted) => through_wanted(world, template, virtual_service, &host.value, wanted),
                None => Some(request(world, template, virtual_service, &host.value)),
            };
            requests.extend(request.filter(|request| !requests.contains(request)));
        }
    }
    requests
}

fn request(world: &World<'_>, template: &Request, virtual_service: &VirtualService<'_>, host: &str) -> Request {
    let mut plain = Request { host: Some(example(host)), ..template.clone() };
    if virtual_service.binds_mesh() {
        let namespace = Some(virtual_service.name.namespace.to_string());
        plain.from.get_or_insert_with(|| WorkloadRef { namespace, ..WorkloadRef::default() });
        return speaking(plain, virtual_service);
    }
    let bound = || virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    let served = bound().find_map(|name| through(template, virtual_service, host, gateway(world, name)?));
    let unserved = || {
        let gateway = bound().next().map(|name| GatewayRef::Name(name.to_string()));
        speaking(Request { gateway, ..plain.clone() }, virtual_service)
    };
    served.unwrap_or_else(unserved)
}

/// The section that routes most requests for a VirtualService.
fn section(virtual_service: &VirtualService<'_>) -> Section {
    let spec = &virtual_service.spec;
    match (spec.http.is_empty(), spec.tls.is_empty(), spec.tcp.is_empty()) {
        (true, false, _) => Section::Tls,
        (true, true, false) => Section::Tcp,
        _ => Section::Http,
    }
}

/// Fills in the protocol that a VirtualService routes, and the port and server name of its first route.
fn speaking(request: Request, virtual_service: &VirtualService<'_>) -> Request {
    match section(virtual_service) {
        Section::Http => request,
        Section::Tls => {
            let host = request.host.as_deref().unwrap_or_default();
            let matches = || virtual_service.spec.tls.iter().flat_map(|route| &route.r#match);
            let takes_host = |it: &&TlsMatchAttributes| it.sni_hosts.iter().any(|sni| host::overlap(sni, host));
            let route_match = matches().find(takes_host).or_else(|| matches().next());
            // A client without a server name sends the host.
            let other = route_match.filter(|it| !takes_host(it)).and_then(|it| it.sni_hosts.first());
            let (sni, port) =
                (other.map(|sni| example(sni)), route_match.and_then(|it| it.port).map(|port| port.value));
            Request {
                protocol: request.protocol.or(Some(RequestProtocol::Tcp)),
                tls: request.tls.or(Some(Tls::Tls)),
                sni: request.sni.clone().or(sni),
                port: request.port.or(port),
                ..request
            }
        }
        Section::Tcp => {
            let first = virtual_service.spec.tcp.first().and_then(|route| route.r#match.first());
            let port = first.and_then(|first| first.port).map(|port| port.value);
            Request {
                protocol: request.protocol.or(Some(RequestProtocol::Tcp)),
                port: request.port.or(port),
                ..request
            }
        }
    }
}

fn gateway<'w, 'a>(world: &'w World<'a>, name: &NamespacedName<'_>) -> Option<&'w Gateway<'a>> {
    world.gateway(name).or_else(|| world.derived.gateway(name))
}

/// A request through the wanted Gateway, if the VirtualService is bound to that Gateway, or to another one of the same
/// workload.
fn through_wanted(
    world: &World<'_>,
    template: &Request,
    virtual_service: &VirtualService<'_>,
    host: &str,
    wanted: &GatewayRef,
) -> Option<Request> {
    let GatewayRef::Name(written) = wanted else {
        return Some(speaking(Request { host: Some(example(host)), ..template.clone() }, virtual_service));
    };
    let name = gateway_name(world, written);
    let found = gateway(world, &name).filter(|_| virtual_service.binds(&name))?;
    through(template, virtual_service, host, found)
}

/// A request for a host through a Gateway: at the first server for the host that uses the routes of the VirtualService,
/// and preferably one that does not redirect.
fn through(
    template: &Request,
    virtual_service: &VirtualService<'_>,
    host: &str,
    gateway: &Gateway<'_>,
) -> Option<Request> {
    let common = |server: &Server<'_>| -> Option<String> {
        let of_server = server.hosts_for(&virtual_service.name.namespace);
        host::intersection(&of_server, &[host]).first().map(|host| (*host).to_owned())
    };
    let serving = || gateway.servers.iter().filter_map(|server| Some((server, common(server)?)));
    let wanted = section(virtual_service);
    let fitting = || serving().filter(|(server, _)| server.section() == Some(wanted));
    let best = fitting().find(|(server, _)| server.https_redirect().is_none()).or_else(|| fitting().next());
    let (server, common) = best.or_else(|| serving().next())?;
    server.spec.port.as_ref()?;
    let request = Request {
        host: Some(example(&common)),
        gateway: Some(GatewayRef::Name(gateway.name.to_string())),
        port: template.port.or(server.port_number()),
        tls: template.tls.or(server.is_tls().then_some(Tls::Tls)),
        ..template.clone()
    };
    Some(speaking(request, virtual_service))
}

/// A host that a wildcard covers; other hosts stay the same.
fn example(host: &str) -> String {
    match host::wildcard_suffix(host) {
        Some("") => "example.com".to_owned(),
        Some(suffix) => format!("any{suffix}"),
        None => host.to_owned(),
    }
}
