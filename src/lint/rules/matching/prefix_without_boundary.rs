//! `prefix-without-boundary`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::HttpMatchRequest;
use crate::source::{Span, Spanned};
use crate::world::{NamespacedName, VirtualService};

pub static RULE: Rule = rule! {
    name: "prefix-without-boundary",
    aliases: [],
    severity: Info,
    summary: "a prefix that ends within a segment, and takes the path of another VirtualService on the same Gateway",
    check: check,
};

/// A host on a Gateway, where the routes of several VirtualServices are joined.
type Place<'w> = (&'w NamespacedName<'w>, &'w str);

/// A path that a VirtualService has routes for.
struct Path<'w, 'a> {
    service: &'w VirtualService<'a>,
    text: &'w Spanned<String>,
    /// The place of the VirtualService in creation order.
    age: usize,
    /// Whether it is the prefix of a match that asks for nothing else.
    is_plain_prefix: bool,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut places: BTreeMap<Place<'_>, Vec<Path<'_, '_>>> = BTreeMap::new();
    let services = context.world.virtual_services.iter().enumerate();
    for (age, service) in services.filter(|(_, service)| !service.is_delegate()) {
        for gateway in service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref()) {
            for host in &service.hosts {
                places.entry((gateway, host.as_str())).or_default().extend(paths(service, age));
            }
        }
    }
    let mut reported: BTreeSet<Span> = BTreeSet::new();
    for ((gateway, host), mut paths) in places {
        paths.sort_by(|a, b| a.text.as_str().cmp(b.text.as_str()));
        for (index, path) in paths.iter().enumerate().filter(|(_, path)| path.is_plain_prefix) {
            let prefix = path.text.as_str();
            // What begins with it comes right behind it.
            let mut longer = paths[index + 1..].iter().take_while(|other| other.text.starts_with(prefix));
            let is_taken = |other: &&Path<'_, '_>| {
                let rest = &other.text[prefix.len()..];
                // Where nothing but names says which one is older, either may be.
                let may_be_younger = other.age > path.age || other.service.is_tied_with(path.service);
                !rest.is_empty() && !rest.starts_with('/') && other.age != path.age && may_be_younger
            };
            let Some(taken) = longer.find(is_taken) else { continue };
            if !reported.insert(path.text.span) {
                continue;
            }
            let message = format!(
                "this takes {} of VirtualService {} as well, if this VirtualService is the older one",
                taken.text.value, taken.service.name
            );
            diagnostics
                .report_default(path.text.span, message)
                .related(taken.text.span, format!("the routes of both are joined for host {host} on Gateway {gateway}"))
                .help(format!("match prefix {prefix}/ and exact {prefix}"));
        }
    }
}

fn paths<'w, 'a>(service: &'w VirtualService<'a>, age: usize) -> impl Iterator<Item = Path<'w, 'a>> {
    let entries = service.spec.http.iter().flat_map(|rule| &rule.r#match);
    entries.filter_map(move |entry| {
        let uri = entry.uri.as_ref().filter(|uri| uri.regex.is_none())?;
        let prefix = uri.prefix.as_ref().filter(|prefix| !prefix.is_empty() && !prefix.ends_with('/'));
        let text = uri.prefix.as_ref().or(uri.exact.as_ref())?;
        Some(Path { service, text, age, is_plain_prefix: prefix.is_some() && asks_for_path_only(entry) })
    })
}

fn asks_for_path_only(entry: &HttpMatchRequest) -> bool {
    let texts = [&entry.method, &entry.authority, &entry.scheme];
    let maps = [&entry.headers, &entry.without_headers, &entry.query_params];
    texts.iter().all(|text| text.is_none()) && maps.iter().all(|map| map.is_empty()) && entry.port.is_none()
}
