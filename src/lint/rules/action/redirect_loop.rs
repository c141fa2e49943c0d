//! `redirect-loop`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRedirect, HttpRoute, StringMatch};
use crate::re2::{Search, find_text};
use crate::routing::{EnvoyRegex, Matcher};
use crate::simulate::{GatewayRef, HeaderValue, Outcome, Request, Simulator, Tls};
use crate::source::{Span, Spanned};
use crate::uri::Url;
use crate::world::{Gateway, Origin, Section, Server, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "redirect-loop",
    summary: "a redirect leads back to itself, so clients give up",
    findings: [&LOOP],
    check: check,
};

static LOOP: Finding = finding! {
    "loop", Lost, Certain, [],
    "the route redirects the request that its redirect leads to",
};

/// After this many redirects by one route, the redirect is a loop.
const MAX_HOPS: usize = 6;

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let simulator = Simulator::new(context.world);
    let world = context.world;
    let derived = world.derived.virtual_services.iter().filter(|it| it.origin == Origin::GatewayApi);
    let written = world.virtual_services.iter().filter(|it| !it.is_delegate());
    // A rule of an HTTPRoute is derived for each listener and host.
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for virtual_service in written.chain(derived) {
        for route in &virtual_service.spec.http {
            let Some(redirect) = route.redirect.as_ref().filter(|redirect| !seen.contains(&redirect.span)) else {
                continue;
            };
            let mut requests = sample_requests(world, virtual_service, route).into_iter();
            if let Some((from, to)) = requests.find_map(|request| follow(&simulator, request, route.span)) {
                seen.insert(redirect.span);
                let (noun, help) = match virtual_service.origin {
                    Origin::GatewayApi => ("rule", help_of_listener(world, virtual_service, redirect, &from)),
                    _ => ("route", None),
                };
                let message = format!("the {noun} redirects `{from}` to `{to}`, and then redirects that request too");
                let general = || match virtual_service.origin {
                    Origin::GatewayApi => "add a match on the path, or change `hostnames`, so that the target differs",
                    _ => "add a match on scheme, host or path that excludes the target of the redirect",
                };
                diagnostics.report(&LOOP, redirect.span, message).help(help.unwrap_or_else(|| general().to_owned()));
            }
        }
    }
}

/// The advice for a redirect to HTTPS that is attached to a listener for HTTPS as well.
fn help_of_listener(
    world: &World<'_>,
    virtual_service: &VirtualService<'_>,
    redirect: &HttpRedirect,
    from: &str,
) -> Option<String> {
    let scheme = redirect.scheme.as_ref().filter(|scheme| scheme.as_str() == "https")?;
    let bound = virtual_service.bound_to.iter().find_map(|bound| bound.gateway.as_ref())?;
    let gateway = world.derived.gateway(bound).filter(|_| from.starts_with(&format!("{}://", scheme.value)))?;
    let is_plaintext = |it: &&Server<'_>| it.section() == Some(Section::Http) && !it.is_tls();
    let siblings = world.derived.gateways.iter().filter(|it| it.resource.span == gateway.resource.span);
    let listener = siblings.flat_map(|it| &it.servers).find(is_plaintext)?.spec.port.as_ref()?.name.as_ref()?;
    Some(format!("add `sectionName: {}` to the parent reference, so that HTTPS is not redirected", listener.value))
}

/// Requests that meet the matches of a route: one for each match, host, and server or sidecar that the VirtualService
/// applies to.
fn sample_requests(world: &World<'_>, virtual_service: &VirtualService<'_>, route: &HttpRoute) -> Vec<Request> {
    let matches: Vec<Option<&HttpMatchRequest>> =
        if route.r#match.is_empty() { vec![None] } else { route.r#match.iter().map(Some).collect() };
    let mut requests = Vec::new();
    for host in &virtual_service.hosts {
        let name = host::wildcard_suffix(host).map_or(host.value.clone(), |suffix| {
            let suffix = if suffix.is_empty() { ".example.com" } else { suffix };
            format!("any{suffix}")
        });
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
        Some(string_match) => sample(string_match).map(Some),
        None => Some(None),
    };
    let path = text(&route_match.uri)?.filter(|path| !path.is_empty());
    let parameters: Option<Vec<String>> = route_match
        .query_params
        .iter()
        .map(|(name, value)| Some(format!("{}={}", name.value, sample(value)?)))
        .collect();
    let parameters = parameters?;
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    request.path = Some(path.unwrap_or_else(|| "/".to_owned()) + &query);
    request.method = text(&route_match.method)?;
    if let Some(authority) = text(&route_match.authority)? {
        request.host = Some(authority);
    }
    let header =
        |(name, value): (&Spanned<String>, &StringMatch)| Some((name.value.clone(), HeaderValue::One(sample(value)?)));
    let headers: Option<BTreeMap<String, HeaderValue>> = route_match.headers.iter().map(header).collect();
    request.headers = headers?;
    Some(request)
}

/// A text that matches.
fn sample(string_match: &StringMatch) -> Option<String> {
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
    match find_text(&[&regex.language()?], &[]) {
        Search::Text(text) => String::from_utf8(text).ok(),
        Search::Empty | Search::Undecided => None,
    }
}

/// Follows the redirects of a route. If the route answers each time, the redirect is a loop: returns the URL of the first
/// request, and the first redirect target.
fn follow(simulator: &Simulator<'_>, mut request: Request, route: Span) -> Option<(String, String)> {
    let mut first = None;
    for _ in 0..MAX_HOPS {
        let answer = simulator.simulate(&request).ok()?;
        let is_own = answer.decision.route.as_ref().is_some_and(|answering| route.contains(answering.span));
        if answer.decision.outcome != Outcome::Redirect || !is_own {
            return None;
        }
        let location = answer.location.clone()?;
        first.get_or_insert_with(|| (url(&request), location.clone()));
        request = redirected(request, &location)?;
    }
    first
}

fn url(request: &Request) -> String {
    let scheme = if request.tls == Some(Tls::Tls) { "https" } else { "http" };
    let [host, path] = [&request.host, &request.path].map(|text| text.as_deref().unwrap_or_default());
    let port =
        request.port.filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443)) && !host.contains(':'));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{path}")
}

/// The request that a client sends after a redirect.
fn redirected(request: Request, location: &str) -> Option<Request> {
    let url = Url::parse(location)?;
    let written = url.port().map(u32::from);
    let is_tls = url.scheme()? == "https";
    // A client in the mesh uses the port of the service, and a location rarely has it.
    let of_scheme = if is_tls { 443 } else { 80 };
    let port = match request.gateway {
        Some(_) => Some(written.unwrap_or(of_scheme)),
        None => written.or(is_tls.then_some(of_scheme)).or(request.port),
    };
    Some(Request {
        host: Some(url.authority()),
        path: url.target().map(Into::into),
        tls: Some(if is_tls { Tls::Tls } else { Tls::Plaintext }),
        port,
        ..request
    })
}
