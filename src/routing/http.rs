//! A VirtualService as clauses, for one vantage and port (istiod: `BuildHTTPRoutesForVirtualService`).

use std::sync::Arc;

use super::clause::{Action, Clause, Exclusion};
use super::delegate;
use super::predicate::{Condition, Matcher, Subject, claim_path};
use super::proxy::Proxy;
use super::rule::{HttpMatch, HttpRule};
use super::vantage::{Place, Vantage};
use crate::model::networking::StringMatch;
use crate::world::{Origin, VirtualService};

/// The clauses of a VirtualService, up to the first that takes every request. None: it is as if it did not exist.
/// `port` is the service port of a sidecar's listener, or the number of a Gateway's server.
pub(super) fn clauses<'a>(
    proxy: &Proxy<'a>,
    service: &'a VirtualService<'a>,
    place: Place<'_>,
    port: u32,
) -> Vec<Clause<'a>> {
    let vantage = Vantage { proxy, place, port };
    let mut clauses = Vec::new();
    for rule in delegate::http_rules(proxy.world, service) {
        let rule = Arc::new(rule);
        let entries: Vec<Option<&HttpMatch<'_>>> =
            if rule.matches.is_empty() { vec![None] } else { rule.matches.iter().map(Some).collect() };
        for entry in entries {
            let mut clause = clause(&rule, entry, port);
            clause.exclusion = entry.and_then(|entry| exclusion(entry, vantage));
            let ends = clause.is_catch_all && clause.is_live();
            clauses.push(clause);
            if ends {
                return clauses;
            }
        }
    }
    clauses
}

/// Why a proxy does not get a rule with these conditions: the first that does not hold. A list of gateways takes the place
/// of the conditions on the client (istiod: `sourceMatchHTTP`).
fn exclusion(entry: &HttpMatch<'_>, vantage: Vantage<'_, '_>) -> Option<Exclusion> {
    let port = vantage.lacks_port(entry.port.map(|port| port.value));
    port.or_else(|| match entry.gateways.is_empty() {
        true => {
            let labels = entry.source_labels.iter().map(|(key, value)| (*key, *value));
            vantage.lacks_source(labels, entry.source_namespace)
        }
        false => vantage.lacks_gateway(entry.gateways.iter().map(Option::as_ref)),
    })
}

fn clause<'a>(rule: &Arc<HttpRule<'a>>, entry: Option<&HttpMatch<'a>>, port: u32) -> Clause<'a> {
    let origin = rule.owner.service.origin;
    let conditions = entry.map(|entry| conditions(entry, origin)).unwrap_or_default();
    Clause {
        id: 0,
        is_catch_all: conditions.iter().all(is_any_path),
        conditions,
        action: Action::Rule(Arc::clone(rule)),
        port,
        entry: entry.filter(|entry| entry.is_own).map(|entry| (entry.index, entry.span)),
        exclusion: None,
    }
}

/// The path conditions that istiod takes for one that always holds.
pub(super) fn is_any_path(condition: &Condition) -> bool {
    match (&condition.subject, &condition.matcher) {
        (Subject::Path { .. }, Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix)) => prefix == "/",
        (Subject::Path { .. }, Matcher::Regex(regex)) => regex.as_str() == ".*",
        _ => false,
    }
}

/// In the order in which a reader expects them to be tried; the result does not depend on it.
pub(super) fn conditions(entry: &HttpMatch<'_>, origin: Origin) -> Vec<Condition> {
    // One without any member is the prefix `/`, as is none.
    let uri = entry.uri.filter(|uri| uri.exact.is_some() || uri.prefix.is_some() || uri.regex.is_some());
    let path = uri.map(|written| Condition {
        subject: Subject::Path { ignore_case: entry.ignore_uri_case },
        matcher: Matcher::of_path(written, origin),
        span: written.span,
    });
    let mut conditions: Vec<Condition> = path.into_iter().collect();
    let mut add = |subject: Subject, written: Option<&StringMatch>| {
        if let Some(written) = written {
            conditions.push(Condition { subject, matcher: Matcher::new(written), span: written.span });
        }
    };
    add(Subject::Method, entry.method);
    add(Subject::Scheme, entry.scheme);
    add(Subject::Authority, entry.authority);
    for (name, written) in &entry.headers {
        add(claim_path(name).map_or_else(|| Subject::Header(name.to_ascii_lowercase()), Subject::Claim), Some(written));
    }
    for (name, written) in &entry.without_headers {
        let header = || Subject::WithoutHeader(name.to_ascii_lowercase());
        add(claim_path(name).map_or_else(header, Subject::WithoutClaim), Some(written));
    }
    for (name, written) in &entry.query_params {
        add(Subject::Query((*name).to_owned()), Some(written));
    }
    conditions
}
