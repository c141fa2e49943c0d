//! Requests that take a route, for rules that ask the simulator what happens to them.

use crate::model::networking::{HttpMatchRequest, HttpRoute, TlsRoute};
use crate::routing::Sample;
use crate::simulate::{GatewayRef, HeaderValue, Request, Tls};
use crate::world::{Gateway, Section, Server, VirtualService, World, host};

/// Requests that meet the matches of a route: one for each match, host, and server or sidecar that the VirtualService
/// applies to.
pub(super) fn of_route(world: &World<'_>, virtual_service: &VirtualService<'_>, route: &HttpRoute) -> Vec<Request> {
    let matches: Vec<Option<&HttpMatchRequest>> =
        if route.r#match.is_empty() { vec![None] } else { route.r#match.iter().map(Some).collect() };
    let mut requests = Vec::new();
    for host in &virtual_service.hosts {
        let name = name_covered_by(host);
        let of_host = matches.iter().filter_map(|route_match| sample_request(virtual_service, &name, *route_match));
        for request in of_host {
            for bound in &virtual_service.bound_to {
                match &bound.gateway {
                    None => requests.push(request.clone()),
                    Some(gateway) => {
                        let derived = || world.derived.gateway(gateway);
                        let Some(gateway) = world.gateway(gateway).or_else(derived) else { continue };
                        requests.extend(gateway.servers.iter().filter_map(|it| at(gateway, it, &request)));
                    }
                }
            }
        }
    }
    requests
}

/// Connections that meet the matches of a `tls` route: one for each server name, and server or sidecar that the
/// VirtualService applies to.
pub(super) fn of_tls_route(world: &World<'_>, virtual_service: &VirtualService<'_>, route: &TlsRoute) -> Vec<Request> {
    let mut requests = Vec::new();
    for (route_match, name) in route.r#match.iter().flat_map(|it| it.sni_hosts.iter().map(move |name| (it, name))) {
        let name = name_covered_by(name);
        let port = route_match.port.map(|port| port.value).filter(|port| *port != 0);
        let request =
            Request { host: Some(name.clone()), sni: Some(name), port, tls: Some(Tls::Tls), ..Request::default() };
        for bound in &virtual_service.bound_to {
            let Some(name) = &bound.gateway else {
                requests.push(request.clone());
                continue;
            };
            let servers = world.gateway(name).into_iter().flat_map(|gateway| &gateway.servers);
            let passing = servers.filter(|server| server.section() == Some(Section::Tls));
            requests.extend(passing.filter_map(|server| {
                let gateway = Some(GatewayRef::Name(name.to_string()));
                Some(Request { gateway, port: Some(server.port_number()?), ..request.clone() })
            }));
        }
    }
    requests
}

/// The request, sent to a server. `None` if the server does not speak HTTP.
fn at(gateway: &Gateway<'_>, server: &Server<'_>, request: &Request) -> Option<Request> {
    if server.section() != Some(Section::Http) {
        return None;
    }
    let tls = if server.is_tls() { Tls::Tls } else { Tls::Plaintext };
    let gateway = Some(GatewayRef::Name(gateway.name.to_string()));
    Some(Request { gateway, port: Some(server.port_number()?), tls: Some(tls), ..request.clone() })
}

/// A request that meets a match, or any request without one. `None` if none is found.
fn sample_request(
    virtual_service: &VirtualService<'_>,
    host: &str,
    route_match: Option<&HttpMatchRequest>,
) -> Option<Request> {
    let request = Request { host: Some(host.to_owned()), ..Request::default() };
    let Some(route_match) = route_match else { return Some(request) };
    let sample = Sample::of_match(virtual_service, route_match)?;
    let headers = sample.headers.iter().map(|(name, value)| (name.clone(), HeaderValue::One(value.clone())));
    Some(Request {
        port: route_match.port.map(|port| port.value).filter(|port| *port != 0),
        path: Some(sample.path_and_query()),
        method: route_match.method.as_ref().map(|_| sample.method.clone()),
        host: Some(sample.authority).filter(|authority| !authority.is_empty()).or(request.host),
        headers: headers.collect(),
        claims: sample.claims,
        ..Request::default()
    })
}

/// A name that a host of a VirtualService matches.
pub(super) fn name_covered_by(host: &str) -> String {
    host::wildcard_suffix(host).map_or(host.to_owned(), |suffix| {
        let suffix = if suffix.is_empty() { ".example.com" } else { suffix };
        format!("any{suffix}")
    })
}
