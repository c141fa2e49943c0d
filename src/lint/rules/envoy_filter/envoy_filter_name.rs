//! `envoy-filter-name`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::EnvoyConfigMatch;
use crate::model::{Resource, Spec};
use crate::source::Spanned;
use crate::world::World;
use crate::world::host::{self, Form};

pub static RULE: Rule = rule! {
    name: "envoy-filter-name",
    summary: "the match of an EnvoyFilter has a pattern or a short name where istiod compares whole names, so its patch applies to nothing",
    findings: [&PATTERN, &SHORT_NAME],
    check: check,
};

static PATTERN: Finding = finding! {
    "pattern", Surprising, Certain, [],
    "a name has an asterisk or is a regular expression",
};

static SHORT_NAME: Finding = finding! {
    "short-name", Surprising, Certain, [],
    "the service of a cluster is a short name, which istiod does not expand",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
        let Spec::EnvoyFilter(envoy_filter) = &resource.spec else { continue };
        for matched in envoy_filter.config_patches.iter().filter_map(|patch| patch.r#match.as_ref()) {
            let names = names(matched).into_iter().filter(|(name, _)| !context.is_refused(name.span));
            for (name, _) in names.filter(|(name, can_be_wildcard)| is_pattern(name, *can_be_wildcard)) {
                let message =
                    format!("the patch applies to nothing: istiod compares `{}` as it is written", name.value);
                diagnostics
                    .report(&PATTERN, name.span, message)
                    .help("write the whole name, or leave it out and match by port or context");
            }
            let service = matched.cluster.as_ref().and_then(|cluster| cluster.service.filled());
            if let Some(service) = service.filter(|service| !context.is_refused(service.span)) {
                check_service(context.world, resource, service, diagnostics);
            }
        }
    }
}

/// istiod compares the service of a cluster with full host names (istiod: `clusterMatch`).
fn check_service(world: &World<'_>, resource: &Resource, written: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let domain = &world.settings.domain;
    let full = match Form::of(written, domain) {
        _ if written.contains('*') || world.services.named(written).next().is_some() => return,
        Form::TwoLabels { name, namespace } => format!("{name}.{namespace}.svc.{domain}"),
        Form::External if !written.contains('.') => {
            host::expand(written, world.settings.namespace_of(resource), domain).into_owned()
        }
        _ => return,
    };
    let is_known = world.services.named(&full).next().is_some();
    if written.contains('.') && !is_known {
        return;
    }
    let message = format!("the patch applies to nothing: istiod does not expand `{}` here", written.value);
    diagnostics.report(&SHORT_NAME, written.span, message).help(match is_known {
        true => format!("write `{full}`"),
        false => format!("write the full name, such as `{full}`"),
    });
}

/// The names that istiod compares, and whether a wildcard host can be in them: names of virtual hosts and clusters contain
/// hosts, such as `*.example.com:80` (istiod: `listenerMatch`, `routeConfigurationMatch`, `clusterMatch`).
fn names(matched: &EnvoyConfigMatch) -> Vec<(&Spanned<String>, bool)> {
    let mut names = Vec::new();
    if let Some(listener) = &matched.listener {
        names.extend(listener.name.iter().map(|name| (name, false)));
        let filter = listener.filter_chain.as_ref().and_then(|chain| chain.filter.as_ref());
        let filters = filter.into_iter().flat_map(|filter| {
            filter.name.iter().chain(filter.sub_filter.as_ref().and_then(|inner| inner.name.as_ref()))
        });
        names.extend(filters.map(|name| (name, false)));
    }
    if let Some(routes) = &matched.route_configuration {
        let virtual_host = routes.vhost.as_ref();
        let hosts = virtual_host.into_iter().flat_map(|host| host.name.iter().chain(&host.domain_name));
        names.extend(hosts.map(|name| (name, true)));
        let route = virtual_host.and_then(|host| host.route.as_ref()).and_then(|route| route.name.as_ref());
        names.extend(routes.name.iter().chain(&routes.gateway).chain(route).map(|name| (name, false)));
    }
    if let Some(cluster) = &matched.cluster {
        names.extend(cluster.name.iter().chain(&cluster.service).map(|name| (name, true)));
        names.extend(cluster.subset.iter().map(|name| (name, false)));
    }
    names
}

/// Whether a name of a match is a pattern, so that the patch applies to nothing.
pub(super) fn has_pattern(matched: &EnvoyConfigMatch) -> bool {
    names(matched).into_iter().any(|(name, can_be_wildcard)| is_pattern(name, can_be_wildcard))
}

fn is_pattern(name: &str, can_be_wildcard: bool) -> bool {
    // The host in the name of a cluster follows the last bar: `outbound|443||*.example.com`.
    let host = name.rsplit('|').next().unwrap_or_default();
    let is_wildcard = |host: &str| host.starts_with('*') && !host[1..].contains('*');
    if can_be_wildcard && name.matches('*').count() == 1 && is_wildcard(host) {
        return host.len() > 1 && !host.starts_with("*.") && !host.starts_with("*:");
    }
    name.contains('*') || name.starts_with('^') || name.ends_with('$')
}
