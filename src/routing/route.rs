//! HTTP routes of VirtualServices, with those of delegates merged in.

use std::collections::BTreeMap;

use super::destination::{self, Cluster, Weighted, WeightedTarget};
use super::proxy::Proxy;
use crate::model::Duration;
use crate::model::networking::{
    CorsPolicy, Destination, DirectResponse, Headers, HttpFaultInjection, HttpMatchRequest, HttpMirrorPolicy,
    HttpRedirect, HttpRetry, HttpRewrite, HttpRoute, HttpRouteDestination, Percent, StringMatch,
};
use crate::source::{Span, Spanned};
use crate::world::{NamespacedName, Section, VirtualService, resolve_gateway_name};

/// The place of a route.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The VirtualService; the delegate if the route is delegated.
    pub virtual_service: &'a VirtualService<'a>,
    /// The index of the route in `http`.
    pub index: usize,
    /// The place of the route.
    pub span: Span,
}

/// A route of `http`.
#[derive(Debug, Clone)]
pub struct CompiledRoute<'a> {
    /// The place of the route.
    pub owner: Owner<'a>,
    /// The route that delegates to this one, if any.
    pub delegator: Option<Owner<'a>>,
    /// The name; empty without one.
    pub name: String,
    /// The matches. A route without matches takes every request.
    pub matches: Vec<HttpMatch<'a>>,
    /// The destinations.
    pub route: &'a [HttpRouteDestination],
    /// The redirect with which the proxy answers.
    pub redirect: Option<&'a HttpRedirect>,
    /// The response that the proxy gives itself.
    pub direct_response: Option<&'a DirectResponse>,
    /// Changes of path and authority.
    pub rewrite: Option<&'a HttpRewrite>,
    /// The timeout of the whole request.
    pub timeout: Option<Spanned<Duration>>,
    /// The retry policy.
    pub retries: Option<&'a HttpRetry>,
    /// Injected delays and aborts.
    pub fault: Option<&'a HttpFaultInjection>,
    /// The VirtualService that resolves the hosts of mirrors: a delegating route can provide them.
    pub mirror_owner: &'a VirtualService<'a>,
    /// The destination of mirrored requests.
    pub mirror: Option<&'a Destination>,
    /// The share of requests that go to `mirror`.
    pub mirror_percentage: Option<&'a Percent>,
    /// The older form of `mirror_percentage`.
    pub mirror_percent: Option<Spanned<u32>>,
    /// Several destinations of mirrored requests.
    pub mirrors: &'a [HttpMirrorPolicy],
    /// The CORS policy.
    pub cors_policy: Option<&'a CorsPolicy>,
    /// Header operations.
    pub headers: Option<&'a Headers>,
}

/// A match of a route: conditions that must all hold.
#[derive(Debug, Clone)]
pub struct HttpMatch<'a> {
    /// The place of the match.
    pub span: Span,
    /// The index of the match in its route.
    pub index: usize,
    /// Whether the match is written in the route itself, not in one that delegates to it.
    pub is_own: bool,
    /// The place of the match of the delegating route that is part of it.
    pub delegating: Option<Span>,
    /// The name; empty without one.
    pub name: String,
    /// The condition on the path.
    pub uri: Option<&'a StringMatch>,
    /// Whether the condition on the path ignores case.
    pub ignore_uri_case: bool,
    /// The condition on the scheme.
    pub scheme: Option<&'a StringMatch>,
    /// The condition on the method.
    pub method: Option<&'a StringMatch>,
    /// The condition on the authority.
    pub authority: Option<&'a StringMatch>,
    /// The conditions on headers, by name.
    pub headers: Vec<(&'a str, &'a StringMatch)>,
    /// The conditions that headers must not meet, by name.
    pub without_headers: Vec<(&'a str, &'a StringMatch)>,
    /// The conditions on query parameters, by name.
    pub query_params: Vec<(&'a str, &'a StringMatch)>,
    /// The port of the listener or server.
    pub port: Option<Spanned<u32>>,
    /// The labels of the client.
    pub source_labels: BTreeMap<&'a str, &'a str>,
    /// The namespace of the client.
    pub source_namespace: Option<&'a str>,
    /// The gateways, where `None` means the mesh. An empty list matches every proxy.
    pub gateways: Vec<Option<NamespacedName<'a>>>,
}

