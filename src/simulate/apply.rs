//! What a rule does to a request: rewriting, redirecting, changing headers (Envoy, istiod: `ApplyRedirect`,
//! `applyHTTPRouteDestination`).

use super::result::Rewritten;
use crate::model::networking::{DerivePort, HeaderOperations, HttpRewrite, StringMatch, UnmatchedPreflights};
use crate::routing::{Action, Clause, HttpRule, Matcher, Proxy, Regex, Request, Subject, replace_prefix};
use crate::source::Spanned;
use crate::uri::split_port;

/// The request that the upstream gets.
pub(super) fn rewritten(request: &Request<'_>, clause: &Clause<'_>) -> Result<Rewritten, String> {
    let mut result =
        Rewritten { authority: request.authority.to_string(), path: request.path_and_query(), ..Rewritten::default() };
    let Action::Rule(rule) = &clause.action else { return Ok(result) };
    if let Some(rewrite) = rule.rewrite {
        let path = rewritten_path(request, clause, rewrite)?;
        // Envoy does not write an empty path.
        result.path = with_query(if path.is_empty() { &request.path } else { &path }, request);
    }
    // A single destination's own header operations come after the rule's; with several it hangs on the pick.
    let mut weighty =
        rule.route.iter().filter(|route| rule.route.len() == 1 || route.weight.is_some_and(|weight| weight.value > 0));
    let of_destination = match (weighty.next(), weighty.next()) {
        (Some(only), None) => only.headers.as_ref(),
        _ => None,
    };
    let headers = rule.headers.into_iter().chain(of_destination);
    let operations: Vec<&HeaderOperations> = headers.filter_map(|headers| headers.request.as_ref()).collect();
    apply_headers(&operations, &mut result);
    let own = rule.rewrite.and_then(|rewrite| rewrite.authority.as_ref().and_then(Spanned::filled));
    if let Some(authority) = own.or_else(|| operations.iter().find_map(|it| authority(it))) {
        result.authority = authority.to_owned();
    }
    Ok(result)
}

/// Whether the proxy itself answers a cross-origin preflight: its origin is allowed, or preflights of other origins
/// are not to be passed on (Envoy: CORS filter).
pub(super) fn is_answered_preflight(request: &Request<'_>, rule: &HttpRule<'_>) -> bool {
    let Some(policy) = rule.cors_policy else { return false };
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

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case(":authority")
}

/// The authority that operations on `host` or `:authority` ask for. What is set beats what is added.
fn authority(operations: &HeaderOperations) -> Option<&str> {
    let written = operations.set.iter().chain(operations.add.iter());
    let mut authorities = written.filter(|(name, _)| is_authority(name)).map(|(_, value)| value.as_str());
    authorities.find(|value| !value.is_empty())
}

/// Everything is removed before anything is set or added. Pseudo headers are left alone, and values that are empty
/// are not written. What is set beats what is added.
fn apply_headers(operations: &[&HeaderOperations], result: &mut Rewritten) {
    let is_ordinary = |name: &str| !is_authority(name) && !name.starts_with(':');
    let removed = operations.iter().flat_map(|operations| &operations.remove);
    result.removed_headers = removed.filter(|name| is_ordinary(name)).map(|name| name.to_ascii_lowercase()).collect();
    for (name, value) in operations.iter().flat_map(|operations| operations.add.iter().chain(operations.set.iter())) {
        if is_ordinary(name) && !value.is_empty() {
            result.headers.insert(name.to_ascii_lowercase(), value.value.clone());
        }
    }
}

