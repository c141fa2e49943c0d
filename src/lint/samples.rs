//! Requests that take a route, for rules that ask the simulator what happens to them.

use std::collections::BTreeMap;

use crate::model::networking::{HttpMatchRequest, HttpRoute, StringMatch, TlsRoute};
use crate::re2::find_text;
use crate::routing::{EnvoyRegex, Matcher};
use crate::simulate::{GatewayRef, HeaderValue, Request, Tls};
use crate::source::Spanned;
use crate::world::{Gateway, Section, Server, VirtualService, World, host};

/// Requests that meet the matches of a route: one for each match, host, and server or sidecar that the VirtualService
/// applies to.
pub(super) fn of_route(world: &World<'_>, virtual_service: &VirtualService<'_>, route: &HttpRoute) -> Vec<Request> {
    let matches: Vec<Option<&HttpMatchRequest>> =
        if route.r#match.is_empty() { vec![None] } else { route.r#match.iter().map(Some).collect() };
    let mut requests = Vec::new();
    for host in &virtual_service.hosts {
        let name = name_covered_by(host);
        let of_host = matches.iter().filter_map(|route_match| sample_request(&name, *route_match));
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
fn sample_request(host: &str, route_match: Option<&HttpMatchRequest>) -> Option<Request> {
    let mut request = Request { host: Some(host.to_owned()), ..Request::default() };
    let Some(route_match) = route_match else { return Some(request) };
    let text = |string_match: &Option<StringMatch>| match string_match {
        Some(string_match) => matched_text(string_match).map(Some),
        None => Some(None),
    };
    request.port = route_match.port.map(|port| port.value).filter(|port| *port != 0);
    let path = text(&route_match.uri)?.filter(|path| !path.is_empty());
    let parameters: Option<Vec<String>> = route_match
        .query_params
        .iter()
        .map(|(name, value)| Some(format!("{}={}", name.value, matched_text(value)?)))
        .collect();
    let parameters = parameters?;
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    request.path = Some(path.unwrap_or_else(|| "/".to_owned()) + &query);
    request.method = text(&route_match.method)?;
    if let Some(authority) = text(&route_match.authority)? {
        request.host = Some(authority);
    }
    let header = |(name, value): (&Spanned<String>, &StringMatch)| {
        Some((name.value.clone(), HeaderValue::One(matched_text(value)?)))
    };
    let headers: Option<BTreeMap<String, HeaderValue>> = route_match.headers.iter().map(header).collect();
    request.headers = headers?;
    Some(request)
}

/// A text that matches.
pub(super) fn matched_text(string_match: &StringMatch) -> Option<String> {
    match Matcher::new(string_match) {
        Matcher::Present => Some(String::new()),
        Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::PathPrefix(text) => Some(text),
        Matcher::Regex(regex) => {
            regex.sample().and_then(|text| String::from_utf8(text).ok()).or_else(|| shortest(&regex))
        }
        Matcher::Invalid { .. } => None,
    }
}

fn shortest(regex: &EnvoyRegex) -> Option<String> {
    find_text(&[&regex.language()?], &[]).into_utf8()
}

/// A name that a host of a VirtualService matches.
pub(super) fn name_covered_by(host: &str) -> String {
    host::wildcard_suffix(host).map_or(host.to_owned(), |suffix| {
        let suffix = if suffix.is_empty() { ".example.com" } else { suffix };
        format!("any{suffix}")
    })
}
