//! Filters: header changes, redirects, rewrites, mirrors and CORS (istiod: `createHeadersFilter` and others).

use super::backend::{Backend, Invalid, Referrer, Resolved};
use crate::model::field::TextField;
use crate::model::gateway_api::{
    BackendObjectReference, CorsFilter, Header, HeaderFilter, HttpFilter, MirrorFilter, RedirectFilter,
    UrlRewriteFilter,
};
use crate::model::networking::{
    CorsPolicy, DerivePort, HeaderOperations, Headers, HttpMirrorPolicy, HttpRedirect, HttpRewrite, HttpRoute, Percent,
    RegexRewrite, StringMatch, UnmatchedPreflights,
};
use crate::model::{Duration, Kind, Map};
use crate::re2;
use crate::source::Spanned;
use crate::world::{Refusal, RefusedBackend};

/// Applies the filters of a rule. Returns the backends of the mirrors that istiod drops.
pub(super) fn apply(
    filters: &[HttpFilter],
    referrer: &Referrer<'_, '_, '_>,
    route: &mut HttpRoute,
) -> Result<Vec<RefusedBackend>, Invalid> {
    let is_http = referrer.resource.kind == Kind::HttpRoute;
    let mut dropped = Vec::new();
    for filter in filters {
        match kind(filter) {
            "RequestHeaderModifier" | "ResponseHeaderModifier" => change_headers(filter, &mut route.headers)?,
            "RequestMirror" => match filter.request_mirror.as_ref().and_then(|it| mirror(it, referrer)) {
                Some(Ok(Ok(copies))) => route.mirrors.push(copies),
                // For an HTTPRoute, istiod only drops the mirror.
                Some(Ok(Err(refused))) => dropped.push(refused),
                Some(Err(invalid)) if is_http => {
                    dropped.push(RefusedBackend { span: invalid.span, refusal: Refusal::InvalidMirror });
                }
                Some(Err(invalid)) => return Err(invalid),
                None => {}
            },
            "RequestRedirect" if is_http => route.redirect = filter.request_redirect.as_ref().map(redirect),
            "URLRewrite" if is_http => route.rewrite = filter.url_rewrite.as_ref().and_then(rewrite),
            "CORS" if is_http => route.cors_policy = filter.cors.as_ref().map(cors),
            other => return unsupported(filter, other),
        }
    }
    Ok(dropped)
}

/// The header changes of a backend. A backend cannot have other filters.
pub(super) fn backend_headers(filters: &[HttpFilter]) -> Result<Option<Headers>, Invalid> {
    let mut headers = None;
    for filter in filters {
        match kind(filter) {
            "RequestHeaderModifier" | "ResponseHeaderModifier" => change_headers(filter, &mut headers)?,
            other => return unsupported(filter, other),
        }
    }
    Ok(headers)
}

fn kind(filter: &HttpFilter) -> &str {
    filter.r#type.text()
}

fn unsupported<T>(filter: &HttpFilter, kind: &str) -> Result<T, Invalid> {
    let reason = format!("Istio does not support filter `{kind}` here");
    Err(Invalid { span: filter.span, reason, help: "remove the filter".to_owned() })
}

fn change_headers(filter: &HttpFilter, headers: &mut Option<Headers>) -> Result<(), Invalid> {
    let is_request = kind(filter) == "RequestHeaderModifier";
    let change = if is_request { &filter.request_header_modifier } else { &filter.response_header_modifier };
    let Some(change) = change else { return Ok(()) };
    let operations = operations(change)?;
    let headers = headers.get_or_insert_with(|| Headers::empty(filter.span));
    *(if is_request { &mut headers.request } else { &mut headers.response }) = Some(operations);
    Ok(())
}

fn operations(filter: &HeaderFilter) -> Result<HeaderOperations, Invalid> {
    for value in filter.set.iter().chain(&filter.add).filter_map(|header| header.value.as_ref()) {
        if value.bytes().any(|byte| byte == 0x7f || (byte < 0x20 && byte != b'\t')) {
            return Err(Invalid {
                span: value.span,
                reason: "the header value has control characters".to_owned(),
                help: "remove the control characters".to_owned(),
            });
        }
    }
    let changes = |headers: &[Header]| {
        let pair = |header: &Header| {
            let name = header.name.as_ref()?;
            let value = header.value.clone().unwrap_or(Spanned::new(String::new(), header.span));
            Some((Spanned::new(name.to_ascii_lowercase(), name.span), value))
        };
        // The first of several entries counts, but a map keeps the last.
        Map::new(filter.span, headers.iter().rev().filter_map(pair))
    };
    Ok(HeaderOperations {
        span: filter.span,
        set: changes(&filter.set),
        add: changes(&filter.add),
        remove: filter.remove.clone(),
    })
}

/// A mirror, or its backend if the route may not use it.
type Mirror = Result<HttpMirrorPolicy, RefusedBackend>;

fn mirror(filter: &MirrorFilter, referrer: &Referrer<'_, '_, '_>) -> Option<Result<Mirror, Invalid>> {
    let backend = filter.backend_ref.as_ref()?;
    Some(referrer.resolve(&Backend::from(backend)).and_then(|resolved| mirror_to(filter, backend, resolved, referrer)))
}

