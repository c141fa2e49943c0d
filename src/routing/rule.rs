//! HTTP rules of VirtualServices, apart from where they were written: a rule that a delegate lends is one like any
//! other.

use std::collections::BTreeMap;

use super::destination::{self, Cluster, Target, Weighted};
use super::proxy::Proxy;
use crate::model::Duration;
use crate::model::networking::{
    CorsPolicy, Destination, DirectResponse, Headers, HttpFaultInjection, HttpMatchRequest, HttpMirrorPolicy,
    HttpRedirect, HttpRetry, HttpRewrite, HttpRoute, HttpRouteDestination, Percent, StringMatch,
};
use crate::source::{Span, Spanned};
use crate::world::{NamespacedName, Section, VirtualService, resolve_gateway_name};

/// Where a rule is written.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The VirtualService; a delegate, if the rule is lent.
    pub service: &'a VirtualService<'a>,
    /// The rule's index in its `http`.
    pub index: usize,
    /// The rule.
    pub span: Span,
}

/// A rule of `http`.
#[derive(Debug, Clone)]
pub struct HttpRule<'a> {
    /// Where it is written.
    pub owner: Owner<'a>,
    /// The rule that delegates to it, if it is lent.
    pub delegator: Option<Owner<'a>>,
    /// Its name; empty without one.
    pub name: String,
    /// Its alternatives; none matches everything.
    pub matches: Vec<HttpMatch<'a>>,
    /// The destinations.
    pub route: &'a [HttpRouteDestination],
    /// Answers with a redirect.
    pub redirect: Option<&'a HttpRedirect>,
    /// Answers without an upstream.
    pub direct_response: Option<&'a DirectResponse>,
    /// Changes path or authority.
    pub rewrite: Option<&'a HttpRewrite>,
    /// How long the whole request may take.
    pub timeout: Option<Spanned<Duration>>,
    /// How often it is tried again.
    pub retries: Option<&'a HttpRetry>,
    /// Delays and aborts.
    pub fault: Option<&'a HttpFaultInjection>,
    /// The VirtualService in which the destinations of copies are written: a delegating one can bring them along.
    pub mirror_owner: &'a VirtualService<'a>,
    /// Copies to one destination.
    pub mirror: Option<&'a Destination>,
    /// The share of requests that `mirror` gets.
    pub mirror_percentage: Option<&'a Percent>,
    /// The same in an older form.
    pub mirror_percent: Option<Spanned<u32>>,
    /// Copies to several destinations.
    pub mirrors: &'a [HttpMirrorPolicy],
    /// Cross-origin requests.
    pub cors_policy: Option<&'a CorsPolicy>,
    /// Header changes.
    pub headers: Option<&'a Headers>,
}

/// Conditions of a rule that must all hold.
#[derive(Debug, Clone)]
pub struct HttpMatch<'a> {
    /// Where they are written.
    pub span: Span,
    /// Its index in the rule's `match`, where it is written.
    pub index: usize,
    /// Whether it is written in the rule itself, not in one that delegates to it.
    pub is_own: bool,
    /// Its name; empty without one.
    pub name: String,
    /// On the path.
    pub uri: Option<&'a StringMatch>,
    /// Whether the path is compared without regard to case.
    pub ignore_uri_case: bool,
    /// On the scheme.
    pub scheme: Option<&'a StringMatch>,
    /// On the method.
    pub method: Option<&'a StringMatch>,
    /// On the authority.
    pub authority: Option<&'a StringMatch>,
    /// On headers, by name.
    pub headers: Vec<(&'a str, &'a StringMatch)>,
    /// On headers that must not match.
    pub without_headers: Vec<(&'a str, &'a StringMatch)>,
    /// On query parameters.
    pub query_params: Vec<(&'a str, &'a StringMatch)>,
    /// On the port of the listener or server.
    pub port: Option<Spanned<u32>>,
    /// On the client's labels.
    pub source_labels: BTreeMap<&'a str, &'a str>,
    /// On the client's namespace.
    pub source_namespace: Option<&'a str>,
    /// On the gateway: `None` in the list stands for the mesh. No list asks for nothing.
    pub gateways: Vec<Option<NamespacedName<'a>>>,
}

impl<'a> HttpRule<'a> {
    /// A rule as a VirtualService has it.
    pub fn new(service: &'a VirtualService<'a>, index: usize, route: &'a HttpRoute) -> Self {
        let namespace = &service.name.namespace;
        let matches = route.r#match.iter().enumerate();
        Self {
            owner: Owner { service, index, span: route.span },
            delegator: None,
            name: text(route.name.as_ref()),
            matches: matches.map(|(index, entry)| HttpMatch::new(index, entry, namespace)).collect(),
            route: &route.route,
            redirect: route.redirect.as_ref(),
            direct_response: route.direct_response.as_ref(),
            rewrite: route.rewrite.as_ref(),
            timeout: route.timeout,
            retries: route.retries.as_ref(),
            fault: route.fault.as_ref(),
            mirror_owner: service,
            mirror: route.mirror.as_ref(),
            mirror_percentage: route.mirror_percentage.as_ref(),
            mirror_percent: route.mirror_percent,
            mirrors: &route.mirrors,
            cors_policy: route.cors_policy.as_ref(),
            headers: route.headers.as_ref(),
        }
    }
}

impl<'a> HttpRule<'a> {
    /// The clusters that requests are shared among, on a service port or that of a server.
    pub fn clusters(&self, proxy: &Proxy<'a>, port: u32) -> Vec<Weighted<'a>> {
        let targets = self.route.iter().map(|route| Target {
            destination: route.destination.as_ref(),
            weight: route.weight.map(|weight| weight.value),
            headers: route.headers.as_ref(),
        });
        destination::weighted(proxy, Section::Http, self.owner.service, port, targets)
    }

    /// The cluster that copies go to.
    pub fn mirror_cluster(&self, proxy: &Proxy<'a>, port: u32, mirror: &Destination) -> Cluster<'a> {
        destination::cluster(proxy, Section::Http, self.mirror_owner, port, mirror)
    }
}

impl<'a> HttpMatch<'a> {
    fn new(index: usize, entry: &'a HttpMatchRequest, namespace: &'a str) -> Self {
        Self {
            span: entry.span,
            index,
            is_own: true,
            name: text(entry.name.as_ref()),
            uri: entry.uri.as_ref(),
            ignore_uri_case: entry.ignore_uri_case.is_some_and(|ignore| ignore.value),
            scheme: entry.scheme.as_ref(),
            method: entry.method.as_ref(),
            authority: entry.authority.as_ref(),
            headers: pairs(entry.headers.iter()),
            without_headers: pairs(entry.without_headers.iter()),
            query_params: pairs(entry.query_params.iter()),
            port: entry.port.filter(|port| port.value != 0),
            source_labels: entry.source_labels.to_set(),
            source_namespace: entry.source_namespace.as_ref().and_then(Spanned::filled),
            gateways: entry.gateways.iter().map(|written| resolve_gateway_name(written, namespace)).collect(),
        }
    }
}

fn pairs<'a>(entries: impl Iterator<Item = (&'a Spanned<String>, &'a StringMatch)>) -> Vec<(&'a str, &'a StringMatch)> {
    entries.map(|(name, value)| (name.as_str(), value)).collect()
}

fn text(field: Option<&Spanned<String>>) -> String {
    field.map(|value| value.value.clone()).unwrap_or_default()
}
