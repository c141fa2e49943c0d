//! What is done with HTTP requests: redirects, responses, rewrites, mirrors, CORS.

use super::string_match::{RE2_HELP, Text, check_regex};
use crate::model::networking::{
    CorsPolicy, DirectResponse, HttpBody, HttpMatchRequest, HttpRedirect, HttpRewrite, HttpRoute, Percent,
};
use crate::re2::Re2;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::field::{filled, place, text};
use crate::validate::common::{destination, duration};
use crate::validate::syntax::is_token;
use crate::validate::violation::Found;

/// The methods that CORS can allow.
const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

/// The longest body of a direct response, and the longest that istiod does not warn of.
const LONGEST_BODY: usize = 1024 * 1024;
const LONG_BODY: usize = 100 * 1024;

/// Checks a redirect; the first mistake ends it (istio: `validateHTTPRedirect`).
pub fn check_redirect(redirect: &HttpRedirect, matches: &[HttpMatchRequest], found: &mut Found<'_>) {
    let prefix = filled(&redirect.prefix_rewrite);
    if let (Some(uri), Some(prefix)) = (filled(&redirect.uri), prefix) {
        found
            .error("RD-1", Family::ConflictingFields, prefix.span, "uri and prefixRewrite exclude each other")
            .help("keep one of them")
            .related(uri.span, "uri is here");
        return;
    }
    let other =
        matches.iter().filter_map(|entry| entry.uri.as_ref()).find(|uri| !matches!(Text::of(uri), Text::Prefix(_)));
    if let (Some(prefix), Some(other)) = (prefix, other) {
        found
            .error("RD-2", Family::ConflictingFields, prefix.span, "prefixRewrite needs matches by uri.prefix")
            .help("match by prefix, or write uri")
            .related(other.span, "this match has none");
        return;
    }
    let has_port = redirect.port.is_some() || redirect.derive_port.is_some();
    let says = |field| !text(field).is_empty();
    if !(says(&redirect.uri) || prefix.is_some() || says(&redirect.authority) || has_port || says(&redirect.scheme)) {
        found
            .error("RD-3", Family::MissingField, redirect.span, "this redirect leads nowhere")
            .help("add uri, prefixRewrite, authority, port, derivePort or scheme");
        return;
    }
    let code = redirect.redirect_code.filter(|code| code.value != 0 && !(300..=399).contains(&code.value));
    if let Some(code) = code {
        let message = format!("{} is no status of a redirect", code.value);
        found.error("RD-4", Family::OutOfRange, code.span, message).help("it takes 300 to 399");
    } else if let Some(scheme) = filled(&redirect.scheme).filter(|it| !["http", "https"].contains(&it.as_str())) {
        let message = format!("{:?} is no scheme to redirect to", scheme.value);
        found.error("RD-5", Family::InvalidUri, scheme.span, message).help("write http or https");
    } else if let Some(port) = redirect.port.filter(|port| port.value > 65535) {
        let message = format!("{} is no port", port.value);
        found.error("RD-6", Family::InvalidPort, port.span, message).help("it takes a number from 1 to 65535");
    }
}

/// Checks status and body (istio: `validateHTTPDirectResponse`).
pub fn check_direct_response(response: &DirectResponse, found: &mut Found<'_>) {
    if let Some(body) = &response.body {
        check_body(body, found);
    }
    let status = response.status.map_or(0, |status| status.value);
    if response.status.is_none() {
        found
            .error("DI-3", Family::MissingField, response.span, "this response has no status")
            .help("add a status from 200 to 599");
    } else if !(200..=600).contains(&status) {
        let message = format!("{status} is no status to respond with");
        found
            .error("DI-3", Family::OutOfRange, place(&response.status, response.span), message)
            .help("it takes 200 to 599");
    }
}

fn check_body(body: &HttpBody, found: &mut Found<'_>) {
    let (span, length) = match (&body.bytes, &body.string) {
        (Some(bytes), _) => (bytes.span, bytes.trim_end_matches('=').len() * 3 / 4),
        (None, Some(string)) => (string.span, string.len()),
        (None, None) => return,
    };
    const HELP: &str = "serve it from a service: every proxy holds the whole text";
    if length > LONGEST_BODY {
        let message = format!("this body has {length} bytes, {LONGEST_BODY} are the most");
        found.error("DI-1", Family::OutOfRange, span, message).help(HELP);
    } else if length > LONG_BODY {
        found.warning("DI-2", Family::OutOfRange, span, format!("this body has {length} bytes")).help(HELP);
    }
}

