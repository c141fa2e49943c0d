//! The matches of a VirtualService, whatever the proxy.

use super::automata::Automata;
use super::delegate;
use super::http;
use super::predicate::{MatchCondition, MatchSubject, Matcher};
use super::route::{CompiledRoute, HttpMatch};
use super::sample;
use crate::model::networking::HttpMatchRequest;
use crate::source::Span;
use crate::world::{NamespacedName, VirtualService, World};

/// The route that delegates to the one of an alternative.
#[derive(Debug)]
pub struct Delegation<'a> {
    /// The VirtualService that delegates.
    pub owner: &'a VirtualService<'a>,
    /// The place of the route.
    pub route_span: Span,
    /// The place of the match that is part of the alternative; the route if it has no match.
    pub span: Span,
}

/// A match of a route, or a route without matches.
#[derive(Debug)]
pub struct Alternative<'a> {
    /// The VirtualService that has the route: a delegate, if the route is that of one.
    pub owner: &'a VirtualService<'a>,
    /// The index of the route among those of the VirtualService, including the routes of delegates.
    pub route: usize,
    /// The place of the route.
    pub route_span: Span,
    /// The place of the match, which can be that of the delegating route; the route if it has no match.
    pub span: Span,
    /// The route that delegates to this one.
    pub delegation: Option<Delegation<'a>>,
    /// The match; `None` for a route without matches.
    pub route_match: Option<HttpMatch<'a>>,
    /// The conditions on the request.
    pub conditions: Vec<MatchCondition>,
}

/// The alternatives of a VirtualService, in the order in which Envoy tries them.
pub fn alternatives<'a>(world: &'a World<'a>, virtual_service: &'a VirtualService<'a>) -> Vec<Alternative<'a>> {
    let routes = delegate::http_routes(world, virtual_service);
    routes.iter().enumerate().flat_map(|(index, route)| of_route(index, route)).collect()
}

/// The conditions of a match of a VirtualService on requests.
pub fn conditions(virtual_service: &VirtualService<'_>, route_match: &HttpMatchRequest) -> Vec<MatchCondition> {
    http::conditions(&HttpMatch::new(0, route_match, &virtual_service.name.namespace), virtual_service.origin)
}

fn of_route<'a>(index: usize, route: &CompiledRoute<'a>) -> Vec<Alternative<'a>> {
    let (owner, route_span) = (route.owner.virtual_service, route.owner.span);
    let delegation = |span: Option<Span>| {
        let delegator = route.delegator?;
        let route_span = delegator.span;
        Some(Delegation { owner: delegator.virtual_service, route_span, span: span.unwrap_or(route_span) })
    };
    if route.matches.is_empty() {
        return vec![Alternative {
            owner,
            route: index,
            route_span,
            span: route_span,
            delegation: delegation(None),
            route_match: None,
            conditions: Vec::new(),
        }];
    }
    let alternative = |route_match: &HttpMatch<'a>| Alternative {
        owner,
        route: index,
        route_span,
        span: route_match.span,
        delegation: delegation(route_match.delegating),
        route_match: Some(route_match.clone()),
        conditions: http::conditions(route_match, route.owner.virtual_service.origin),
    };
    route.matches.iter().map(alternative).collect()
}

fn path_of(conditions: &[MatchCondition]) -> Option<&MatchCondition> {
    conditions.iter().find(|condition| matches!(condition.subject, MatchSubject::Path { .. }))
}

impl Alternative<'_> {
    /// The place of the match in its own route; the route if it has no match.
    pub fn own_span(&self) -> Span {
        self.route_match.as_ref().filter(|it| it.is_own).map_or(self.route_span, |it| it.span)
    }

    /// Whether the alternative takes every request on every proxy.
    pub fn takes_everything(&self) -> bool {
        let is_any = |route_match: &HttpMatch<'_>| {
            route_match.port.is_none()
                && route_match.gateways.is_empty()
                && route_match.source_labels.is_empty()
                && route_match.source_namespace.is_none()
        };
        self.route_match.as_ref().is_none_or(is_any) && self.conditions.iter().all(http::is_any_path)
    }

    /// Whether the condition on the path is a regular expression.
    pub fn has_path_regex(&self) -> bool {
        self.path().is_some_and(|path| matches!(path.matcher, Matcher::Regex(_)))
    }

    /// Whether the alternative applies at a Gateway that its VirtualService is bound to, or in the mesh, as far as
    /// `gateways` say.
    pub fn is_at(&self, gateway: Option<&NamespacedName<'_>>) -> bool {
        self.route_match
            .as_ref()
            .is_none_or(|it| it.gateways.is_empty() || it.gateways.iter().any(|own| own.as_ref() == gateway))
    }

    /// Whether a gateway tries the alternative after all others of the virtual host, whichever VirtualService has them
    /// (istiod: `SortVHostRoutes`).
    pub fn is_last(&self) -> bool {
        self.conditions.iter().all(http::is_any_path)
    }

    /// Whether the alternative has a prefix that ends within a word of the paths of another one: `/app` and `/apple`.
    pub fn cuts_word_of(&self, other: &Self) -> bool {
        let Some(Matcher::Prefix(prefix)) = self.path().map(|path| &path.matcher) else { return false };
        let rest = match other.path().map(|path| &path.matcher) {
            Some(Matcher::Prefix(text) | Matcher::Exact(text)) => text.strip_prefix(prefix.as_str()),
            _ => None,
        };
        !prefix.ends_with('/') && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    }

    /// A path that the alternative takes, if there is one in UTF-8.
    pub fn example_path(&self) -> Option<String> {
        sample::path(self.path(), &Automata::default()).into_utf8()
    }

    fn path(&self) -> Option<&MatchCondition> {
        path_of(&self.conditions)
    }

    /// Whether the condition on the path, if there is one, holds for a path.
    pub fn takes_path(&self, path: &[u8]) -> bool {
        self.path().is_none_or(|condition| condition.takes_text(path))
    }
}
