//! `cors-credentials`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{CorsPolicy, StringMatch};
use crate::re2::{Search, find_text};
use crate::routing::EnvoyRegex;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "cors-credentials",
    summary: "a CORS policy allows any site to send requests with the user's credentials",
    findings: [&ANY_ORIGIN],
    check: check,
};

static ANY_ORIGIN: Finding = finding! {
    "any-origin", Exposed, Likely, [],
    "the policy allows credentials, and its origins match every site",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let routes = context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http);
    for policy in routes.filter_map(|route| route.cors_policy.as_ref()) {
        let Some(credentials) = policy.allow_credentials.filter(|allows| allows.value) else { continue };
        if let Some(origin) = any_origin(policy) {
            diagnostics
                .report(
                    &ANY_ORIGIN,
                    origin,
                    "any site can send requests with the user's credentials, and read the responses",
                )
                .related(credentials.span, "credentials are allowed here")
                .help({
                    let edit = Edit::remove(credentials.span).of("allowCredentials");
                    Advice::new(format!("list the trusted origins, or remove {edit}")).option([edit])
                });
        }
    }
}

/// The entry that matches every origin. Envoy answers with the origin of the request, never with `*`, so browsers do not
/// reject the response, as they would for `*` with credentials.
fn any_origin(policy: &CorsPolicy) -> Option<Span> {
    let old = policy.allow_origin.iter().find(|origin| origin.as_str() == "*").map(|origin| origin.span);
    old.or_else(|| policy.allow_origins.iter().find_map(entry_for_all))
}

/// The place of an entry, if it matches every origin.
fn entry_for_all(origin: &StringMatch) -> Option<Span> {
    let is = |text: &str, all: &[&str]| all.contains(&text);
    match (&origin.regex, &origin.prefix, &origin.exact) {
        (Some(regex), ..) => matches_all(regex).then_some(regex.span),
        (None, Some(prefix), _) => {
            is(prefix, &["", "http", "http:", "https:", "http://", "https://"]).then_some(prefix.span)
        }
        (None, None, Some(exact)) => is(exact, &["*"]).then_some(exact.span),
        (None, None, None) => None,
    }
}

/// Whether an expression matches the origin of every site that uses HTTPS.
fn matches_all(regex: &str) -> bool {
    const SITES: &str = r"https://[a-z0-9-]+(\.[a-z0-9-]+)+";
    let language = |source: &str| EnvoyRegex::new(source).ok().and_then(|regex| regex.language());
    let (Some(sites), Some(own)) = (language(SITES), language(regex)) else { return false };
    find_text(&[&sites], &[&own]) == Search::Empty
}
