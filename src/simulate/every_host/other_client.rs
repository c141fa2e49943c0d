//! The clients of a rule that is not for all clients of the mesh.

use std::collections::BTreeMap;

use super::RuleAnswer;
use crate::routing::{Clause, ClauseAction, HttpMatch};
use crate::simulate::request::{Request, WorkloadRef};
use crate::world::VirtualService;

/// Clients with other labels, or of another namespace.
#[derive(Debug, PartialEq)]
pub(super) struct OtherClient {
    labels: BTreeMap<String, String>,
    namespace: Option<String>,
}

impl OtherClient {
    /// The clients that a rule is for, if the proxy lacks it because of its client.
    pub fn of(clause: &Clause<'_>) -> Option<Self> {
        let exclusion = clause.exclusion.as_ref()?;
        let ClauseAction::Route(route) = &clause.action else { return None };
        let (_, span) = clause.route_match.filter(|_| ["sourceLabels", "sourceNamespace"].contains(&exclusion.name))?;
        let own: &HttpMatch<'_> = route.matches.iter().find(|it| it.span == span)?;
        let labels = own.source_labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Some(Self { labels: labels.collect(), namespace: own.source_namespace.map(str::to_owned) })
    }

    /// The clients that the matches of a VirtualService name.
    pub fn all_of(virtual_service: &VirtualService<'_>) -> Vec<Self> {
        let mut all = Vec::new();
        for written in virtual_service.spec.http.iter().flat_map(|route| &route.r#match) {
            let labels = written.source_labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone()));
            let namespace = written.source_namespace.as_ref().filter(|it| !it.is_empty()).map(|it| it.value.clone());
            let client = Self { labels: labels.collect(), namespace };
            if (!client.labels.is_empty() || client.namespace.is_some()) && !all.contains(&client) {
                all.push(client);
            }
        }
        all
    }

    /// The request, sent by such a client.
    pub fn send(&self, request: &Request) -> Request {
        let usual = request.from.clone().unwrap_or_default();
        let namespace = self.namespace.clone().or_else(|| usual.namespace.clone());
        Request { from: Some(WorkloadRef { namespace, labels: self.labels.clone(), ..usual }), ..request.clone() }
    }

    /// The answer for a rule, whose requests such clients send.
    pub fn named_in(&self, answer: RuleAnswer) -> RuleAnswer {
        let words = [self.words(), answer.when.clone()];
        let when = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" and ");
        RuleAnswer { when, ..answer }
    }

    fn words(&self) -> String {
        let labels = self.labels.iter().map(|(key, value)| format!("client has {key}={value}"));
        let namespace = self.namespace.iter().map(|namespace| format!("client is in {namespace}"));
        labels.chain(namespace).collect::<Vec<_>>().join(" and ")
    }
}