/// With a prefix match the prefix is replaced as text, with any other the whole path.
fn rewritten_path(request: &Request<'_>, clause: &Clause<'_>, rewrite: &HttpRewrite) -> Result<Vec<u8>, String> {
    if let Some(by_regex) = &rewrite.uri_regex_rewrite {
        let pattern = by_regex.r#match.as_ref().and_then(Spanned::filled).unwrap_or_default();
        let regex = Regex::unanchored(pattern)
            .map_err(|error| format!("the expression {pattern} is not RE2: {}", error.message))?;
        let replacement = by_regex.rewrite.as_ref().map_or("", |it| it.as_str());
        return Ok(regex.replace_all(&request.path, replacement.as_bytes()));
    }
    let Some(uri) = rewrite.uri.as_ref().and_then(Spanned::filled) else { return Ok(request.path.to_vec()) };
    Ok(match path_matcher(clause) {
        // Without a condition on the path every path matches the prefix `/`.
        None => [uri.as_bytes(), request.path.strip_prefix(b"/").unwrap_or(&request.path)].concat(),
        // Of a prefix that ends with a segment nothing is left but the slash before the rest.
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
    let on_path = clause.conditions.iter().find(|condition| matches!(condition.subject, Subject::Path { .. }));
    on_path.map(|condition| &condition.matcher)
}

fn with_query(path: &[u8], request: &Request<'_>) -> String {
    let path = String::from_utf8_lossy(path);
    match &request.query {
        Some(query) => format!("{path}?{}", String::from_utf8_lossy(query)),
        None => path.into_owned(),
    }
}

/// Where a rule that redirects sends the client.
pub(super) fn location(request: &Request<'_>, clause: &Clause<'_>, proxy: &Proxy<'_>) -> Option<String> {
    let Action::Rule(rule) = &clause.action else { return None };
    let redirect = rule.redirect?;
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

    // Which scheme the client used is what `x-forwarded-proto` says, whatever that is.
    let forwarded = request.header_values("x-forwarded-proto").next();
    let spoken = forwarded.map_or_else(|| request.scheme.clone(), String::from_utf8_lossy);
    let (own_host, own_port) = split_port(&request.authority);
    let authority = match (redirect.authority.as_ref().and_then(Spanned::filled), port) {
        (Some(authority), Some(port)) => format!("{authority}:{port}"),
        (Some(authority), None) => authority.to_owned(),
        (None, Some(port)) => format!("{own_host}:{port}"),
        // A change of scheme drops the old scheme's own port.
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

    /// What the upstream gets of `GET a/foo` by a rule.
    fn upstream_gets(rule: &str) -> Rewritten {
        let manifest = format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a}}\nspec:\n  hosts: [a]\n  \
             http:\n  - {rule}\n"
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
        assert_eq!(request.removed_headers, ["x", "z"]);
    }

    #[test]
    fn a_condition_on_the_path_that_asks_for_nothing_is_the_prefix_of_all_paths() {
        let rule = "{match: [{uri: {}}], rewrite: {uri: /new/}, route: [{destination: {host: a}}]}";
        assert_eq!(upstream_gets(rule).path, "/new/foo");
    }

    #[test]
    fn nothing_is_rewritten_to_an_empty_path() {
        let by_regex = |pattern: &str| {
            let rewrite = format!("rewrite: {{uriRegexRewrite: {{match: {pattern}, rewrite: \"\"}}}}");
            upstream_gets(&format!("{{{rewrite}, route: [{{destination: {{host: a}}}}]}}")).path
        };
        assert_eq!(by_regex("/fo"), "o");
        assert_eq!(by_regex("/f.*"), "/foo");
    }

    #[test]
    fn the_authority_of_the_rule_beats_that_of_the_destination() {
        let authority = |rule: &str| upstream_gets(rule).authority;
        let destination = "route: [{destination: {host: a}, headers: {request: {set: {host: of-destination}}}}]";
        assert_eq!(authority(&format!("{{{destination}}}")), "of-destination");
        let of_rule = "headers: {request: {add: {host: added}, set: {Host: of-rule}}}";
        assert_eq!(authority(&format!("{{{of_rule}, {destination}}}")), "of-rule");
        assert_eq!(authority(&format!("{{rewrite: {{authority: new}}, {of_rule}, {destination}}}")), "new");
    }
}
