//! `redirect-loop`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule, samples};
use crate::model::Spec;
use crate::model::networking::HttpRedirect;
use crate::simulate::{Outcome, Request, Simulator, Tls};
use crate::source::Span;
use crate::uri::Url;
use crate::world::{Origin, Section, Server, VirtualService, World};

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
            let mut requests = samples::of_route(world, virtual_service, route).into_iter();
            if let Some((from, to)) = requests.find_map(|request| follow(context.simulator(), request, route.span)) {
                seen.insert(redirect.span);
                let (noun, help) = match virtual_service.origin {
                    Origin::GatewayApi => ("rule", help_of_listener(world, virtual_service, redirect, &from)),
                    _ => ("route", None),
                };
                let message = format!("the {noun} redirects `{from}` to `{to}`, and then redirects that request too");
                let general = || match virtual_service.origin {
                    Origin::GatewayApi => "match another path or host, so that the target differs",
                    _ => "add a match on scheme, host or path that excludes the target of the redirect",
                };
                diagnostics.report(&LOOP, redirect.span, message).help(help.unwrap_or_else(|| Advice::new(general())));
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
) -> Option<Advice> {
    let scheme = redirect.scheme.as_ref().filter(|scheme| scheme.as_str() == "https")?;
    let bound = virtual_service.bound_to.iter().find_map(|bound| bound.gateway.as_ref())?;
    let gateway = world.derived.gateway(bound).filter(|_| from.starts_with(&format!("{}://", scheme.value)))?;
    let is_plaintext = |it: &&Server<'_>| it.section() == Some(Section::Http) && !it.is_tls();
    let siblings = world.derived.gateways.iter().filter(|it| it.resource.span == gateway.resource.span);
    let listener = siblings.flat_map(|it| &it.servers).find(is_plaintext)?.spec.port.as_ref()?.name.as_ref()?;
    let place = virtual_service.bound_to.iter().find_map(|bound| bound.span)?;
    let references = virtual_service.sources.iter().filter_map(|source| match &source.resource.spec {
        Spec::HttpRoute(route) => Some(&route.parent_refs),
        _ => None,
    });
    let reference = references.flatten().find(|reference| reference.span == place)?;
    let (verb, edit) = match &reference.section_name {
        Some(name) => ("write", Edit::set(name.span, &*listener.value).of("sectionName")),
        None => ("add", Edit::add(reference.span, ["sectionName"], &*listener.value)),
    };
    let help = format!("{verb} {edit} in the parent reference, so that HTTPS is not redirected");
    Some(Advice::new(help).fix([edit]))
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
