//! HTTPRoute (istiod: `convertHTTPRoute`).

use super::attachment::{AttachableRoute, RouteAttachments};
use super::backend::{Backend, Invalid, Referrer};
use super::rule::{self, ConvertedRule, MATCH_TYPES, Unmerged, WrittenRule, condition, unknown_type};
use super::{Derived, Inputs};
use crate::model::gateway_api::{HttpPathMatch, HttpRouteMatch, HttpRouteRetry, HttpRouteRule, KubernetesHttpRoute};
use crate::model::networking::{self, HttpMatchRequest, HttpRetry, StringMatch};
use crate::model::{Map, Resource};
use crate::source::{Span, Spanned};

pub(super) fn routes<'a>(
    resource: &'a Resource,
    spec: &'a KubernetesHttpRoute,
    inputs: &Inputs<'a, '_>,
    attachments: &RouteAttachments,
    derived: &mut Derived<'a>,
) -> Vec<Unmerged<'a>> {
    let route = AttachableRoute { resource, references: &spec.parent_refs, hostnames: &spec.hostnames };
    rule::unmerged(&route, inputs, attachments, derived, |referrer| rules(resource, spec, referrer))
}

fn rules<'a>(
    resource: &'a Resource,
    spec: &'a KubernetesHttpRoute,
    referrer: &Referrer<'a, '_, '_>,
) -> Result<Vec<ConvertedRule<'a>>, Invalid> {
    if spec.rules.is_empty() {
        // By default, the API has one rule for all requests.
        return convert(resource, 0, &HttpRouteRule::empty(spec.span), referrer);
    }
    let mut all = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        all.extend(convert(resource, index, rule, referrer)?);
    }
    Ok(all)
}

fn convert<'a>(
    resource: &'a Resource,
    index: usize,
    rule: &HttpRouteRule,
    referrer: &Referrer<'a, '_, '_>,
) -> Result<Vec<ConvertedRule<'a>>, Invalid> {
    let written = WrittenRule {
        span: rule.span,
        index,
        name: rule.name.as_ref(),
        filters: &rule.filters,
        backends: rule.backend_refs.iter().map(Backend::from).collect(),
    };
    let (mut route, refused) = rule::action(&written, referrer)?;
    route.retries = rule.retry.as_ref().map(retries);
    set_timeouts(rule, &mut route);
    let entries: Vec<HttpMatchRequest> = rule.matches.iter().map(entry).collect::<Result<_, _>>()?;
    let are_written = !entries.is_empty();
    // By default, the API has a match for all paths.
    let entries = if are_written { entries } else { vec![any_path(rule.span)] };
    Ok(rule::split(resource, &written, (route, refused), entries, are_written))
}

fn any_path(span: Span) -> HttpMatchRequest {
    let prefix = Some(Spanned::new("/".to_owned(), span));
    HttpMatchRequest { uri: Some(StringMatch { prefix, ..StringMatch::empty(span) }), ..HttpMatchRequest::empty(span) }
}

fn entry(written: &HttpRouteMatch) -> Result<HttpMatchRequest, Invalid> {
    let span = written.span;
    let uri = match &written.path {
        Some(path) => Some(uri(path)?),
        None => any_path(span).uri,
    };
    let header = |it: &crate::model::gateway_api::HttpHeaderMatch| {
        condition(it.r#type.as_ref(), it.name.as_ref(), it.value.as_ref(), it.span)
            .ok_or_else(|| unknown_type(it.r#type.as_ref(), "a type of a header match", MATCH_TYPES, it.span))
    };
    let parameter = |it: &crate::model::gateway_api::HttpQueryParamMatch| {
        condition(it.r#type.as_ref(), it.name.as_ref(), it.value.as_ref(), it.span)
            .ok_or_else(|| unknown_type(it.r#type.as_ref(), "a type of a query parameter match", MATCH_TYPES, it.span))
    };
    let headers = written.headers.iter().map(header).collect::<Result<Vec<_>, _>>()?;
    let query_params = written.query_params.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
    let method = written.method.as_ref();
    Ok(HttpMatchRequest {
        uri,
        headers: Map::new(span, headers),
        query_params: Map::new(span, query_params),
        method: method.map(|it| StringMatch { exact: Some(it.clone()), ..StringMatch::empty(it.span) }),
        ..HttpMatchRequest::empty(span)
    })
}

/// The types of path matches.
const PATH_TYPES: [&str; 3] = ["PathPrefix", "Exact", "RegularExpression"];

fn uri(path: &HttpPathMatch) -> Result<StringMatch, Invalid> {
    let empty = StringMatch::empty(path.span);
    let value = path.value.clone().unwrap_or(Spanned::new("/".to_owned(), path.span));
    match path.r#type.as_ref().map_or("PathPrefix", |kind| kind.as_str()) {
        "PathPrefix" => {
            let prefix = if value.as_str() == "/" { "/" } else { value.strip_suffix('/').unwrap_or(&value) };
            Ok(StringMatch { prefix: Some(Spanned::new(prefix.to_owned(), value.span)), ..empty })
        }
        "Exact" => Ok(StringMatch { exact: Some(value), ..empty }),
        "RegularExpression" => Ok(StringMatch { regex: Some(value), ..empty }),
        _ => Err(unknown_type(path.r#type.as_ref(), "a path type", &PATH_TYPES, path.span)),
    }
}

fn retries(written: &HttpRouteRetry) -> HttpRetry {
    let codes = written.codes.iter().map(|code| code.value.to_string());
    let on: Vec<String> = ["connect-failure", "refused-stream", "unavailable", "cancelled"]
        .map(str::to_owned)
        .into_iter()
        .chain(codes)
        .collect();
    let attempts = written.attempts.unwrap_or(Spanned::new(2, written.span));
    HttpRetry {
        attempts: Some(attempts),
        retry_on: (attempts.value != 0).then(|| Spanned::new(on.join(","), written.span)),
        backoff: written.backoff,
        ..HttpRetry::empty(written.span)
    }
}

/// The backend timeout is that of each attempt if there are retries, else that of the request.
fn set_timeouts(rule: &HttpRouteRule, route: &mut networking::HttpRoute) {
    let Some(timeouts) = &rule.timeouts else { return };
    route.timeout = timeouts.request.filter(|timeout| timeout.nanoseconds() != 0);
    if let Some(of_try) = timeouts.backend_request.filter(|timeout| timeout.nanoseconds() != 0) {
        match &mut route.retries {
            Some(retries) => retries.per_try_timeout = Some(of_try),
            None => route.timeout = Some(of_try),
        }
    }
}
