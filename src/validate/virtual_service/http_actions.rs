//! Actions of HTTP routes: redirects, direct responses, rewrites, mirrors, CORS.

use super::string_match::{Comparison, check_regex, re2_help, rejection};
use crate::advice::{Advice, Edit, Literal};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{
    CorsPolicy, DirectResponse, HttpBody, HttpMatchRequest, HttpRedirect, HttpRewrite, HttpRoute, Percent,
};
use crate::re2::Re2;
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::fields::{destination, duration};
use crate::validate::quoted;
use crate::validate::syntax::is_token;
use crate::validate::violation::Violations;

/// The methods that a CORS policy can allow.
const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

/// The largest body of a direct response, and the largest that istiod does not warn about, in bytes.
const LONGEST_BODY: usize = 1024 * 1024;
const LONG_BODY: usize = 100 * 1024;

/// Checks a redirect, up to the first violation (istio: `validateHTTPRedirect`).
pub fn check_redirect(redirect: &HttpRedirect, matches: &[HttpMatchRequest], violations: &mut Violations<'_>) {
    let prefix = redirect.prefix_rewrite.filled();
    if let (Some(uri), Some(prefix)) = (redirect.uri.filled(), prefix) {
        violations
            .error("RD-1", Mistake::ConflictingFields, prefix.span, "`uri` and `prefixRewrite` exclude each other")
            .help(
                Advice::new("remove one of the two")
                    .option([Edit::remove(prefix.span)])
                    .option([Edit::remove(uri.span)]),
            )
            .related(uri.span, "`uri` is here");
        return;
    }
    let other = matches
        .iter()
        .filter_map(|entry| entry.uri.as_ref())
        .find(|uri| !matches!(Comparison::of(uri), Comparison::Prefix(_)));
    if let (Some(prefix), Some(other)) = (prefix, other) {
        violations
            .error("RD-2", Mistake::ConflictingFields, prefix.span, "`prefixRewrite` needs matches with `uri.prefix`")
            .help("use `uri.prefix` in the match, or use `uri` in the redirect")
            .related(other.span, "this match has no prefix");
        return;
    }
    let has_port = redirect.port.is_some() || redirect.derive_port.is_some();
    let is_set = |field: &Option<Spanned<String>>| field.filled().is_some();
    if !(is_set(&redirect.uri)
        || prefix.is_some()
        || is_set(&redirect.authority)
        || has_port
        || is_set(&redirect.scheme))
    {
        violations
            .error("RD-3", Mistake::MissingField, redirect.span, "the redirect has no target")
            .help("add `uri`, `prefixRewrite`, `authority`, `port`, `derivePort` or `scheme`");
        return;
    }
    let code = redirect.redirect_code.filter(|code| code.value != 0 && !(300..=399).contains(&code.value));
    if let Some(code) = code {
        let message = format!("{} is not a redirect status", code.value);
        violations.error("RD-4", Mistake::OutOfRange, code.span, message).help("use a status from 300 to 399");
    } else if let Some(scheme) = redirect.scheme.filled().filter(|it| !["http", "https"].contains(&it.as_str())) {
        let message = format!("a redirect cannot have the scheme {}", quoted(scheme));
        violations.error("RD-5", Mistake::InvalidUri, scheme.span, message).help("use `http` or `https`");
    } else if let Some(port) = redirect.port.filter(|port| port.value > 65535) {
        let message = format!("{} is not a valid port number", port.value);
        violations.error("RD-6", Mistake::InvalidPort, port.span, message).help("use a number from 1 to 65535");
    }
}

/// Checks a direct response (istio: `validateHTTPDirectResponse`).
pub fn check_direct_response(response: &DirectResponse, violations: &mut Violations<'_>) {
    if let Some(body) = &response.body {
        check_body(body, violations);
    }
    let status = response.status.map_or(0, |status| status.value);
    if response.status.is_none() {
        violations
            .error("DI-3", Mistake::MissingField, response.span, "the direct response has no status")
            .help("add `status`, a number from 200 to 599");
    } else if !(200..=600).contains(&status) {
        let message = format!("{status} is not a valid HTTP status");
        violations
            .error("DI-3", Mistake::OutOfRange, response.status.place(response.span), message)
            .help("use a status from 200 to 599");
    }
}

fn check_body(body: &HttpBody, violations: &mut Violations<'_>) {
    let (span, length) = match (&body.bytes, &body.string) {
        (Some(bytes), _) => (bytes.span, bytes.trim_end_matches('=').len() * 3 / 4),
        (None, Some(string)) => (string.span, string.len()),
        (None, None) => return,
    };
    const HELP: &str = "serve it from a service, because every proxy stores the whole body";
    if length > LONGEST_BODY {
        let message = format!("the body has {length} bytes, but at most {LONGEST_BODY} are allowed");
        violations.error("DI-1", Mistake::OversizedValue, span, message).help(HELP);
    } else if length > LONG_BODY {
        violations.warning("DI-2", Mistake::OversizedValue, span, format!("the body has {length} bytes")).help(HELP);
    }
}

