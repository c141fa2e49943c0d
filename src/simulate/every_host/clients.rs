//! The clients that rules are for: those with some labels, or of some namespace.

use std::collections::BTreeMap;

use crate::model::networking::{L4MatchAttributes, TlsMatchAttributes};
use crate::routing::{Clause, ClauseAction, HttpMatch, alternative};
use crate::simulate::request::{Request, WorkloadRef};
use crate::source::Spanned;
use crate::world::{VirtualService, World};

/// Clients with some labels, or of some namespace.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clients {
    labels: BTreeMap<String, String>,
    namespace: Option<String>,
}

impl Clients {
    /// `None` if neither is given: then all clients are meant.
    fn new<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>, namespace: Option<&str>) -> Option<Self> {
        let labels: BTreeMap<String, String> = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let is_limited = !labels.is_empty() || namespace.is_some();
        is_limited.then(|| Self { labels, namespace: namespace.map(str::to_owned) })
    }

    /// The clients that a match of an `http` route is for.
    fn of_http(route_match: &HttpMatch<'_>) -> Option<Self> {
        let labels = route_match.source_labels.iter().map(|(key, value)| (*key, *value));
        Self::new(labels, route_match.source_namespace)
    }

    /// The clients that a match of a `tcp` route is for.
    pub fn of_tcp(written: &L4MatchAttributes) -> Option<Self> {
        let namespace = written.source_namespace.as_ref().and_then(Spanned::filled);
        Self::new(written.source_labels.to_set().into_iter(), namespace)
    }

    /// The clients that a match of a `tls` route is for.
    pub fn of_tls(written: &TlsMatchAttributes) -> Option<Self> {
        let namespace = written.source_namespace.as_ref().and_then(Spanned::filled);
        Self::new(written.source_labels.to_set().into_iter(), namespace)
    }

    /// The clients that a rule is for, if the proxy lacks it because of its client.
    pub fn of_clause(clause: &Clause<'_>) -> Option<Self> {
        let exclusion = clause.exclusion.as_ref()?;
        let ClauseAction::Route(route) = &clause.action else { return None };
        let (_, span) = clause.route_match.filter(|_| ["sourceLabels", "sourceNamespace"].contains(&exclusion.name))?;
        Self::of_http(route.matches.iter().find(|it| it.span == span)?)
    }

    /// All clients that `http` routes of a VirtualService are for.
    pub fn of_virtual_service(world: &World<'_>, virtual_service: &VirtualService<'_>) -> Vec<Self> {
        let mut all = Vec::new();
        for alternative in alternative::alternatives(world, virtual_service) {
            let found = alternative.route_match.as_ref().filter(|it| it.gateways.is_empty()).and_then(Self::of_http);
            all.extend(found.filter(|it| !all.contains(it)));
        }
        all
    }

    /// The request, sent by such a client.
    pub fn send(&self, request: &Request) -> Request {
        let usual = request.from.clone().unwrap_or_default();
        let namespace = self.namespace.clone().or_else(|| usual.namespace.clone());
        Request { from: Some(WorkloadRef { namespace, labels: self.labels.clone(), ..usual }), ..request.clone() }
    }

    /// `client has app=web and client is in shop`.
    pub fn words(&self) -> String {
        let labels = self.labels.iter().map(|(key, value)| format!("client has {key}={value}"));
        let namespace = self.namespace.iter().map(|namespace| format!("client is in {namespace}"));
        labels.chain(namespace).collect::<Vec<_>>().join(" and ")
    }
}
