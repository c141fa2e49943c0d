//! The clauses of a VirtualService for one proxy and port (istiod: `BuildHTTPRoutesForVirtualService`).

use std::sync::Arc;

use super::clause::{Clause, ClauseAction, Exclusion};
use super::delegate;
use super::predicate::{MatchCondition, MatchSubject, Matcher};
use super::proxy::Proxy;
use super::route::{CompiledRoute, HttpMatch};
use super::vantage::{RouteBinding, Vantage};
use crate::model::networking::{StringMatch, claim_path};
use crate::world::{Origin, VirtualService};

/// The clauses of a VirtualService, up to the first that takes every request. Without clauses the VirtualService has no
/// effect. `port` is the service port of a sidecar's listener, or the port of a gateway's server.
pub(super) fn clauses<'a>(
    proxy: &Proxy<'a>,
    virtual_service: &'a VirtualService<'a>,
    binding: RouteBinding<'_>,
    port: u32,
) -> Vec<Clause<'a>> {
    let vantage = Vantage { proxy, binding, port };
    let mut clauses = Vec::new();
    for route in delegate::http_routes(proxy.world, virtual_service) {
        let route = Arc::new(route);
        let matches: Vec<Option<&HttpMatch<'_>>> =
            if route.matches.is_empty() { vec![None] } else { route.matches.iter().map(Some).collect() };
        for route_match in matches {
            let mut clause = clause(&route, route_match, port);
            clause.exclusion = route_match.and_then(|it| exclusion(it, vantage));
            let ends = clause.is_catch_all && clause.is_live();
            clauses.push(clause);
            if ends {
                return clauses;
            }
        }
    }
    clauses
}

/// The first condition on the proxy that does not hold. A list of gateways replaces the conditions on the client
/// (istiod: `sourceMatchHTTP`).
fn exclusion(route_match: &HttpMatch<'_>, vantage: Vantage<'_, '_>) -> Option<Exclusion> {
    let port = vantage.lacks_port(route_match.port.map(|port| port.value));
    port.or_else(|| match route_match.gateways.is_empty() {
        true => {
            let labels = route_match.source_labels.iter().map(|(key, value)| (*key, *value));
            vantage.lacks_source(labels, route_match.source_namespace)
        }
        false => vantage.lacks_gateway(route_match.gateways.iter().map(Option::as_ref)),
    })
}

fn clause<'a>(route: &Arc<CompiledRoute<'a>>, route_match: Option<&HttpMatch<'a>>, port: u32) -> Clause<'a> {
    let origin = route.owner.virtual_service.origin;
    let conditions = route_match.map(|route_match| conditions(route_match, origin)).unwrap_or_default();
    Clause {
        id: 0,
        is_catch_all: conditions.iter().all(is_any_path),
        conditions,
        action: ClauseAction::Route(Arc::clone(route)),
        port,
        route_match: route_match
            .filter(|route_match| route_match.is_own)
            .map(|route_match| (route_match.index, route_match.span)),
        exclusion: None,
    }
}

/// Whether istiod treats a path condition as one that always holds.
pub(super) fn is_any_path(condition: &MatchCondition) -> bool {
    match (&condition.subject, &condition.matcher) {
        (MatchSubject::Path { .. }, Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix)) => prefix == "/",
        (MatchSubject::Path { .. }, Matcher::Regex(regex)) => regex.as_str() == ".*",
        _ => false,
    }
}

/// The conditions of a match, in the order that readers expect. The order does not affect the result.
pub(super) fn conditions(route_match: &HttpMatch<'_>, origin: Origin) -> Vec<MatchCondition> {
    // A `uri` without members means the prefix `/`, as does a match without `uri`.
    let uri = route_match.uri.filter(|uri| uri.exact.is_some() || uri.prefix.is_some() || uri.regex.is_some());
    let path = uri.map(|written| MatchCondition {
        subject: MatchSubject::Path { ignore_case: route_match.ignore_uri_case },
        matcher: Matcher::of_path(written, origin),
        span: written.span,
    });
    let mut conditions: Vec<MatchCondition> = path.into_iter().collect();
    let mut add = |subject: MatchSubject, written: Option<&StringMatch>| {
        if let Some(written) = written {
            conditions.push(MatchCondition { subject, matcher: Matcher::new(written), span: written.span });
        }
    };
    add(MatchSubject::Method, route_match.method);
    add(MatchSubject::Scheme, route_match.scheme);
    add(MatchSubject::Authority, route_match.authority);
    for (name, written) in &route_match.headers {
        add(
            claim_path(name).map_or_else(|| MatchSubject::Header(name.to_ascii_lowercase()), MatchSubject::Claim),
            Some(written),
        );
    }
    for (name, written) in &route_match.without_headers {
        let header = || MatchSubject::WithoutHeader(name.to_ascii_lowercase());
        add(claim_path(name).map_or_else(header, MatchSubject::WithoutClaim), Some(written));
    }
    for (name, written) in &route_match.query_params {
        add(MatchSubject::Query((*name).to_owned()), Some(written));
    }
    conditions
}