/// Checks a rewrite, up to the first violation (istio: `validateHTTPRewrite`).
pub fn check_rewrite(rewrite: &HttpRewrite, violations: &mut Violations<'_>) {
    let uri = rewrite.uri.filled();
    if let (Some(uri), Some(regex)) = (uri, &rewrite.uri_regex_rewrite) {
        violations
            .error("RW-1", Mistake::ConflictingFields, regex.span, "`uri` and `uriRegexRewrite` exclude each other")
            .help("remove one of the two")
            .related(uri.span, "`uri` is here");
        return;
    }
    let Some(regex) = &rewrite.uri_regex_rewrite else {
        if uri.is_none() && rewrite.authority.text().is_empty() {
            violations
                .error("RW-2", Mistake::MissingField, rewrite.span, "the rewrite has no effect")
                .help("add `uri`, `uriRegexRewrite` or `authority`, or remove `rewrite`");
        }
        return;
    };
    let (Some(expression), Some(_)) = (regex.r#match.filled(), regex.rewrite.filled()) else {
        let missing = if regex.r#match.filled().is_none() { "match" } else { "rewrite" };
        violations
            .error("RW-3", Mistake::MissingField, regex.span, format!("`uriRegexRewrite` has no `{missing}`"))
            .help("set both `match` and `rewrite`");
        return;
    };
    if let Err(error) = Re2::unanchored(expression) {
        violations
            .error("RW-4", Mistake::InvalidRegex, expression.span, rejection(&error))
            .part(error.range)
            .help(re2_help(expression));
    } else if expression.len() > 1024 {
        let message = format!("the regular expression has {} bytes, but at most 1024 are allowed", expression.len());
        violations.error("RW-4", Mistake::InvalidRegex, expression.span, message).help("shorten it");
    }
}

/// Checks the mirrors of a route.
pub fn check_mirrors(route: &HttpRoute, violations: &mut Violations<'_>) {
    if let Some(percent) = route.mirror_percent {
        if percent.value > 100 {
            let message = format!("{} is not a valid percentage", percent.value);
            violations.error("MI-1", Mistake::OutOfRange, percent.span, message).help("use a number from 0 to 100");
        }
        violations.warning("MI-2", Mistake::OlderForm, percent.span, "`mirrorPercent` is deprecated").help({
            let literal = Literal::Map(vec![("value".to_owned(), percent.value.into())]);
            let edit = Edit::replace(percent.span, "mirrorPercentage", literal);
            let help = Advice::new(format!("write {edit}"));
            if route.mirror_percentage.is_some() || percent.value > 100 { help } else { help.fix([edit]) }
        });
    }
    check_percentage(route.mirror_percentage.as_ref(), violations);
    if let Some(mirror) = &route.mirror {
        destination::check(mirror, violations);
    }
    for mirror in &route.mirrors {
        match &mirror.destination {
            Some(target) => destination::check(target, violations),
            None => {
                violations
                    .error("MI-4", Mistake::MissingField, mirror.span, "the mirror has no destination")
                    .help("add `destination`");
            }
        }
        check_percentage(mirror.percentage.as_ref(), violations);
    }
}

fn check_percentage(percentage: Option<&Percent>, violations: &mut Violations<'_>) {
    let Some(value) = percentage.and_then(|it| it.value) else { return };
    if value.value < 0.0 || value.value > 100.0 {
        let message = format!("{} is not a valid percentage", value.value);
        violations.error("MI-3", Mistake::OutOfRange, value.span, message).help("use a number from 0 to 100");
    }
}

/// Checks a CORS policy (istio: `validateCORSPolicy`).
pub fn check_cors(cors: &CorsPolicy, violations: &mut Violations<'_>) {
    for origin in &cors.allow_origins {
        match Comparison::of(origin) {
            Comparison::Present | Comparison::Exact("") | Comparison::Prefix("") | Comparison::Regex("") => {
                violations
                    .error("CO-1", Mistake::MissingField, origin.span, "the origin is empty")
                    .help("add `exact`, `prefix` or `regex`; `regex: .*` allows any origin");
            }
            Comparison::Regex(_) => origin.regex.iter().for_each(|regex| check_regex(regex, violations)),
            Comparison::Exact(_) | Comparison::Prefix(_) => {}
        }
    }
    for method in cors.allow_methods.iter().filter(|method| !METHODS.contains(&method.as_str())) {
        let upper = method.to_uppercase();
        let message = format!("a CORS policy cannot allow the method {}", quoted(method));
        let violation = violations.error("CO-2", Mistake::InvalidHeader, method.span, message);
        match METHODS.contains(&upper.as_str()) {
            true => violation.write(upper),
            false => violation.help(format!("use one of {}", METHODS.map(|it| format!("`{it}`")).join(", "))),
        };
    }
    let is_header = |name: &&Spanned<String>| name.as_str() == "*" || is_token(name);
    for name in cors.allow_headers.iter().chain(&cors.expose_headers).filter(|name| !is_header(name)) {
        let message = format!("{} is not a valid header name", quoted(name));
        violations.error("CO-3", Mistake::InvalidHeader, name.span, message).help("write one name per entry, or `*`");
    }
    duration::check(cors.max_age, "CO-4", violations);
    if let Some(age) = cors.max_age.filter(|age| age.nanoseconds() % 1_000_000_000 != 0) {
        violations
            .error(
                "CO-5",
                Mistake::InvalidDuration,
                age.span,
                format!("duration `{}` is not in whole seconds", age.value),
            )
            .help("round it to seconds");
    }
}
