//! Rules of HTTPRoutes and GRPCRoutes: backends, attachments, and the VirtualServices to be merged.

use super::attachment::{AttachableRoute, AttachmentPoint, RouteAttachment, RouteAttachments};
use super::backend::{Backend, Invalid, Referrer, shares};
use super::{Derived, Inputs, filter};
use crate::model::networking::{DirectResponse, HttpMatchRequest, HttpRoute, HttpRouteDestination, StringMatch};
use crate::model::{Kind, Resource};
use crate::source::{Span, Spanned};
use crate::world::{Bound, Omission, RefusedBackend, RuleSource, creation_time};

/// A converted rule with at most one match, and its source.
#[derive(Clone)]
pub(super) struct ConvertedRule<'a> {
    pub(super) route: HttpRoute,
    pub(super) source: RuleSource<'a>,
}

/// The rules of one route for one host and listener, before they are merged with those of other routes.
pub(super) struct Unmerged<'a> {
    /// The key that merged routes have in common.
    pub(super) key: String,
    pub(super) namespace: String,
    pub(super) resource: &'a Resource,
    pub(super) host: Spanned<String>,
    pub(super) bound: Bound,
    pub(super) rules: Vec<ConvertedRule<'a>>,
}

/// The rules of a route, for all of its attachments. `convert` returns the rules for gateways or for sidecars. If it
/// fails, istiod drops the whole route there.
pub(super) fn unmerged<'a>(
    route: &AttachableRoute<'_, 'a>,
    inputs: &Inputs<'a, '_>,
    attachments: &RouteAttachments,
    derived: &mut Derived<'a>,
    convert: impl Fn(&Referrer<'a, '_, '_>) -> Result<Vec<ConvertedRule<'a>>, Invalid>,
) -> Vec<Unmerged<'a>> {
    let attached = attachments.of(route, inputs, derived);
    let mut all = Vec::new();
    for is_mesh in [false, true] {
        let here: Vec<&RouteAttachment<'_>> = attached.iter().filter(|it| it.is_mesh() == is_mesh).collect();
        if here.is_empty() {
            continue;
        }
        match convert(&Referrer { resource: route.resource, inputs, is_mesh }) {
            Ok(rules) => {
                all.extend(here.into_iter().flat_map(|it| of_attachment(it, route, &rules, inputs, derived)));
            }
            Err(invalid) => {
                let reason = format!("{}, so istiod drops the whole route", invalid.reason);
                derived.ignore_with_help(Omission::Route, route.resource, invalid.span, reason, Some(invalid.help));
            }
        }
    }
    all
}

fn of_attachment<'a>(
    attachment: &RouteAttachment<'_>,
    route: &AttachableRoute<'_, 'a>,
    rules: &[ConvertedRule<'a>],
    inputs: &Inputs<'a, '_>,
    derived: &mut Derived<'a>,
) -> Vec<Unmerged<'a>> {
    let namespace = inputs.settings.namespace_of(route.resource);
    let (key, rules) = match (&attachment.place, attachment.reference.port) {
        (AttachmentPoint::Listener { gateway, .. }, _) => (gateway.to_string(), rules.to_vec()),
        (AttachmentPoint::Mesh { .. }, None) => (namespace.to_owned(), rules.to_vec()),
        (AttachmentPoint::Mesh { .. }, Some(port)) => (format!("{namespace}/{}", port.value), on_port(rules, port)),
    };
    let mut found = Vec::new();
    for host in attachment.hosts(route) {
        if !attachment.serves(&host) {
            derived.ignore(
                Omission::Host,
                route.resource,
                host.span,
                format!("another listener serves host `{}`", host.value),
            );
            continue;
        }
        found.push(Unmerged {
            key: format!("{key}/{}", host.value),
            namespace: namespace.to_owned(),
            resource: route.resource,
            host,
            bound: attachment.bound(),
            rules: rules.clone(),
        });
    }
    found
}

/// The rules, restricted to one port of a Service.
fn on_port<'a>(rules: &[ConvertedRule<'a>], port: Spanned<u32>) -> Vec<ConvertedRule<'a>> {
    let mut rules = rules.to_vec();
    for rule in &mut rules {
        if rule.route.r#match.is_empty() {
            rule.route.r#match.push(HttpMatchRequest::empty(port.span));
        }
        rule.route.r#match.iter_mut().for_each(|entry| entry.port = Some(port));
    }
    rules
}

/// A rule as written, without its matches.
pub(super) struct WrittenRule<'r> {
    pub(super) span: Span,
    pub(super) index: usize,
    pub(super) name: Option<&'r Spanned<String>>,
    pub(super) filters: &'r [crate::model::gateway_api::HttpFilter],
    pub(super) backends: Vec<Backend<'r>>,
}

