//! Changes that a route makes to a request: rewrites, redirects and headers (Envoy, istiod: `ApplyRedirect`,
//! `applyHTTPRouteDestination`).

use super::effects::Rewritten;
use super::header_operations::OperationOrder;
use crate::model::field::TextField;
use crate::model::networking::{DerivePort, Headers, HttpRewrite, StringMatch, UnmatchedPreflights};
use crate::routing::{
    Clause, ClauseAction, CompiledRoute, EnvoyRegex, HttpRequest, MatchSubject, Matcher, Proxy, replace_prefix,
};
use crate::source::Spanned;

/// The request that a destination with some header operations gets. The error says that RE2 rejects a regular expression.
pub(super) fn rewritten(
    request: &HttpRequest<'_>,
    clause: &Clause<'_>,
    of_destination: Option<&Headers>,
) -> Result<Rewritten, String> {
    let mut result = Rewritten::unchanged(request);
    let ClauseAction::Route(route) = &clause.action else { return Ok(result) };
    if let Some(rewrite) = route.rewrite {
        let path = rewritten_path(request, clause, rewrite)?;
        // Envoy keeps the path if the new one is empty.
        result.path = with_query(if path.is_empty() { &request.path } else { &path }, request);
    }
    let own = route.rewrite.and_then(|rewrite| rewrite.authority.as_ref().and_then(Spanned::filled));
    let mut authority = own;
    if route.headers.is_some() || of_destination.is_some() {
        let operations = OperationOrder::new(route, of_destination);
        operations.apply(request, &mut result);
        authority = authority.or_else(|| operations.authority());
    }
    if let Some(authority) = authority {
        result.authority = authority.to_owned();
    }
    Ok(result)
}

/// Whether the proxy itself answers a CORS preflight: its origin is allowed, or the route ignores preflights of other
/// origins (Envoy: CORS filter).
pub(super) fn is_answered_preflight(request: &HttpRequest<'_>, route: &CompiledRoute<'_>) -> bool {
    let Some(policy) = route.cors_policy else { return false };
    let origin = request.header_values("origin").next();
    let asks_for_method = request.header_values("access-control-request-method").next().is_some();
    let (Some(origin), "OPTIONS", true) = (origin, request.method.as_ref(), asks_for_method) else { return false };
    let is_listed = |listed: &Spanned<String>| listed.as_str() == "*" || listed.as_bytes() == origin;
    let is_any = |written: &StringMatch| written.exact.as_ref().is_some_and(|exact| exact.as_str() == "*");
    let is_allowed = policy.allow_origin.iter().any(is_listed)
        || policy.allow_origins.iter().any(|written| is_any(written) || Matcher::new(written).matches(origin));
    let unmatched = policy.unmatched_preflights.map(|unmatched| unmatched.value);
    is_allowed || unmatched == Some(UnmatchedPreflights::Ignore)
}

/// The path after rewriting. A prefix match replaces the prefix as text, any other match the whole path.
fn rewritten_path(request: &HttpRequest<'_>, clause: &Clause<'_>, rewrite: &HttpRewrite) -> Result<Vec<u8>, String> {
    if let Some(by_regex) = &rewrite.uri_regex_rewrite {
        let pattern = by_regex.r#match.as_ref().and_then(Spanned::filled).unwrap_or_default();
        let regex = EnvoyRegex::unanchored(pattern)
            .map_err(|error| format!("RE2 rejects the regular expression `{pattern}`: {}", error.message))?;
        let replacement = by_regex.rewrite.text();
        return Ok(regex.replace_all(&request.path, replacement.as_bytes()));
    }
    let Some(uri) = rewrite.uri.as_ref().and_then(Spanned::filled) else { return Ok(request.path.to_vec()) };
    Ok(match path_matcher(clause) {
        // A route without a condition on the path matches the prefix `/`.
        None => [uri.as_bytes(), request.path.strip_prefix(b"/").unwrap_or(&request.path)].concat(),
        // Rewriting a path prefix to `/` keeps the slash before the rest.
        Some(Matcher::PathPrefix(prefix)) if uri == "/" && prefix != "/" => {
            match request.path.get(prefix.len()..).unwrap_or_default() {
                b"" => b"/".to_vec(),
                rest => rest.to_vec(),
            }
        }
        Some(Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix)) => replace_prefix(&request.path, prefix.len(), uri),
        Some(_) => uri.as_bytes().to_vec(),
    })
}

fn path_matcher<'c>(clause: &'c Clause<'_>) -> Option<&'c Matcher> {
    let on_path = clause.conditions.iter().find(|condition| matches!(condition.subject, MatchSubject::Path { .. }));
    on_path.map(|condition| &condition.matcher)
}

fn with_query(path: &[u8], request: &HttpRequest<'_>) -> String {
    let path = String::from_utf8_lossy(path);
    match &request.query {
        Some(query) => format!("{path}?{}", String::from_utf8_lossy(query)),
        None => path.into_owned(),
    }
}