/// Checks a rewrite; the first mistake ends it (istio: `validateHTTPRewrite`).
pub fn check_rewrite(rewrite: &HttpRewrite, found: &mut Found<'_>) {
    let uri = filled(&rewrite.uri);
    if let (Some(uri), Some(regex)) = (uri, &rewrite.uri_regex_rewrite) {
        found
            .error("RW-1", Family::ConflictingFields, regex.span, "uri and uriRegexRewrite exclude each other")
            .help("keep one of them")
            .related(uri.span, "uri is here");
        return;
    }
    let Some(regex) = &rewrite.uri_regex_rewrite else {
        if uri.is_none() && text(&rewrite.authority).is_empty() {
            found
                .error("RW-2", Family::MissingField, rewrite.span, "this rewrite changes nothing")
                .help("add uri, uriRegexRewrite or authority, or remove it");
        }
        return;
    };
    let (Some(expression), Some(_)) = (filled(&regex.r#match), filled(&regex.rewrite)) else {
        let missing = if filled(&regex.r#match).is_none() { "match" } else { "rewrite" };
        found
            .error("RW-3", Family::MissingField, regex.span, format!("this rewrite has no {missing}"))
            .help("it needs both match and rewrite");
        return;
    };
    if let Err(error) = Re2::unanchored(expression) {
        found.error("RW-4", Family::InvalidRegex, expression.span, error.message).part(error.range).help(RE2_HELP);
    } else if expression.len() > 1024 {
        let message = format!("this expression has {} bytes, 1024 are the most", expression.len());
        found.error("RW-4", Family::InvalidRegex, expression.span, message).help("make it shorter");
    }
}

/// Checks where copies of the requests go.
pub fn check_mirrors(route: &HttpRoute, found: &mut Found<'_>) {
    if let Some(percent) = route.mirror_percent {
        if percent.value > 100 {
            let message = format!("{} is no percentage", percent.value);
            found.error("MI-1", Family::OutOfRange, percent.span, message).help("it takes 0 to 100");
        }
        found
            .warning("MI-2", Family::NoEffect, percent.span, "mirrorPercent is an older form")
            .help(format!("write mirrorPercentage: {{value: {}}}", percent.value));
    }
    check_share(route.mirror_percentage.as_ref(), found);
    if let Some(mirror) = &route.mirror {
        destination::check(mirror, found);
    }
    for mirror in &route.mirrors {
        match &mirror.destination {
            Some(target) => destination::check(target, found),
            None => {
                found
                    .error("MI-4", Family::MissingField, mirror.span, "this mirror has no destination")
                    .help("add a destination");
            }
        }
        check_share(mirror.percentage.as_ref(), found);
    }
}

fn check_share(share: Option<&Percent>, found: &mut Found<'_>) {
    let Some(value) = share.and_then(|share| share.value) else { return };
    if value.value < 0.0 || value.value > 100.0 {
        let message = format!("{} is no percentage", value.value);
        found.error("MI-3", Family::OutOfRange, value.span, message).help("it takes 0 to 100");
    }
}

/// Checks what is allowed to other origins (istio: `validateCORSPolicy`).
pub fn check_cors(cors: &CorsPolicy, found: &mut Found<'_>) {
    for origin in &cors.allow_origins {
        match Text::of(origin) {
            Text::Present | Text::Exact("") | Text::Prefix("") | Text::Regex("") => {
                found
                    .error("CO-1", Family::MissingField, origin.span, "this origin is empty")
                    .help("write exact, prefix or regex; regex: .* is any origin");
            }
            Text::Regex(_) => origin.regex.iter().for_each(|regex| check_regex(regex, found)),
            Text::Exact(_) | Text::Prefix(_) => {}
        }
    }
    for method in cors.allow_methods.iter().filter(|method| !METHODS.contains(&method.as_str())) {
        let upper = method.to_uppercase();
        let help = match METHODS.contains(&upper.as_str()) {
            true => format!("write {upper}"),
            false => format!("it takes {}", METHODS.join(", ")),
        };
        let message = format!("{:?} is no method that can be allowed", method.value);
        found.error("CO-2", Family::InvalidHeader, method.span, message).help(help);
    }
    let is_header = |name: &&Spanned<String>| name.as_str() == "*" || is_token(name);
    for name in cors.allow_headers.iter().chain(&cors.expose_headers).filter(|name| !is_header(name)) {
        let message = format!("{:?} is no name of a header", name.value);
        found.error("CO-3", Family::InvalidHeader, name.span, message).help("write one name per entry, or *");
    }
    duration::check(cors.max_age, "CO-4", found);
    if let Some(age) = cors.max_age.filter(|age| age.nanoseconds() % 1_000_000_000 != 0) {
        found
            .error("CO-5", Family::InvalidDuration, age.span, format!("{} is not in whole seconds", age.value))
            .help("round it to seconds");
    }
}
