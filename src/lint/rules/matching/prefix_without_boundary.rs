//! `prefix-without-boundary`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::HttpMatchRequest;
use crate::source::{Span, Spanned};
use crate::world::{NamespacedName, VirtualService};

pub static RULE: Rule = rule! {
    name: "prefix-without-boundary",
    summary: "a prefix ends within a path segment, and matches a path of another VirtualService on the same Gateway",
    findings: [&SHARED_PREFIX],
    check: check,
};

static SHARED_PREFIX: Finding = finding! {
    "shared-prefix", Surprising, Likely, [],
    "the prefix takes a path of another VirtualService, depending on which is older",
};

/// A host on a Gateway. istiod joins the routes of all VirtualServices for it.
type ExposedHost<'w> = (&'w NamespacedName<'w>, &'w str);

/// A path that a VirtualService has a route for.
struct RoutedPath<'w, 'a> {
    virtual_service: &'w VirtualService<'a>,
    text: &'w Spanned<String>,
    /// The index of the VirtualService, in order of creation.
    age: usize,
    /// The text that replaces the prefix.
    rewrite: Option<&'w str>,
    /// Whether it is the prefix of a match without other conditions.
    is_plain_prefix: bool,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut paths_by_host: BTreeMap<ExposedHost<'_>, Vec<RoutedPath<'_, '_>>> = BTreeMap::new();
    let virtual_services = context.world.virtual_services.iter().enumerate();
    for (age, virtual_service) in virtual_services.filter(|(_, it)| !it.is_delegate()) {
        for gateway in virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
            for host in &virtual_service.hosts {
                paths_by_host.entry((gateway, host.as_str())).or_default().extend(paths(virtual_service, age));
            }
        }
    }
    let mut reported: BTreeSet<Span> = BTreeSet::new();
    for ((gateway, host), mut paths) in paths_by_host {
        paths.sort_by(|a, b| a.text.as_str().cmp(b.text.as_str()));
        for (index, path) in paths.iter().enumerate().filter(|(_, path)| path.is_plain_prefix) {
            let prefix = path.text.as_str();
            // The paths are sorted, so those that start with the prefix follow it.
            let mut longer = paths[index + 1..].iter().take_while(|other| other.text.starts_with(prefix));
            let is_taken = |other: &&RoutedPath<'_, '_>| {
                let rest = &other.text[prefix.len()..];
                // Without creation timestamps, either can be the older one.
                let may_be_newer = other.age > path.age || other.virtual_service.is_tied_with(path.virtual_service);
                !rest.is_empty() && !rest.starts_with('/') && other.age != path.age && may_be_newer
            };
            let Some(taken) = longer.find(is_taken) else { continue };
            if !reported.insert(path.text.span) {
                continue;
            }
            let message = format!(
                "prefix `{prefix}` also matches `{}` of VirtualService `{}`, and wins if VirtualService `{}` is older",
                taken.text.value, taken.virtual_service.name, path.virtual_service.name
            );
            let joined = format!("istiod joins the routes of both for host `{host}` on Gateway `{gateway}`");
            diagnostics
                .report(&SHARED_PREFIX, path.text.span, message)
                .related(taken.text.span, joined)
                .help(advice(prefix, path.rewrite));
        }
    }
}

/// The two matches that together match what a prefix should match. With a slash at the end of the prefix, the text that
/// replaces it needs one too.
fn advice(prefix: &str, rewrite: Option<&str>) -> String {
    let matches = format!("replace the match with 2: `prefix: {prefix}/` and `exact: {prefix}`");
    match rewrite.filter(|uri| !uri.ends_with('/')) {
        Some(uri) => format!("{matches}, in a route of their own with `uri: {uri}/`"),
        None => matches,
    }
}

fn paths<'w, 'a>(virtual_service: &'w VirtualService<'a>, age: usize) -> impl Iterator<Item = RoutedPath<'w, 'a>> {
    let matches = virtual_service.spec.http.iter().flat_map(|route| route.r#match.iter().map(move |it| (route, it)));
    matches.filter_map(move |(route, route_match)| {
        let uri = route_match.uri.as_ref().filter(|uri| uri.regex.is_none())?;
        let prefix = uri.prefix.as_ref().filter(|prefix| !prefix.is_empty() && !prefix.ends_with('/'));
        let text = uri.prefix.as_ref().or(uri.exact.as_ref())?;
        let is_plain_prefix = prefix.is_some() && has_only_path(route_match);
        let rewrite = route.rewrite.as_ref().and_then(|rewrite| Some(rewrite.uri.as_ref()?.as_str()));
        Some(RoutedPath { virtual_service, text, age, rewrite, is_plain_prefix })
    })
}

/// Whether a match has no condition besides the path.
fn has_only_path(route_match: &HttpMatchRequest) -> bool {
    let texts = [&route_match.method, &route_match.authority, &route_match.scheme];
    let maps = [&route_match.headers, &route_match.without_headers, &route_match.query_params];
    texts.iter().all(|text| text.is_none()) && maps.iter().all(|map| map.is_empty()) && route_match.port.is_none()
}
