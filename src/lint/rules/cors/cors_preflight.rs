//! `cors-preflight`

use super::denied_preflight;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRoute};
use crate::routing::Matcher;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "cors-preflight",
    summary: "preflight requests do not reach a CORS policy: they do not match its route, or a gateway denies them",
    findings: [&DENIED, &UNANSWERED],
    check: check,
};

pub(super) static DENIED: Finding = finding! {
    "denied", Lost, Likely, [],
    "an AuthorizationPolicy of the gateway denies preflight requests, but not those that they announce",
};
static UNANSWERED: Finding = finding! {
    "unanswered", Lost, Likely, [],
    "a condition of the route excludes all preflight requests",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    denied_preflight::check(context, diagnostics);
    for virtual_service in &context.world.virtual_services {
        let routes = &virtual_service.spec.http;
        // Another route with a policy, which preflight requests match, is the usual solution.
        let answers = |route: &HttpRoute| route.cors_policy.is_some() && obstacle(route).is_none();
        if routes.iter().any(answers) {
            continue;
        }
        for route in routes {
            let Some(policy) = &route.cors_policy else { continue };
            if let Some((span, what)) = obstacle(route) {
                diagnostics
                    .report(&UNANSWERED, policy.span, format!("preflight requests do not match the route: {what}"))
                    .related(span, "this condition excludes preflight requests")
                    .help("add a route for method `OPTIONS` with the same `corsPolicy`");
            }
        }
    }
}

/// The condition that keeps preflight requests from a route whose other requests need them, and the reason.
fn obstacle(route: &HttpRoute) -> Option<(Span, String)> {
    let obstacles: Option<Vec<(Span, String)>> = route.r#match.iter().map(obstacle_of_match).collect();
    obstacles?.into_iter().next()
}

fn obstacle_of_match(route_match: &HttpMatchRequest) -> Option<(Span, String)> {
    if let Some((name, _)) = route_match.headers.iter().find(|(name, _)| needs_preflight(name)) {
        return Some((name.span, format!("they announce header `{}`, but do not have it", name.value)));
    }
    let method = route_match.method.as_ref()?;
    let matcher = Matcher::new(method);
    let matches = |name: &str| matcher.matches(name.as_bytes());
    // Browsers can send these without a preflight request.
    let is_simple = ["GET", "HEAD", "POST"].into_iter().any(&matches);
    (!matches("OPTIONS") && !is_simple).then(|| (method.span, "they have method `OPTIONS`".to_owned()))
}

/// Whether a request with a header needs a preflight request, which announces the header without having it (Fetch:
/// CORS-safelisted request-headers, forbidden request-headers).
fn needs_preflight(name: &str) -> bool {
    const WITHOUT: [&str; 24] = [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-language",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "range",
        "referer",
        "te",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
    ];
    let lower = name.to_ascii_lowercase();
    let is_special = [":", "@", "sec-", "proxy-", "x-forwarded-", "x-envoy-", "x-b3-", "x-request-id"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    !is_special && !WITHOUT.contains(&lower.as_str())
}
