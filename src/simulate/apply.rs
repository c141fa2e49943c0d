//! What a rule does to a request: rewriting, redirecting, changing headers (Envoy, istiod: `ApplyRedirect`,
//! `applyHTTPRouteDestination`).

use super::result::Rewritten;
use crate::model::networking::{DerivePort, HeaderOperations, HttpRedirect, HttpRewrite};
use crate::routing::{Clause, HttpRule, Matcher, Regex, Request, Subject, Vantage};
use crate::source::Spanned;

/// The request that the upstream gets.
pub(super) fn rewritten(
    request: &Request,
    clause: &Clause<'_>,
    rule: Option<&HttpRule<'_>>,
) -> Result<Rewritten, String> {
    let mut result =
        Rewritten { authority: request.authority.clone(), path: request.path_and_query(), ..Rewritten::default() };
    let Some(rule) = rule else { return Ok(result) };
    if let Some(rewrite) = rule.rewrite {
        result.path = with_query(rewritten_path(request, clause, rewrite)?, request);
    }
    // A single destination's own header operations come after the rule's; with several it hangs on the pick.
    let of_destination = match rule.route {
        [only] => only.headers.as_ref(),
        _ => None,
    };
    for headers in rule.headers.into_iter().chain(of_destination) {
        if let Some(operations) = &headers.request {
            apply_headers(operations, &mut result);
        }
    }
    if let Some(authority) = rule.rewrite.and_then(|rewrite| filled(rewrite.authority.as_ref())) {
        result.authority = authority.to_owned();
    }
    Ok(result)
}

/// `host` and `:authority` rewrite the authority; other pseudo headers are left alone. What is set beats what is added.
fn apply_headers(operations: &HeaderOperations, result: &mut Rewritten) {
    let is_authority = |name: &str| name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case(":authority");
    for (name, value) in operations.add.iter().chain(operations.set.iter()) {
        if is_authority(name) {
            result.authority = value.value.clone();
        } else if !name.starts_with(':') {
            result.headers.insert(name.to_ascii_lowercase(), value.value.clone());
        }
    }
    for name in operations.remove.iter().filter(|name| !is_authority(name) && !name.starts_with(':')) {
        let name = name.to_ascii_lowercase();
        result.headers.remove(&name);
        result.removed_headers.push(name);
    }
}

/// With a prefix match the prefix is replaced as text, with any other the whole path.
fn rewritten_path(request: &Request, clause: &Clause<'_>, rewrite: &HttpRewrite) -> Result<String, String> {
    if let Some(by_regex) = &rewrite.uri_regex_rewrite {
        let pattern = filled(by_regex.r#match.as_ref()).unwrap_or_default();
        let regex =
            Regex::unanchored(pattern).map_err(|error| format!("the expression {pattern} is not RE2: {error}"))?;
        let replacement = by_regex.rewrite.as_ref().map_or("", |it| it.as_str());
        let replaced = regex.replace_all(request.path.as_bytes(), replacement.as_bytes());
        return Ok(String::from_utf8_lossy(&replaced).into_owned());
    }
    let Some(uri) = filled(rewrite.uri.as_ref()) else { return Ok(request.path.clone()) };
    Ok(match path_matcher(clause) {
        // Without a condition on the path every path matches the prefix `/`.
        None => format!("{uri}{}", request.path.strip_prefix('/').unwrap_or(&request.path)),
        Some(Matcher::Prefix(prefix)) => format!("{uri}{}", request.path.get(prefix.len()..).unwrap_or_default()),
        Some(_) => uri.to_owned(),
    })
}

fn path_matcher<'c>(clause: &'c Clause<'_>) -> Option<&'c Matcher> {
    let on_path = clause.conditions.iter().find(|condition| matches!(condition.subject, Subject::Path { .. }));
    on_path.map(|condition| &condition.matcher)
}

fn with_query(path: String, request: &Request) -> String {
    match &request.query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// Where a redirect sends the client, and with which status.
pub(super) fn redirect(
    request: &Request,
    clause: &Clause<'_>,
    redirect: &HttpRedirect,
    vantage: &Vantage,
    server_port: u32,
) -> (u32, String) {
    const CODES: [u32; 5] = [301, 302, 303, 307, 308];
    let code = redirect.redirect_code.map(|code| code.value).filter(|code| CODES.contains(code)).unwrap_or(301);
    let has_tls = matches!(vantage, Vantage::Gateway { sni: Some(_), .. });
    let scheme = filled(redirect.scheme.as_ref()).unwrap_or(&request.scheme);

    let path = match (filled(redirect.uri.as_ref()), filled(redirect.prefix_rewrite.as_ref())) {
        (Some(uri), _) if uri.contains('?') => uri.to_owned(),
        (Some(uri), _) => with_query(uri.to_owned(), request),
        (None, Some(replacement)) => {
            let matched = match path_matcher(clause) {
                Some(Matcher::Prefix(prefix)) => prefix.len(),
                _ => 1,
            };
            with_query(format!("{replacement}{}", request.path.get(matched..).unwrap_or_default()), request)
        }
        (None, None) => request.path_and_query(),
    };

    let port = match (redirect.port, redirect.derive_port.map(|it| it.value)) {
        (Some(port), _) if port.value != 0 => Some(port.value),
        (_, Some(DerivePort::FromRequestPort)) => Some(server_port),
        _ => None,
    };
    let target_scheme = filled(redirect.scheme.as_ref()).unwrap_or(if has_tls { "https" } else { "http" });
    let port = port.filter(|port| !matches!((target_scheme, port), ("http", 80) | ("https", 443)));

    let (own_host, own_port) = match request.authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (request.authority.as_str(), None),
    };
    let authority = match (filled(redirect.authority.as_ref()), port) {
        (Some(authority), Some(port)) => format!("{authority}:{port}"),
        (Some(authority), None) => authority.to_owned(),
        (None, Some(port)) => format!("{own_host}:{port}"),
        // A change of scheme drops the old scheme's own port.
        (None, None) if scheme != request.scheme && is_default_port(&request.scheme, own_port) => own_host.to_owned(),
        (None, None) => request.authority.clone(),
    };
    (code, format!("{scheme}://{authority}{path}"))
}

fn is_default_port(scheme: &str, port: Option<&str>) -> bool {
    matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")))
}

fn filled(field: Option<&Spanned<String>>) -> Option<&str> {
    field.map(|value| value.as_str()).filter(|value| !value.is_empty())
}
