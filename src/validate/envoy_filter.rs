//! EnvoyFilter (istio: `pkg/config/validation/envoyfilter`).
//!
//! The values of patches are not checked: istiod parses them with Envoy's protobuf descriptors, which are not available
//! here (checks EF-17 to EF-20).

use super::fields::selector;
use super::quoted;
use super::violation::{Mistake, Violations};
use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{
    ApplyTo, EnvoyConfigMatch, EnvoyConfigPatch, EnvoyFilter, ListenerMatch, PatchContext, PatchOperation,
};
use crate::re2::Re2;
use crate::source::{Span, Spanned};

const LONGEST_REGEX: usize = 1024;
const CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";
const OLD_CONNECTION_MANAGER: &str = "envoy.http_connection_manager";

/// The names of filters before Envoy 1.14, and the current ones (Envoy's version history, 1.14.0).
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

pub(super) fn check(envoy_filter: &EnvoyFilter, violations: &mut Violations<'_>) {
    if let Some(selected) = &envoy_filter.workload_selector {
        selector::check(&selected.labels, selected.span, violations);
        if selected.labels.iter().any(|(key, value)| key.is_empty() || key.contains('*') || value.contains('*')) {
            return;
        }
    }
    violations
        .warning(
            "EF-1",
            Mistake::EnvoyFilterUpgrade,
            violations.resource.name_span(),
            "an EnvoyFilter patches generated configuration, which can change with every version of Istio",
        )
        .help("test it before each upgrade, or use Telemetry, WasmPlugin or the traffic API instead")
        .general();
    let waypoint = |patch: &EnvoyConfigPatch| {
        let context = patch.r#match.as_ref().and_then(|matched| matched.context.as_ref());
        context.is_some_and(|context| context.value == PatchContext::Waypoint)
    };
    for patch in envoy_filter.config_patches.iter().filter(|patch| !waypoint(patch)) {
        check_patch(patch, violations);
    }
}

/// Checks a patch. Like istiod, it stops after some violations.
fn check_patch(patch: &EnvoyConfigPatch, violations: &mut Violations<'_>) {
    let Some(apply_to) = patch.apply_to.as_ref().filter(|it| it.value != ApplyTo::Invalid) else {
        let span = patch.apply_to.place(patch.span);
        violations.error("EF-2", Mistake::MissingField, span, "the patch has no `applyTo`").help("add `applyTo`");
        return;
    };
    let Some(change) = &patch.patch else {
        violations.error("EF-3", Mistake::MissingField, patch.span, "the entry has no patch").help("add `patch`");
        return;
    };
    let Some(operation) = change.operation.as_ref().filter(|it| it.value != PatchOperation::Invalid) else {
        let span = change.operation.place(change.span);
        violations.error("EF-4", Mistake::MissingField, span, "the patch has no operation").help("add `operation`");
        return;
    };
    if operation.value != PatchOperation::Remove && change.value.is_none() {
        let message = format!("operation {} needs a value", operation.value.as_str());
        violations.error("EF-5", Mistake::MissingField, change.span, message).help("add `value`");
        return;
    }
    let Some(matched) = &patch.r#match else { return };
    if check_proxy_version(matched, violations) {
        check_objects(apply_to, matched, violations);
    }
}

/// Checks the proxy version. Returns whether istiod checks the rest of the match.
fn check_proxy_version(matched: &EnvoyConfigMatch, violations: &mut Violations<'_>) -> bool {
    let version = matched.proxy.as_ref().and_then(|proxy| proxy.proxy_version.as_ref());
    let Some(version) = version.filter(|version| !version.is_empty()) else { return true };
    if version.len() > LONGEST_REGEX {
        let message =
            format!("the regular expression has {} bytes, but Envoy may allow only {LONGEST_REGEX}", version.len());
        violations.warning("EF-6", Mistake::InvalidRegex, version.span, message).help("shorten it");
    } else if let Err(error) = Re2::new(version.as_str()) {
        let message = format!("RE2 rejects the regular expression: {}", quoted(&error.message));
        violations
            .error("EF-7", Mistake::InvalidRegex, version.span, message)
            .help("write an RE2 expression, such as `^1\\.2[0-9].*`");
        return false;
    }
    true
}

