//! The merging of routes for one host and listener, in the order of the Gateway API (istiod: `mergeHTTPRoutes`,
//! `sortHTTPRoutes`).

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::rule::{ConvertedRule, Unmerged, age};
use crate::model::networking::{self, HttpRoute, StringMatch};
use crate::world::{ExportTo, NamespacedName, Origin, Settings, VirtualService};

/// Merges into one VirtualService for each host and listener, or for each Service and namespace of routes.
pub(super) fn merge<'a>(unmerged: Vec<Unmerged<'a>>, settings: &Settings) -> Vec<VirtualService<'a>> {
    let mut by_key: BTreeMap<String, Vec<Unmerged<'a>>> = BTreeMap::new();
    for it in unmerged {
        by_key.entry(it.key.clone()).or_default().push(it);
    }
    by_key.into_values().filter_map(|group| merged(group, settings)).collect()
}

fn merged<'a>(mut group: Vec<Unmerged<'a>>, settings: &Settings) -> Option<VirtualService<'a>> {
    group.sort_by(|a, b| age(a).cmp(&age(b)));
    let mut rules: Vec<ConvertedRule<'a>> = Vec::new();
    group.iter_mut().for_each(|it| rules.append(&mut it.rules));
    rules.sort_by_key(|rule| precedence(&rule.route));
    let first = group.into_iter().next().filter(|_| !rules.is_empty())?;
    let (http, sources) = rules.into_iter().map(|rule| (rule.route, rule.source)).unzip();
    let spec = networking::VirtualService {
        hosts: vec![first.host.clone()],
        http,
        ..networking::VirtualService::empty(first.resource.span)
    };
    Some(VirtualService {
        export_to: ExportTo::new([], &first.namespace, &settings.virtual_service_export_to),
        name: NamespacedName::new(first.namespace, first.key.replace('/', "~")),
        resource: first.resource,
        spec: Cow::Owned(spec),
        origin: Origin::GatewayApi,
        hosts: vec![first.host],
        bound_to: vec![first.bound],
        sources,
    })
}

/// The order of matches, smallest first: any match; an exact path, a prefix, a regular expression; a longer path; a
/// method; more headers; more query parameters.
pub(in crate::world::derived) type Precedence = (bool, Reverse<(u8, usize, bool, usize, usize)>);

pub(in crate::world::derived) fn precedence(route: &HttpRoute) -> Precedence {
    let Some(entry) = route.r#match.first() else { return (true, Reverse((0, 0, false, 0, 0))) };
    let (rank, length) = entry.uri.as_ref().map_or((0, 0), path_rank);
    let counts = (entry.headers.len(), entry.query_params.len());
    (false, Reverse((rank, length, entry.method.is_some(), counts.0, counts.1)))
}

fn path_rank(uri: &StringMatch) -> (u8, usize) {
    match (&uri.exact, &uri.prefix, &uri.regex) {
        (Some(exact), _, _) => (3, exact.len()),
        (_, Some(prefix), _) => (2, prefix.len()),
        (_, _, Some(regex)) => (1, regex.len()),
        _ => (0, 0),
    }
}
