//! One entry of an Envoy route list: conditions and an action.

use std::sync::Arc;

use super::destination::{self, Weighted};
use super::predicate::MatchCondition;
use super::proxy::Proxy;
use super::request::HttpRequest;
use super::route::CompiledRoute;
use crate::source::Span;
use crate::world::{Service, VirtualService};

/// One entry of a route list. If all conditions hold, Envoy takes the action.
#[derive(Debug, Clone)]
pub struct Clause<'a> {
    /// The index among all clauses of a table.
    pub id: usize,
    /// The conditions.
    pub conditions: Vec<MatchCondition>,
    /// The action.
    pub action: ClauseAction<'a>,
    /// The port that matches and destinations of the route refer to: the service port of a sidecar's listener, or the
    /// port of a gateway's server.
    pub port: u32,
    /// The index and place of the match that the conditions come from; `None` if the route has no match.
    pub route_match: Option<(usize, Span)>,
    /// The reason why the proxy does not have the clause. Such a clause is kept for explanations only.
    pub exclusion: Option<Exclusion>,
    /// Whether the clause takes every request, so that no request reaches a later one (istiod: `IsCatchAllRoute`).
    pub is_catch_all: bool,
}

/// A condition on the proxy that does not hold. It does not depend on the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The field.
    pub name: &'static str,
    /// The value that the proxy has.
    pub seen: String,
    /// The value that the condition requires.
    pub wanted: String,
}

/// The action for a request.
#[derive(Debug, Clone)]
pub enum ClauseAction<'a> {
    /// The action of a VirtualService's route.
    Route(Arc<CompiledRoute<'a>>),
    /// The default route to a service for which no VirtualService routes.
    Service(&'a Service<'a>),
}

impl<'a> Clause<'a> {
    /// The clusters that share the requests.
    pub fn clusters(&self, proxy: &Proxy<'a>) -> Vec<Weighted<'a>> {
        match &self.action {
            ClauseAction::Route(route) => route.clusters(proxy, self.port),
            ClauseAction::Service(service) => {
                // Route tables have hosts in lower case. A cluster with capitals in its name is not found.
                let (host, port) = (service.hostname.to_ascii_lowercase(), self.port);
                let cluster = destination::of_service(proxy, &service.namespace, host, String::new(), port);
                vec![Weighted { cluster, weight: 1, headers: None }]
            }
        }
    }

    /// Whether the proxy has the clause.
    pub fn is_live(&self) -> bool {
        self.exclusion.is_none()
    }

    /// Whether the clause takes a request.
    pub fn takes(&self, request: &HttpRequest<'_>) -> bool {
        self.is_live() && self.first_failing(request).is_none()
    }

    /// The first condition that does not hold for a request; `None` if all do.
    pub fn first_failing(&self, request: &HttpRequest<'_>) -> Option<&MatchCondition> {
        self.conditions.iter().find(|condition| !condition.holds(request))
    }

    /// The VirtualService by which the clause is ordered: that of the route, or the one that delegates to it.
    pub fn ordered_by(&self) -> Option<&'a VirtualService<'a>> {
        match &self.action {
            ClauseAction::Route(route) => Some(route.delegator.unwrap_or(route.owner).virtual_service),
            ClauseAction::Service(_) => None,
        }
    }

    /// A clause without conditions.
    pub fn default_route(action: ClauseAction<'a>, port: u32) -> Self {
        Self { id: 0, conditions: Vec::new(), action, port, route_match: None, exclusion: None, is_catch_all: true }
    }
}