/// The location to which a route redirects.
pub(super) fn location(request: &HttpRequest<'_>, clause: &Clause<'_>, proxy: &Proxy<'_>) -> Option<String> {
    let ClauseAction::Route(route) = &clause.action else { return None };
    let redirect = route.redirect?;
    let has_tls = proxy.is_gateway() && request.scheme == "https";
    let scheme = redirect.scheme.as_ref().and_then(Spanned::filled).unwrap_or(&request.scheme);

    let path = match (
        redirect.uri.as_ref().and_then(Spanned::filled),
        redirect.prefix_rewrite.as_ref().and_then(Spanned::filled),
    ) {
        (Some(uri), _) if uri.contains('?') => uri.to_owned(),
        (Some(uri), _) => with_query(uri.as_bytes(), request),
        (None, Some(replacement)) => {
            let matched = match path_matcher(clause) {
                Some(Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix)) => prefix.len(),
                _ => 1,
            };
            with_query(&replace_prefix(&request.path, matched, replacement), request)
        }
        (None, None) => request.path_and_query(),
    };

    let port = match (redirect.port, redirect.derive_port.map(|it| it.value)) {
        (Some(port), _) if port.value != 0 => Some(port.value),
        (_, Some(DerivePort::FromRequestPort)) => Some(clause.port),
        _ => None,
    };
    let target_scheme =
        redirect.scheme.as_ref().and_then(Spanned::filled).unwrap_or(if has_tls { "https" } else { "http" });
    let port = port.filter(|port| !matches!((target_scheme, port), ("http", 80) | ("https", 443)));

    // `x-forwarded-proto` says which scheme the client used, even if the value is unusual.
    let forwarded = request.header_values("x-forwarded-proto").next();
    let spoken = forwarded.map_or_else(|| request.scheme.clone(), String::from_utf8_lossy);
    // Envoy cuts at the last colon, whether digits follow or not.
    let (own_host, own_port) = match request.authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (request.authority.as_ref(), None),
    };
    let authority = match (redirect.authority.as_ref().and_then(Spanned::filled), port) {
        (Some(authority), Some(port)) => format!("{authority}:{port}"),
        (Some(authority), None) => authority.to_owned(),
        (None, Some(port)) => format!("{own_host}:{port}"),
        // A change of scheme drops the default port of the old scheme.
        (None, None) if scheme != spoken && is_default_port(&spoken, own_port) => own_host.to_owned(),
        (None, None) => request.authority.to_string(),
    };
    Some(format!("{scheme}://{authority}{path}"))
}

fn is_default_port(scheme: &str, port: Option<&str>) -> bool {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    (is("http") && port == Some("80")) || (is("https") && port == Some("443"))
}

#[cfg(test)]
mod tests {
    use crate::load::Snapshot;
    use crate::simulate::{Request, Rewritten, Simulator};
    use crate::world::{Settings, World};

    /// The request that the upstream gets for `GET a/foo` by a route.
    fn upstream_gets(route: &str) -> Rewritten {
        let manifest = format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a}}\nspec:\n  hosts: [a]\n  \
             http:\n  - {route}\n"
        );
        let snapshot = Snapshot::of_texts([("a.yaml", manifest)]);
        let world = World::new(&snapshot, Settings::default());
        let question = Request { host: Some("a".to_owned()), path: Some("/foo".to_owned()), ..Request::default() };
        Simulator::new(&world).simulate(&question).unwrap().request.unwrap()
    }

    #[test]
    fn headers_are_removed_before_others_are_set() {
        let request = upstream_gets(
            "{headers: {request: {set: {x: one, y: \"\"}, remove: [x, z]}}, route: [{destination: {host: a}}]}",
        );
        assert_eq!(request.headers.into_iter().collect::<Vec<_>>(), [("x".to_owned(), "one".to_owned())]);
        assert_eq!(request.removed_headers, ["z"]);
    }

    #[test]
    fn a_single_destination_takes_precedence_over_its_route_and_a_weighted_one_does_not() {
        let value = |route: &str| upstream_gets(route).headers.get("x").cloned();
        let of_route = "headers: {request: {set: {x: route}}}";
        let destination = "destination: {host: a}, headers: {request: {set: {x: destination}}}";
        assert_eq!(value(&format!("{{{of_route}, route: [{{{destination}}}]}}")).unwrap(), "destination");
        let weighted = format!("route: [{{{destination}, weight: 1}}, {{destination: {{host: b}}}}]");
        assert_eq!(value(&format!("{{{of_route}, {weighted}}}")).unwrap(), "route");
        assert_eq!(value(&format!("{{headers: {{request: {{remove: [x]}}}}, {weighted}}}")), None);
        let added = "headers: {request: {add: {x: added}, set: {x: set}}}, route: [{destination: {host: a}}]";
        assert_eq!(value(&format!("{{{added}}}")).unwrap(), "set,added");
    }

    #[test]
    fn an_empty_uri_matches_the_prefix_of_all_paths() {
        let route = "{match: [{uri: {}}], rewrite: {uri: /new/}, route: [{destination: {host: a}}]}";
        assert_eq!(upstream_gets(route).path, "/new/foo");
    }

    #[test]
    fn an_empty_path_is_not_written() {
        let by_regex = |pattern: &str| {
            let rewrite = format!("rewrite: {{uriRegexRewrite: {{match: {pattern}, rewrite: \"\"}}}}");
            upstream_gets(&format!("{{{rewrite}, route: [{{destination: {{host: a}}}}]}}")).path
        };
        assert_eq!(by_regex("/fo"), "o");
        assert_eq!(by_regex("/f.*"), "/foo");
    }

    #[test]
    fn the_authority_of_the_route_takes_precedence_over_that_of_the_destination() {
        let authority = |route: &str| upstream_gets(route).authority;
        let destination = "route: [{destination: {host: a}, headers: {request: {set: {host: of-destination}}}}]";
        assert_eq!(authority(&format!("{{{destination}}}")), "of-destination");
        let of_route = "headers: {request: {add: {host: added}, set: {Host: of-route}}}";
        assert_eq!(authority(&format!("{{{of_route}, {destination}}}")), "of-route");
        assert_eq!(authority(&format!("{{rewrite: {{authority: new}}, {of_route}, {destination}}}")), "new");
    }
}