/// The filters and destinations of a rule. Without any backend that has a share it answers with status 500.
pub(super) fn action(
    written: &WrittenRule<'_>,
    referrer: &Referrer<'_, '_, '_>,
) -> Result<(HttpRoute, Vec<RefusedBackend>), Invalid> {
    let mut route = HttpRoute::empty(written.span);
    let default = || format!("{}.{}.{}", referrer.namespace(), referrer.resource.name(), written.index);
    route.name = Some(written.name.cloned().unwrap_or_else(|| Spanned::new(default(), written.span)));
    let mut refused = filter::apply(written.filters, referrer, &mut route)?;
    let shares = shares(written.backends.iter().copied());
    if shares.is_empty() && route.redirect.is_none() {
        let status = Some(Spanned::new(500, written.span));
        route.direct_response = Some(DirectResponse { status, ..DirectResponse::empty(written.span) });
    }
    for (backend, weight) in shares {
        let resolved = referrer.resolve(&backend)?;
        refused.extend(resolved.refused);
        route.route.push(HttpRouteDestination {
            span: backend.span,
            destination: Some(resolved.destination),
            weight,
            headers: filter::backend_headers(backend.filters)?,
        });
    }
    Ok((route, refused))
}

/// Splits a rule: one converted rule for each match, or one without a match.
pub(super) fn split<'a>(
    resource: &'a Resource,
    written: &WrittenRule<'_>,
    (route, refused): (HttpRoute, Vec<RefusedBackend>),
    matches: Vec<HttpMatchRequest>,
    are_written: bool,
) -> Vec<ConvertedRule<'a>> {
    let source = |entry| RuleSource { resource, rule: written.index, entry, refused: refused.clone() };
    if matches.is_empty() {
        return vec![ConvertedRule { route, source: source(None) }];
    }
    let rule = |(index, entry)| ConvertedRule {
        route: HttpRoute { r#match: vec![entry], ..route.clone() },
        source: source(are_written.then_some(index)),
    };
    matches.into_iter().enumerate().map(rule).collect()
}

/// The condition on a header or query parameter; `None` for an unknown type.
pub(super) fn condition(
    kind: Option<&Spanned<String>>,
    name: Option<&Spanned<String>>,
    value: Option<&Spanned<String>>,
    span: Span,
) -> Option<(Spanned<String>, StringMatch)> {
    let value = value.cloned().unwrap_or(Spanned::new(String::new(), span));
    let empty = StringMatch::empty(span);
    let condition = match kind.map_or("Exact", |kind| kind.as_str()) {
        "Exact" => StringMatch { exact: Some(value), ..empty },
        "RegularExpression" => StringMatch { regex: Some(value), ..empty },
        _ => return None,
    };
    Some((name.cloned().unwrap_or(Spanned::new(String::new(), span)), condition))
}

/// The types of matches of headers, query parameters and gRPC methods.
pub(super) const MATCH_TYPES: &[&str] = &["Exact", "RegularExpression"];

/// The error for an unknown type in a match, for which istiod drops the route. `noun` is such as "a path type", and `known`
/// has at least two types.
pub(super) fn unknown_type(kind: Option<&Spanned<String>>, noun: &str, known: &[&str], span: Span) -> Invalid {
    let kind = kind.map_or("", |kind| kind.as_str());
    let intended = match kind.to_ascii_lowercase() {
        folded if folded.is_empty() => None,
        folded if folded.starts_with("reg") => Some("RegularExpression"),
        folded => known.iter().copied().find(|it| it.to_ascii_lowercase().contains(&folded)),
    };
    let names: Vec<String> = known.iter().map(|it| format!("`{it}`")).collect();
    let help = match (intended, names.as_slice()) {
        (None, [names @ .., last]) => format!("write {} or {last}", names.join(", ")),
        (Some(intended), _) => format!("write `{intended}`"),
        (None, []) => "correct the type".to_owned(),
    };
    Invalid { span, reason: format!("`{kind}` is not {noun}"), help }
}

/// The sort key of routes: creation time, namespace and the name that istiod gives the VirtualService of a route (istiod:
/// `sortRoutesByCreationTime`). The name continues with a tilde, so of two names where one begins with the other the
/// longer comes first.
pub(super) fn age<'u>(it: &'u Unmerged<'_>) -> (&'u str, &'u str, String, Kind) {
    (creation_time(it.resource), &it.namespace, format!("{}~", it.resource.name()), it.resource.kind)
}
