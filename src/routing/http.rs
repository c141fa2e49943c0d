//! A VirtualService as clauses, for one vantage and port (istiod: `BuildHTTPRoutesForVirtualService`).

use std::sync::Arc;

use super::clause::{Action, Clause, Exclusion};
use super::delegate;
use super::predicate::{Condition, Matcher, Subject, claim_path};
use super::proxy::Proxy;
use super::rule::{HttpMatch, HttpRule};
use crate::model::networking::StringMatch;
use crate::world::{NamespacedName, Origin, VirtualService};

/// Where the routes are for: a Gateway by its name, or the mesh.
pub(super) type Place<'p> = Option<&'p NamespacedName<'p>>;

/// The clauses of a VirtualService, up to the first that takes every request. None: it is as if it did not exist.
/// `port` is the service port of a sidecar's listener, or the number of a Gateway's server.
pub(super) fn clauses<'a>(
    proxy: &Proxy<'a>,
    service: &'a VirtualService<'a>,
    place: Place<'_>,
    port: u32,
) -> Vec<Clause<'a>> {
    let mut clauses = Vec::new();
    for rule in delegate::http_rules(proxy.world, service) {
        let rule = Arc::new(rule);
        let entries: Vec<Option<&HttpMatch<'_>>> =
            if rule.matches.is_empty() { vec![None] } else { rule.matches.iter().map(Some).collect() };
        for entry in entries {
            let mut clause = clause(&rule, entry);
            clause.exclusion = entry.and_then(|entry| exclusion(entry, proxy, place, port));
            let ends = clause.is_catch_all && clause.is_live();
            clauses.push(clause);
            if ends {
                return clauses;
            }
        }
    }
    clauses
}

/// Conditions that are decided for a proxy, not for a request: the first that does not hold. A list of gateways takes
/// the place of the conditions on the client (istiod: `sourceMatchHTTP`).
fn exclusion(entry: &HttpMatch<'_>, proxy: &Proxy<'_>, place: Place<'_>, port: u32) -> Option<Exclusion> {
    let exclusion = |name, seen: &dyn ToString, wanted: &dyn ToString| {
        Some(Exclusion { name, seen: seen.to_string(), wanted: wanted.to_string() })
    };
    let port_wanted = entry.port.filter(|wanted| wanted.value != port);
    if let Some(wanted) = port_wanted {
        return exclusion("port", &port, &wanted.value);
    }
    if !entry.gateways.is_empty() {
        if entry.gateways.iter().any(|gateway| gateway.as_ref() == place) {
            return None;
        }
        let wanted: Vec<String> = entry.gateways.iter().map(|gateway| place_name(gateway.as_ref())).collect();
        return exclusion("gateways", &place_name(place), &wanted.join(" or "));
    }
    let labels = &proxy.labels;
    let lacking = entry.source_labels.iter().find(|(key, value)| labels.get(**key).is_none_or(|own| own != *value));
    if let Some((key, value)) = lacking {
        let seen = labels.get(*key).map_or_else(|| "no such label".to_owned(), |own| format!("{key}={own}"));
        return exclusion("sourceLabels", &seen, &format!("{key}={value}"));
    }
    let namespace = entry.source_namespace.filter(|namespace| *namespace != proxy.namespace);
    namespace.and_then(|wanted| exclusion("sourceNamespace", &proxy.namespace, &wanted))
}

pub(super) fn place_name(place: Option<&NamespacedName<'_>>) -> String {
    place.map_or_else(|| "mesh".to_owned(), ToString::to_string)
}

fn clause<'a>(rule: &Arc<HttpRule<'a>>, entry: Option<&HttpMatch<'a>>) -> Clause<'a> {
    let origin = rule.owner.service.origin;
    let conditions = entry.map(|entry| conditions(entry, origin)).unwrap_or_default();
    Clause {
        id: 0,
        is_catch_all: conditions.iter().all(is_any_path),
        conditions,
        action: Action::Rule(Arc::clone(rule)),
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
