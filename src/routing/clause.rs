//! Condition to action: one entry of an Envoy route list.

use std::sync::Arc;

use super::destination::{self, Weighted};
use super::predicate::Condition;
use super::proxy::Proxy;
use super::request::Request;
use super::rule::HttpRule;
use crate::source::Span;
use crate::world::{Service, VirtualService};

/// One entry of a route list: all conditions have to hold, then the action is taken.
#[derive(Debug, Clone)]
pub struct Clause<'a> {
    /// Its number among those of a table, in order.
    pub id: usize,
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// What is done.
    pub action: Action<'a>,
    /// What the rule means by a port: the service port of a sidecar's listener, or the number of a gateway's server.
    pub port: u32,
    /// The match of the rule that the conditions come from, and its index; `None` if the rule has none.
    pub entry: Option<(usize, Span)>,
    /// Why this proxy does not get the clause at all. It is kept for explanations only.
    pub exclusion: Option<Exclusion>,
    /// Whether it takes every request, so that nothing behind it is ever reached (istiod: `IsCatchAllRoute`).
    pub is_catch_all: bool,
}

/// A condition that is decided for a proxy, not for a request, and does not hold for this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// What is looked at.
    pub name: &'static str,
    /// What the proxy has there.
    pub seen: String,
    /// What the condition asks for.
    pub wanted: String,
}

/// What is done with a request.
#[derive(Debug, Clone)]
pub enum Action<'a> {
    /// What a rule of a VirtualService says.
    Rule(Arc<HttpRule<'a>>),
    /// The request goes to the service itself, which no VirtualService routes for.
    Service(&'a Service<'a>),
}

impl<'a> Clause<'a> {
    /// The clusters that requests are shared among.
    pub fn clusters(&self, proxy: &Proxy<'a>) -> Vec<Weighted<'a>> {
        match &self.action {
            Action::Rule(rule) => rule.clusters(proxy, self.port),
            Action::Service(service) => {
                let (host, referrer, port) = (service.hostname.clone(), &service.namespace, self.port);
                let cluster = destination::of_service(proxy, referrer, Some(service), host, String::new(), port);
                vec![Weighted { cluster, weight: 1, headers: None }]
            }
        }
    }

    /// Whether the proxy has the clause.
    pub fn is_live(&self) -> bool {
        self.exclusion.is_none()
    }

    /// Whether the clause takes a request.
    pub fn takes(&self, request: &Request<'_>) -> bool {
        self.is_live() && self.first_failing(request).is_none()
    }

    /// The first condition that does not hold for a request; `None` if all do.
    pub fn first_failing(&self, request: &Request<'_>) -> Option<&Condition> {
        self.conditions.iter().find(|condition| !condition.holds(request))
    }

    /// The VirtualService whose place in the order the clause has: that of its rule, or the one that delegates to it.
    pub fn in_turn_of(&self) -> Option<&'a VirtualService<'a>> {
        match &self.action {
            Action::Rule(rule) => Some(rule.delegator.unwrap_or(rule.owner).service),
            Action::Service(_) => None,
        }
    }

    /// A clause without conditions.
    pub fn default_route(action: Action<'a>, port: u32) -> Self {
        Self { id: 0, conditions: Vec::new(), action, port, entry: None, exclusion: None, is_catch_all: true }
    }
}
