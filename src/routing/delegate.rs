//! Delegation: routes that another VirtualService provides (istiod: `mergeVirtualServices`, `MergeHTTPRoutes`,
//! `hasConflict`).

use std::collections::BTreeMap;

use super::route::{CompiledRoute, HttpMatch};
use crate::model::networking::StringMatch;
use crate::world::{VirtualService, World};

/// The `http` routes of a VirtualService in order, with the routes of its delegates in place of those that delegate. A
/// delegate that does not exist, or is not exported to the namespace, contributes no routes.
pub(super) fn http_routes<'a>(world: &'a World<'a>, virtual_service: &'a VirtualService<'a>) -> Vec<CompiledRoute<'a>> {
    let mut routes = Vec::new();
    for (index, route) in virtual_service.spec.http.iter().enumerate() {
        let compiled = CompiledRoute::new(virtual_service, index, route);
        let Some(delegate) = &route.delegate else {
            routes.push(compiled);
            continue;
        };
        let target = world.virtual_service(&virtual_service.delegate_name(delegate));
        if let Some(target) = target.filter(|target| virtual_service.may_use(target)) {
            let delegated = target.spec.http.iter().enumerate();
            let delegated = delegated.map(|(index, route)| CompiledRoute::new(target, index, route));
            routes.extend(delegated.filter_map(|leaf| merge(&compiled, leaf)));
        }
    }
    routes
}

impl HttpMatch<'_> {
    /// The first condition in which this match and one of a delegate contradict each other. `None` if istiod can merge
    /// them.
    pub fn conflict_with(&self, leaf: &HttpMatch<'_>) -> Option<&'static str> {
        conflict(self, leaf)
    }
}

/// Merges a delegating route with one of the delegate. `None` if their matches contradict each other.
fn merge<'a>(root: &CompiledRoute<'a>, leaf: CompiledRoute<'a>) -> Option<CompiledRoute<'a>> {
    let matches = merge_matches(&root.matches, &leaf.matches)?;
    let has_own_mirror = leaf.mirror.is_some() || !leaf.mirrors.is_empty();
    Some(CompiledRoute {
        name: join_names(&root.name, &leaf.name),
        matches,
        rewrite: leaf.rewrite.or(root.rewrite),
        direct_response: leaf.direct_response.or(root.direct_response),
        timeout: leaf.timeout.or(root.timeout),
        retries: leaf.retries.or(root.retries),
        fault: leaf.fault.or(root.fault),
        mirror_owner: if has_own_mirror { leaf.mirror_owner } else { root.mirror_owner },
        mirror: leaf.mirror.or(root.mirror),
        mirror_percent: leaf.mirror_percent.or(root.mirror_percent),
        mirror_percentage: leaf.mirror_percentage.or(root.mirror_percentage),
        mirrors: if leaf.mirrors.is_empty() { root.mirrors } else { leaf.mirrors },
        cors_policy: leaf.cors_policy.or(root.cors_policy),
        headers: leaf.headers.or(root.headers),
        // Only the delegate decides where a request goes.
        route: leaf.route,
        redirect: leaf.redirect,
        owner: leaf.owner,
        delegator: Some(root.owner),
    })
}

