//! `redirect-loop`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule, samples};
use crate::simulate::{Outcome, Request, Simulator, Tls};
use crate::source::Span;
use crate::uri::Url;

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
    for virtual_service in context.world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for route in &virtual_service.spec.http {
            let Some(redirect) = &route.redirect else { continue };
            let mut requests = samples::of_route(context.world, virtual_service, route).into_iter();
            if let Some((from, to)) = requests.find_map(|request| follow(&simulator, request, route.span)) {
                diagnostics
                    .report(
                        &LOOP,
                        redirect.span,
                        format!("the route redirects `{from}` to `{to}`, and then redirects that request too"),
                    )
                    .help("add a match on scheme, host or path that excludes the target of the redirect");
            }
        }
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