fn mirror_to(
    filter: &MirrorFilter,
    backend: &BackendObjectReference,
    resolved: Resolved,
    referrer: &Referrer<'_, '_, '_>,
) -> Result<Mirror, Invalid> {
    if let Some(refused) = resolved.refused {
        return match referrer.resource.kind {
            Kind::HttpRoute => Ok(Err(refused)),
            _ => Err(Invalid {
                span: backend.span,
                reason: "the route may not use the backend of the mirror".to_owned(),
                help: match refused.refusal {
                    Refusal::NotGranted => "add a ReferenceGrant to the namespace of the backend".to_owned(),
                    _ => "use a Service".to_owned(),
                },
            }),
        };
    }
    let share = match (&filter.fraction, filter.percent) {
        (Some(fraction), _) => {
            let numerator = f64::from(fraction.numerator.map_or(0, |it| it.value));
            let denominator = f64::from(fraction.denominator.map_or(100, |it| it.value));
            Some(Spanned::new(100.0 * numerator / denominator, fraction.span))
        }
        (None, Some(percent)) => Some(Spanned::new(f64::from(percent.value), percent.span)),
        (None, None) => None,
    };
    let percentage = share.map(|value| Percent { span: value.span, value: Some(value) });
    Ok(Ok(HttpMirrorPolicy { span: filter.span, destination: Some(resolved.destination), percentage }))
}

fn redirect(filter: &RedirectFilter) -> HttpRedirect {
    let port = match filter.scheme {
        Some(_) => DerivePort::FromProtocolDefault,
        None => DerivePort::FromRequestPort,
    };
    let path = filter.path.as_ref();
    let of_type = |kind: &str| path.filter(|path| path.r#type.as_ref().is_some_and(|it| it.as_str() == kind));
    HttpRedirect {
        uri: of_type("ReplaceFullPath").and_then(|path| path.replace_full_path.clone()),
        prefix_rewrite: of_type("ReplacePrefixMatch").and_then(|path| path.replace_prefix_match.clone()),
        authority: filter.hostname.clone(),
        port: filter.port,
        derive_port: filter.port.is_none().then(|| Spanned::new(port, filter.span)),
        scheme: filter.scheme.clone(),
        // The default of the API.
        redirect_code: Some(filter.status_code.unwrap_or(Spanned::new(302, filter.span))),
        ..HttpRedirect::empty(filter.span)
    }
}

/// The rewrite. A prefix of `/` removes the matched prefix.
fn rewrite(filter: &UrlRewriteFilter) -> Option<HttpRewrite> {
    let mut rewrite = HttpRewrite { authority: filter.hostname.clone(), ..HttpRewrite::empty(filter.span) };
    if let Some(path) = &filter.path {
        match path.r#type.text() {
            "ReplacePrefixMatch" => {
                let written = path.replace_prefix_match.as_ref();
                let prefix = written.map_or("", |prefix| prefix.strip_suffix('/').unwrap_or(prefix));
                let prefix = if prefix.is_empty() { "/" } else { prefix };
                rewrite.uri = Some(Spanned::new(prefix.to_owned(), written.map_or(path.span, |it| it.span)));
            }
            "ReplaceFullPath" => {
                rewrite.uri_regex_rewrite = Some(RegexRewrite {
                    r#match: Some(Spanned::new("/.*".to_owned(), path.span)),
                    rewrite: path.replace_full_path.clone(),
                    ..RegexRewrite::empty(path.span)
                });
            }
            _ => {}
        }
    }
    let says_something = rewrite.uri.is_some() || rewrite.uri_regex_rewrite.is_some() || rewrite.authority.is_some();
    says_something.then_some(rewrite)
}

fn cors(filter: &CorsFilter) -> CorsPolicy {
    let seconds = |age: i32| Duration::from_nanoseconds(i64::from(age) * 1_000_000_000);
    // The default of the API.
    let max_age = filter.max_age.unwrap_or(Spanned::new(5, filter.span));
    CorsPolicy {
        allow_origins: filter.allow_origins.iter().filter(|origin| !origin.is_empty()).map(origin).collect(),
        allow_methods: filter.allow_methods.clone(),
        allow_headers: filter.allow_headers.clone(),
        expose_headers: filter.expose_headers.clone(),
        max_age: (max_age.value > 0).then(|| Spanned::new(seconds(max_age.value), max_age.span)),
        allow_credentials: filter.allow_credentials.filter(|allow| allow.value),
        unmatched_preflights: Some(Spanned::new(UnmatchedPreflights::Ignore, filter.span)),
        ..CorsPolicy::empty(filter.span)
    }
}

/// An origin, in which `*` is a wildcard.
fn origin(written: &Spanned<String>) -> StringMatch {
    /// A scheme, a host and an optional port.
    const ANY_ORIGIN: &str = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$";
    let here = |text: &str| Some(Spanned::new(text.to_owned(), written.span));
    let empty = StringMatch::empty(written.span);
    match (written.as_str(), written.matches('*').count()) {
        ("*", _) => StringMatch { regex: here(ANY_ORIGIN), ..empty },
        (exact, 0) => StringMatch { exact: here(exact), ..empty },
        (text, 1) if text.ends_with('*') => StringMatch { prefix: here(&text[..text.len() - 1]), ..empty },
        (pattern, _) => {
            let escaped = re2::quote(pattern).replace(r"\*", ".*");
            StringMatch { regex: here(&format!("^{escaped}$")), ..empty }
        }
    }
}