impl<'a> CompiledRoute<'a> {
    /// A route of a VirtualService.
    pub fn new(virtual_service: &'a VirtualService<'a>, index: usize, route: &'a HttpRoute) -> Self {
        let namespace = &virtual_service.name.namespace;
        let matches = route.r#match.iter().enumerate();
        Self {
            owner: Owner { virtual_service, index, span: route.span },
            delegator: None,
            name: text(route.name.as_ref()),
            matches: matches.map(|(index, route_match)| HttpMatch::new(index, route_match, namespace)).collect(),
            route: &route.route,
            redirect: route.redirect.as_ref(),
            direct_response: route.direct_response.as_ref(),
            rewrite: route.rewrite.as_ref(),
            timeout: route.timeout,
            retries: route.retries.as_ref(),
            fault: route.fault.as_ref(),
            mirror_owner: virtual_service,
            mirror: route.mirror.as_ref(),
            mirror_percentage: route.mirror_percentage.as_ref(),
            mirror_percent: route.mirror_percent,
            mirrors: &route.mirrors,
            cors_policy: route.cors_policy.as_ref(),
            headers: route.headers.as_ref(),
        }
    }
}

impl<'a> CompiledRoute<'a> {
    /// The clusters that share the requests. `port` is the service port of a sidecar's listener, or the port of a
    /// gateway's server.
    pub fn clusters(&self, proxy: &Proxy<'a>, port: u32) -> Vec<Weighted<'a>> {
        let targets = self.route.iter().map(|route| WeightedTarget {
            destination: route.destination.as_ref(),
            weight: route.weight.map(|weight| weight.value),
            headers: route.headers.as_ref(),
        });
        destination::weighted(proxy, Section::Http, self.owner.virtual_service, port, targets)
    }

    /// The cluster of mirrored requests.
    pub fn mirror_cluster(&self, proxy: &Proxy<'a>, port: u32, mirror: &Destination) -> Cluster<'a> {
        destination::cluster(proxy, Section::Http, self.mirror_owner, port, mirror)
    }
}

impl<'a> HttpMatch<'a> {
    /// A match of a route of a VirtualService in a namespace.
    pub(super) fn new(index: usize, route_match: &'a HttpMatchRequest, namespace: &'a str) -> Self {
        Self {
            span: route_match.span,
            index,
            is_own: true,
            delegating: None,
            name: text(route_match.name.as_ref()),
            uri: route_match.uri.as_ref(),
            ignore_uri_case: route_match.ignore_uri_case.is_some_and(|ignore| ignore.value),
            scheme: route_match.scheme.as_ref(),
            method: route_match.method.as_ref(),
            authority: route_match.authority.as_ref(),
            headers: pairs(route_match.headers.iter()),
            without_headers: pairs(route_match.without_headers.iter()),
            query_params: pairs(route_match.query_params.iter()),
            port: route_match.port.filter(|port| port.value != 0),
            source_labels: route_match.source_labels.to_set(),
            source_namespace: route_match.source_namespace.as_ref().and_then(Spanned::filled),
            gateways: route_match.gateways.iter().map(|written| resolve_gateway_name(written, namespace)).collect(),
        }
    }
}

fn pairs<'a>(entries: impl Iterator<Item = (&'a Spanned<String>, &'a StringMatch)>) -> Vec<(&'a str, &'a StringMatch)> {
    entries.map(|(name, value)| (name.as_str(), value)).collect()
}

fn text(field: Option<&Spanned<String>>) -> String {
    field.map(|value| value.value.clone()).unwrap_or_default()
}