/// Whether the `proxyVersion` of a match excludes the proxies of Istio 1.10 and later, which no longer know the older names
/// of filters. Nothing that is said about current proxies holds for such a patch.
pub fn is_for_old_proxies(matched: &EnvoyConfigMatch) -> bool {
    let version = matched.proxy.as_ref().and_then(|proxy| proxy.proxy_version.filled());
    let Some(expression) = version.and_then(|version| Re2::unanchored(version).ok()) else { return false };
    // `^1\.4.*`, for example, is older than 1.40.
    let patches = |minor: u32| (0..40).map(move |patch| format!("1.{minor}.{patch}"));
    let mut current = (10..40).flat_map(|minor| std::iter::once(format!("1.{minor}")).chain(patches(minor)));
    !current.any(|version| expression.matches(version.as_bytes()))
}

/// The object of a match that istiod uses: the last one in the order of the API.
fn object(matched: &EnvoyConfigMatch) -> Option<(&'static str, Span)> {
    let objects = [
        ("waypoint", matched.waypoint.as_ref().map(|it| it.span)),
        ("cluster", matched.cluster.as_ref().map(|it| it.span)),
        ("routeConfiguration", matched.route_configuration.as_ref().map(|it| it.span)),
        ("listener", matched.listener.as_ref().map(|it| it.span)),
    ];
    objects.into_iter().find_map(|(name, span)| Some((name, span?)))
}

fn check_objects(apply_to: &Spanned<ApplyTo>, matched: &EnvoyConfigMatch, violations: &mut Violations<'_>) {
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
            let message = format!("a match of `{name}` cannot select {}", apply_to.value.as_str());
            violations
                .error(id, Mistake::InvalidExtension, span, message)
                .help(format!("match `{wanted}`, or change `applyTo`"));
        }
        Some(("listener", _)) => {
            let is_current = !is_for_old_proxies(matched);
            check_listener(apply_to.value, matched.listener.as_ref(), is_current, violations);
        }
        _ => {}
    }
}

fn check_listener(
    apply_to: ApplyTo,
    listener: Option<&ListenerMatch>,
    is_current: bool,
    violations: &mut Violations<'_>,
) {
    let chain = listener.and_then(|listener| listener.filter_chain.as_ref());
    let Some(filter) = chain.and_then(|chain| chain.filter.as_ref()) else { return };
    if matches!(apply_to, ApplyTo::Listener | ApplyTo::FilterChain) {
        let message = format!("`filter` has no effect: istiod does not match {} by filters", apply_to.as_str());
        violations.warning("EF-9", Mistake::NoEffect, filter.span, message).remove("filter");
    }
    let Some(name) = filter.name.filled() else {
        let span = filter.name.place(filter.span);
        violations.error("EF-10", Mistake::MissingField, span, "the filter match has no name").help("add `name`");
        return;
    };
    if is_current {
        check_name(name, violations);
    }
    let Some(sub_filter) = &filter.sub_filter else { return };
    if apply_to != ApplyTo::HttpFilter {
        let message = format!("`subFilter` matches HTTP filters, but the patch applies to {}", apply_to.as_str());
        violations.error("EF-11", Mistake::InvalidExtension, sub_filter.span, message).help(
            Advice::new("remove `subFilter`, or write `applyTo: HTTP_FILTER`").option([Edit::remove(sub_filter.span)]),
        );
        return;
    }
    if ![CONNECTION_MANAGER, OLD_CONNECTION_MANAGER].contains(&name.as_str()) {
        let message = format!("filter {} does not contain HTTP filters", quoted(name));
        violations.error("EF-12", Mistake::InvalidExtension, name.span, message).help({
            let edit = Edit::set(name.span, CONNECTION_MANAGER);
            Advice::new(format!("match {edit}")).fix([edit])
        });
        return;
    }
    match sub_filter.name.filled() {
        Some(name) if is_current => check_name(name, violations),
        Some(_) => {}
        None => {
            let span = sub_filter.name.place(sub_filter.span);
            violations
                .error("EF-13", Mistake::MissingField, span, "the HTTP filter match has no name")
                .help("add `name`");
        }
    }
}

fn check_name(name: &Spanned<String>, violations: &mut Violations<'_>) {
    if let Some((old, new)) = OLD_NAMES.iter().find(|(old, _)| *old == name.as_str()) {
        let message = format!("`{old}` is the older name of a filter, which current proxies do not have");
        violations.warning("EF-14", Mistake::OlderForm, name.span, message).write(*new);
    }
}