fn merge_matches<'a>(roots: &[HttpMatch<'a>], leaves: &[HttpMatch<'a>]) -> Option<Vec<HttpMatch<'a>>> {
    if roots.is_empty() || leaves.is_empty() {
        let of_root = roots.iter().cloned().map(|it| HttpMatch { is_own: false, delegating: Some(it.span), ..it });
        return Some(if roots.is_empty() { leaves.to_vec() } else { of_root.collect() });
    }
    let mut merged = Vec::new();
    for leaf in leaves {
        let compatible: Vec<_> = roots.iter().filter(|root| conflict(root, leaf).is_none()).collect();
        // One match that cannot hold makes istiod drop the whole route.
        if compatible.is_empty() {
            return None;
        }
        merged.extend(compatible.into_iter().map(|root| merge_match(root, leaf)));
    }
    Some(merged)
}

fn merge_match<'a>(root: &HttpMatch<'a>, leaf: &HttpMatch<'a>) -> HttpMatch<'a> {
    let mut source_labels = root.source_labels.clone();
    source_labels.extend(&leaf.source_labels);
    HttpMatch {
        span: leaf.span,
        index: leaf.index,
        is_own: true,
        delegating: Some(root.span),
        name: join_names(&root.name, &leaf.name),
        uri: leaf.uri.or(root.uri),
        ignore_uri_case: leaf.ignore_uri_case,
        scheme: leaf.scheme.or(root.scheme),
        method: leaf.method.or(root.method),
        authority: leaf.authority.or(root.authority),
        headers: union(&root.headers, &leaf.headers),
        without_headers: union(&root.without_headers, &leaf.without_headers),
        query_params: union(&root.query_params, &leaf.query_params),
        port: leaf.port.or(root.port),
        source_labels,
        source_namespace: leaf.source_namespace.or(root.source_namespace),
        gateways: if leaf.gateways.is_empty() { root.gateways.clone() } else { leaf.gateways.clone() },
    }
}

type Named<'a> = Vec<(&'a str, &'a StringMatch)>;

fn union<'a>(root: &Named<'a>, leaf: &Named<'a>) -> Named<'a> {
    let by_name: BTreeMap<&str, &StringMatch> = root.iter().chain(leaf).copied().collect();
    by_name.into_iter().collect()
}

fn join_names(root: &str, leaf: &str) -> String {
    match (root.is_empty(), leaf.is_empty()) {
        (false, false) => format!("{root}-{leaf}"),
        (true, _) => leaf.to_owned(),
        (_, true) => root.to_owned(),
    }
}

/// The first condition in which istiod finds two matches incompatible. istiod is stricter than logic: a delegate that
/// does not repeat the root's `sourceNamespace` conflicts with it, as does any regular expression with anything.
fn conflict(root: &HttpMatch<'_>, leaf: &HttpMatch<'_>) -> Option<&'static str> {
    let labels_differ =
        root.source_labels.iter().any(|(key, value)| leaf.source_labels.get(key).is_some_and(|other| other != value));
    let ports_differ = matches!((root.port, leaf.port), (Some(a), Some(b)) if a.value != b.value);
    let namespace_lost = root.source_namespace.is_some() && root.source_namespace != leaf.source_namespace;
    let gateways_lost = !root.gateways.is_empty()
        && !leaf.gateways.is_empty()
        && !leaf.gateways.iter().all(|gateway| root.gateways.contains(gateway));
    let conditions = [
        ("uri", texts_conflict(root.uri, leaf.uri)),
        ("scheme", texts_conflict(root.scheme, leaf.scheme)),
        ("method", texts_conflict(root.method, leaf.method)),
        ("authority", texts_conflict(root.authority, leaf.authority)),
        ("ignoreUriCase", root.ignore_uri_case != leaf.ignore_uri_case),
        ("headers", named_conflict(&root.headers, &leaf.headers)),
        ("withoutHeaders", named_conflict(&root.without_headers, &leaf.without_headers)),
        ("queryParams", named_conflict(&root.query_params, &leaf.query_params)),
        ("port", ports_differ),
        ("sourceNamespace", namespace_lost),
        ("sourceLabels", labels_differ),
        ("gateways", gateways_lost),
    ];
    conditions.into_iter().find(|(_, conflicts)| *conflicts).map(|(name, _)| name)
}

fn named_conflict(root: &Named<'_>, leaf: &Named<'_>) -> bool {
    root.iter().any(|(name, value)| {
        leaf.iter().any(|(other, other_value)| name == other && texts_conflict(Some(value), Some(other_value)))
    })
}

fn texts_conflict(root: Option<&StringMatch>, leaf: Option<&StringMatch>) -> bool {
    let (Some(root), Some(leaf)) = (root, leaf) else { return false };
    if root.regex.is_some() || leaf.regex.is_some() {
        return true;
    }
    match (&root.exact, &root.prefix, &leaf.exact, &leaf.prefix) {
        (Some(root), None, Some(leaf), None) => root != leaf,
        (None, Some(root), None, Some(leaf)) | (None, Some(root), Some(leaf), None) => !leaf.starts_with(root.as_str()),
        _ => true,
    }
}
