//! EnvoyFilter (istio: `pkg/config/validation/envoyfilter`).
//!
//! What is merged or added is Envoy's configuration. istiod reads it with Envoy's descriptors, which are not here:
//! rules EF-17 to EF-20 are left to it.

use super::common::selector;
use super::violation::{Family, Found};
use crate::model::networking::{
    ApplyTo, EnvoyConfigMatch, EnvoyConfigPatch, EnvoyFilter, ListenerMatch, PatchContext, PatchOperation,
};
use crate::re2::Re2;
use crate::source::{Span, Spanned};

const LONGEST_REGEX: usize = 1024;
const CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";
const OLD_CONNECTION_MANAGER: &str = "envoy.http_connection_manager";

/// Names that filters had before Envoy 1.14, and their present ones (Envoy's version history, 1.14.0).
const OLD_NAMES: [(&str, &str); 28] = [
    ("envoy.buffer", "envoy.filters.http.buffer"),
    ("envoy.client_ssl_auth", "envoy.filters.network.client_ssl_auth"),
    ("envoy.cors", "envoy.filters.http.cors"),
    ("envoy.csrf", "envoy.filters.http.csrf"),
    ("envoy.echo", "envoy.filters.network.echo"),
    ("envoy.ext_authz", "envoy.filters.http.ext_authz"),
    ("envoy.fault", "envoy.filters.http.fault"),
    ("envoy.grpc_http1_bridge", "envoy.filters.http.grpc_http1_bridge"),
    ("envoy.grpc_json_transcoder", "envoy.filters.http.grpc_json_transcoder"),
    ("envoy.grpc_web", "envoy.filters.http.grpc_web"),
    ("envoy.gzip", "envoy.filters.http.gzip"),
    ("envoy.health_check", "envoy.filters.http.health_check"),
    (OLD_CONNECTION_MANAGER, CONNECTION_MANAGER),
    ("envoy.http_dynamo_filter", "envoy.filters.http.dynamo"),
    ("envoy.ip_tagging", "envoy.filters.http.ip_tagging"),
    ("envoy.listener.http_inspector", "envoy.filters.listener.http_inspector"),
    ("envoy.listener.original_dst", "envoy.filters.listener.original_dst"),
    ("envoy.listener.original_src", "envoy.filters.listener.original_src"),
    ("envoy.listener.proxy_protocol", "envoy.filters.listener.proxy_protocol"),
    ("envoy.listener.tls_inspector", "envoy.filters.listener.tls_inspector"),
    ("envoy.lua", "envoy.filters.http.lua"),
    ("envoy.mongo_proxy", "envoy.filters.network.mongo_proxy"),
    ("envoy.rate_limit", "envoy.filters.http.ratelimit"),
    ("envoy.ratelimit", "envoy.filters.network.ratelimit"),
    ("envoy.redis_proxy", "envoy.filters.network.redis_proxy"),
    ("envoy.router", "envoy.filters.http.router"),
    ("envoy.squash", "envoy.filters.http.squash"),
    ("envoy.tcp_proxy", "envoy.filters.network.tcp_proxy"),
];

pub(super) fn check(filter: &EnvoyFilter, found: &mut Found<'_>) {
    if let Some(selected) = &filter.workload_selector {
        selector::check(&selected.labels, selected.span, found);
        if selected.labels.iter().any(|(key, value)| key.is_empty() || key.contains('*') || value.contains('*')) {
            return;
        }
    }
    found
        .warning(
            "EF-1",
            Family::InvalidPolicy,
            found.resource.name_span(),
            "an EnvoyFilter changes what istiod makes of everything else, which a new version may make otherwise",
        )
        .help("test it before each update of Istio, or use Telemetry, WasmPlugin or the traffic kinds instead")
        .general();
    let waypoint = |patch: &EnvoyConfigPatch| {
        let context = patch.r#match.as_ref().and_then(|matched| matched.context.as_ref());
        context.is_some_and(|context| context.value == PatchContext::Waypoint)
    };
    for patch in filter.config_patches.iter().filter(|patch| !waypoint(patch)) {
        check_patch(patch, found);
    }
}

/// The first mistake of some sorts hides the others.
fn check_patch(patch: &EnvoyConfigPatch, found: &mut Found<'_>) {
    let family = Family::MissingField;
    let Some(apply_to) = patch.apply_to.as_ref().filter(|it| it.value != ApplyTo::Invalid) else {
        let span = patch.apply_to.as_ref().map_or(patch.span, |it| it.span);
        found.error("EF-2", family, span, "this patch does not say what it applies to").help("add applyTo");
        return;
    };
    let Some(change) = &patch.patch else {
        found.error("EF-3", family, patch.span, "this entry has no patch").help("add patch");
        return;
    };
    let Some(operation) = change.operation.as_ref().filter(|it| it.value != PatchOperation::Invalid) else {
        let span = change.operation.as_ref().map_or(change.span, |it| it.span);
        found.error("EF-4", family, span, "this patch has no operation").help("add operation");
        return;
    };
    if operation.value != PatchOperation::Remove && change.value.is_none() {
        let message = format!("{} needs a value", operation.value.as_str());
        found.error("EF-5", family, change.span, message).help("add value");
        return;
    }
    let Some(matched) = &patch.r#match else { return };
    if check_proxy_version(matched, found) {
        check_objects(apply_to, matched, found);
    }
}

