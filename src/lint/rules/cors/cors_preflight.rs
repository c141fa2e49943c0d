//! `cors-preflight`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{HttpMatchRequest, HttpRoute};
use crate::routing::Matcher;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "cors-preflight",
    aliases: [],
    severity: Warning,
    summary: "a CORS policy on a rule that preflight requests do not match, so that it never answers them",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for service in &context.world.virtual_services {
        let rules = &service.spec.http;
        // Another rule that preflights match and that has a policy is the usual way round.
        let is_answered = |rule: &HttpRoute| rule.cors_policy.is_some() && obstacle(rule).is_none();
        if rules.iter().any(is_answered) {
            continue;
        }
        for rule in rules {
            let Some(policy) = &rule.cors_policy else { continue };
            if let Some((span, what)) = obstacle(rule) {
                diagnostics
                    .report_default(policy.span, format!("preflight requests do not match this rule: they {what}"))
                    .related(span, "this is asked of requests")
                    .help("add a rule for method OPTIONS with the same corsPolicy");
            }
        }
    }
}

/// Why no preflight matches a rule whose other requests need one.
fn obstacle(rule: &HttpRoute) -> Option<(Span, String)> {
    let obstacles: Option<Vec<(Span, String)>> = rule.r#match.iter().map(obstacle_of_match).collect();
    obstacles?.into_iter().next()
}

fn obstacle_of_match(entry: &HttpMatchRequest) -> Option<(Span, String)> {
    if let Some((name, _)) = entry.headers.iter().find(|(name, _)| needs_preflight(name)) {
        return Some((name.span, format!("only announce the header {}, and do not have it", name.value)));
    }
    let method = entry.method.as_ref()?;
    let matcher = Matcher::new(method);
    let takes = |name: &str| matcher.matches(name.as_bytes());
    // These can do without a preflight.
    let is_simple = ["GET", "HEAD", "POST"].into_iter().any(takes);
    (!takes("OPTIONS") && !is_simple).then(|| (method.span, "have the method OPTIONS".to_owned()))
}

/// Whether a request with a header needs a preflight, which has the header's name and not the header (Fetch: CORS-safelisted
/// request-headers, forbidden request-headers).
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
