//! `redirect-loop`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRoute, StringMatch};
use crate::re2::{Search, find_text};
use crate::routing::{EnvoyRegex, Matcher};
use crate::simulate::{GatewayRef, HeaderValue, Outcome, Request, Simulator, Tls};
use crate::source::{Span, Spanned};
use crate::uri::Url;
use crate::world::{Gateway, Section, Server, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "redirect-loop",
    aliases: [],
    severity: Error,
    summary: "a redirect to where the same redirect answers again: clients go round until they give up",
    check: check,
};

/// As many redirects as it takes to be sure.
const MOST_HOPS: usize = 6;

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let simulator = Simulator::new(context.world);
    for service in context.world.virtual_services.iter().filter(|service| !service.is_delegate()) {
        for rule in &service.spec.http {
            let Some(redirect) = &rule.redirect else { continue };
            let mut questions = questions(context.world, service, rule).into_iter();
            if let Some((from, to)) = questions.find_map(|question| follow(&simulator, question, rule.span)) {
                diagnostics
                    .report_default(redirect.span, format!("this redirects to itself: {from} to {to}, and again"))
                    .help("match less: the scheme, the host or the path that it leads to must not match");
            }
        }
    }
}

/// Requests that the matches of a rule take, wherever the VirtualService applies.
fn questions(world: &World<'_>, service: &VirtualService<'_>, rule: &HttpRoute) -> Vec<Request> {
    let entries: Vec<Option<&HttpMatchRequest>> =
        if rule.r#match.is_empty() { vec![None] } else { rule.r#match.iter().map(Some).collect() };
    let mut questions = Vec::new();
    for host in &service.hosts {
        let name = host::wildcard_suffix(host).map_or(host.value.clone(), |suffix| {
            let suffix = if suffix.is_empty() { ".example.com" } else { suffix };
            format!("any{suffix}")
        });
        let of_host = entries.iter().filter_map(|entry| request(&name, *entry));
        for question in of_host {
            for bound in &service.bound_to {
                match &bound.gateway {
                    None => questions.push(question.clone()),
                    Some(gateway) => {
                        let Some(gateway) = world.gateway(gateway) else { continue };
                        questions.extend(gateway.servers.iter().filter_map(|it| at(gateway, it, &question)));
                    }
                }
            }
        }
    }
    questions
}

/// A request at a server that speaks HTTP.
fn at(gateway: &Gateway<'_>, server: &Server<'_>, question: &Request) -> Option<Request> {
    if server.section() != Some(Section::Http) {
        return None;
    }
    let tls = if server.is_tls() { Tls::Tls } else { Tls::Plaintext };
    let gateway = Some(GatewayRef::Name(gateway.name.to_string()));
    Some(Request { gateway, port: Some(server.port_number()?), tls: Some(tls), ..question.clone() })
}

/// A request that meets the conditions of a match. `None`: none is found.
fn request(host: &str, entry: Option<&HttpMatchRequest>) -> Option<Request> {
    let mut request = Request { host: Some(host.to_owned()), ..Request::default() };
    let Some(entry) = entry else { return Some(request) };
    let text = |written: &Option<StringMatch>| match written {
        Some(written) => sample(written).map(Some),
        None => Some(None),
    };
    let path = text(&entry.uri)?.filter(|path| !path.is_empty());
    let parameters: Option<Vec<String>> =
        entry.query_params.iter().map(|(name, value)| Some(format!("{}={}", name.value, sample(value)?))).collect();
    let parameters = parameters?;
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    request.path = Some(path.unwrap_or_else(|| "/".to_owned()) + &query);
    request.method = text(&entry.method)?;
    if let Some(authority) = text(&entry.authority)? {
        request.host = Some(authority);
    }
    let header =
        |(name, value): (&Spanned<String>, &StringMatch)| Some((name.value.clone(), HeaderValue::One(sample(value)?)));
    let headers: Option<BTreeMap<String, HeaderValue>> = entry.headers.iter().map(header).collect();
    request.headers = headers?;
    Some(request)
}

/// A text that a comparison takes.
fn sample(written: &StringMatch) -> Option<String> {
    match Matcher::new(written) {
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

/// Follows the redirects of a rule. If it is the rule that answers each time, or a request comes up again, that is where
/// clients go round: the first request and where it is sent.
fn follow(simulator: &Simulator<'_>, question: Request, rule: Span) -> Option<(String, String)> {
    let mut request = question;
    let mut first = None;
    for _ in 0..MOST_HOPS {
        let answer = simulator.simulate(&request).ok()?;
        let is_own = answer.decision.route.as_ref().is_some_and(|route| rule.contains(route.span));
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

/// The request that a client makes of a location.
fn redirected(request: Request, location: &str) -> Option<Request> {
    let url = Url::parse(location)?;
    let written = url.port().map(u32::from);
    let is_tls = url.scheme()? == "https";
    // A client in the mesh dials the port of the service, which the host alone does not tell here.
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
