//! `cors-credentials`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{CorsPolicy, StringMatch};
use crate::re2::{Search, find_text};
use crate::routing::EnvoyRegex;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "cors-credentials",
    aliases: [],
    severity: Warning,
    summary: "a CORS policy that lets every site send requests with the user's credentials",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let rules = context.world.virtual_services.iter().flat_map(|service| &service.spec.http);
    for policy in rules.filter_map(|rule| rule.cors_policy.as_ref()) {
        let Some(credentials) = policy.allow_credentials.filter(|allows| allows.value) else { continue };
        if let Some(origin) = any_origin(policy) {
            diagnostics
                .report_default(
                    origin,
                    "every site may send requests with the user's credentials, and read the responses",
                )
                .related(credentials.span, "credentials are allowed here")
                .help("list the origins that are trusted, or remove allowCredentials");
        }
    }
}

/// The origin that stands for all. Envoy answers with the origin of the request, never with `*`, so browsers do not
/// refuse what they would otherwise.
fn any_origin(policy: &CorsPolicy) -> Option<Span> {
    let old = policy.allow_origin.iter().find(|origin| origin.as_str() == "*").map(|origin| origin.span);
    old.or_else(|| policy.allow_origins.iter().find_map(stands_for_all))
}

fn stands_for_all(origin: &StringMatch) -> Option<Span> {
    let is = |text: &str, all: &[&str]| all.contains(&text);
    match (&origin.regex, &origin.prefix, &origin.exact) {
        (Some(regex), ..) => takes_all(regex).then_some(regex.span),
        (None, Some(prefix), _) => {
            is(prefix, &["", "http", "http:", "https:", "http://", "https://"]).then_some(prefix.span)
        }
        (None, None, Some(exact)) => is(exact, &["*"]).then_some(exact.span),
        (None, None, None) => None,
    }
}

/// Whether an expression matches the origin of every site that is served by HTTPS.
fn takes_all(regex: &str) -> bool {
    const SITES: &str = r"https://[a-z0-9-]+(\.[a-z0-9-]+)+";
    let language = |source: &str| EnvoyRegex::new(source).ok().and_then(|regex| regex.language());
    let (Some(sites), Some(own)) = (language(SITES), language(regex)) else { return false };
    find_text(&[&sites], &[&own]) == Search::Empty
}