/// Whether checks go on.
fn check_proxy_version(matched: &EnvoyConfigMatch, found: &mut Found<'_>) -> bool {
    let version = matched.proxy.as_ref().and_then(|proxy| proxy.proxy_version.as_ref());
    let Some(version) = version.filter(|version| !version.is_empty()) else { return true };
    if version.len() > LONGEST_REGEX {
        let message = format!("this regular expression has {} bytes", version.len());
        found
            .warning("EF-6", Family::InvalidRegex, version.span, message)
            .help(format!("proxies may refuse one of more than {LONGEST_REGEX}"));
    } else if let Err(error) = Re2::new(version.as_str()) {
        let message = format!("this is no regular expression of RE2: {error}");
        found.error("EF-7", Family::InvalidRegex, version.span, message);
        return false;
    }
    true
}

/// The object that counts: the last one in the order of the API.
fn object(matched: &EnvoyConfigMatch) -> Option<(&'static str, Span)> {
    let objects = [
        ("waypoint", matched.waypoint.as_ref().map(|it| it.span)),
        ("cluster", matched.cluster.as_ref().map(|it| it.span)),
        ("routeConfiguration", matched.route_configuration.as_ref().map(|it| it.span)),
        ("listener", matched.listener.as_ref().map(|it| it.span)),
    ];
    objects.into_iter().find_map(|(name, span)| Some((name, span?)))
}

fn check_objects(apply_to: &Spanned<ApplyTo>, matched: &EnvoyConfigMatch, found: &mut Found<'_>) {
    use ApplyTo::{
        Cluster, FilterChain, HttpFilter, HttpRoute, Listener, NetworkFilter, RouteConfiguration, VirtualHost,
    };
    let (wanted, id) = match apply_to.value {
        Listener | FilterChain | NetworkFilter | HttpFilter => ("listener", "EF-8"),
        RouteConfiguration | VirtualHost | HttpRoute => ("routeConfiguration", "EF-15"),
        Cluster => ("cluster", "EF-16"),
        _ => return,
    };
    match object(matched) {
        Some((name, span)) if name != wanted => {
            let message = format!("{} is not found by a match of {name}", apply_to.value.as_str());
            found
                .error(id, Family::InvalidPolicy, span, message)
                .help(format!("match {wanted}, or apply to something else"));
        }
        Some(("listener", _)) => check_listener(apply_to.value, matched.listener.as_ref(), found),
        _ => {}
    }
}

fn check_listener(apply_to: ApplyTo, listener: Option<&ListenerMatch>, found: &mut Found<'_>) {
    let chain = listener.and_then(|listener| listener.filter_chain.as_ref());
    let Some(filter) = chain.and_then(|chain| chain.filter.as_ref()) else { return };
    if matches!(apply_to, ApplyTo::Listener | ApplyTo::FilterChain) {
        let message = format!("{} is not chosen by its filters, so this match does nothing", apply_to.as_str());
        found.warning("EF-9", Family::NoEffect, filter.span, message).help("remove filter");
    }
    let Some(name) = filter.name.as_ref().filter(|name| !name.is_empty()) else {
        let span = filter.name.as_ref().map_or(filter.span, |name| name.span);
        found.error("EF-10", Family::MissingField, span, "this match of a filter names none").help("add name");
        return;
    };
    check_name(name, found);
    let Some(sub_filter) = &filter.sub_filter else { return };
    if apply_to != ApplyTo::HttpFilter {
        let message = format!("subFilter chooses an HTTP filter, but the patch applies to {}", apply_to.as_str());
        found
            .error("EF-11", Family::InvalidPolicy, sub_filter.span, message)
            .help("remove subFilter, or apply to HTTP_FILTER");
        return;
    }
    if ![CONNECTION_MANAGER, OLD_CONNECTION_MANAGER].contains(&name.as_str()) {
        let message = format!("{:?} holds no HTTP filters", name.value);
        found.error("EF-12", Family::InvalidPolicy, name.span, message).help(format!("match {CONNECTION_MANAGER}"));
        return;
    }
    match sub_filter.name.as_ref().filter(|name| !name.is_empty()) {
        Some(name) => check_name(name, found),
        None => {
            let span = sub_filter.name.as_ref().map_or(sub_filter.span, |name| name.span);
            found
                .error("EF-13", Family::MissingField, span, "this match of an HTTP filter names none")
                .help("add name");
        }
    }
}

fn check_name(name: &Spanned<String>, found: &mut Found<'_>) {
    if let Some((old, new)) = OLD_NAMES.iter().find(|(old, _)| *old == name.as_str()) {
        let message = format!("{old} is an old name, which newer proxies do not have");
        found.warning("EF-14", Family::NoEffect, name.span, message).help(format!("write {new}"));
    }
}
