//! An answer: the result object of the interface.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::source::Span;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The request's.
    pub id: serde_json::Value,
    /// The host that was asked for.
    pub host: String,
    /// The Gateway that was asked for, for people.
    #[serde(skip)]
    pub gateway: Option<String>,
    /// What is decided, whatever else the request holds.
    #[serde(flatten)]
    pub decision: Arc<Decision>,
    /// The request that the upstream gets.
    pub request: Option<Rewritten>,
    /// Where the client is sent.
    pub location: Option<String>,
    /// What becomes of it at the sidecars of the workloads that it can get to.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub arrivals: Arc<[Arrived]>,
    /// The rules that were considered, in order.
    pub trace: Vec<Step>,
}

impl Deref for Answer {
    type Target = Decision;

    fn deref(&self) -> &Decision {
        &self.decision
    }
}

/// What is decided for all requests that take the same way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// What happens.
    pub outcome: Outcome,
    /// What the client sees if no upstream answers for it.
    pub status: Option<u32>,
    /// Envoy's response flag.
    pub flag: Option<&'static str>,
    /// The rule that decided.
    pub route: Option<Route>,
    /// The policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyVerdict>,
    /// Where the request goes, with shares that add up to 100.
    pub destinations: Vec<Destination>,
    /// Where copies go.
    pub mirrors: Vec<Mirror>,
    /// Delays and aborts on purpose.
    pub fault: Option<Fault>,
    /// How long the request may take; null without a limit.
    pub timeout: Option<String>,
    /// How often it is tried again; null if it is not.
    pub retries: Option<Retries>,
    /// What a reader should know beside the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The fields as JSON, once somebody has asked for them.
    #[serde(skip)]
    pub(super) json: JsonFields,
}

/// Something that is written when it is first asked for. It takes no part in comparisons, and copies start anew.
#[derive(Debug, Default)]
pub(super) struct JsonFields(OnceLock<Box<[u8]>>);

impl Clone for JsonFields {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for JsonFields {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Decision {
    /// The fields as JSON without the braces around them, written once for all answers that share the decision.
    pub fn json_fields(&self) -> &[u8] {
        self.json.0.get_or_init(|| {
            let object = serde_json::to_vec(self).unwrap_or_default();
            object.get(1..object.len().saturating_sub(1)).unwrap_or_default().into()
        })
    }

    /// A decision of which nothing more is known.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            status: None,
            flag: None,
            route: None,
            policy: None,
            destinations: Vec::new(),
            mirrors: Vec::new(),
            fault: None,
            timeout: None,
            retries: None,
            notes: Vec::new(),
            json: JsonFields::default(),
        }
    }
}

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unanswered {
    /// The request's.
    pub id: serde_json::Value,
    /// The host that was asked for; empty if even that is not known.
    #[serde(skip)]
    pub host: String,
    /// Why there is no answer.
    pub error: String,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It goes to the destinations.
    Forward,
    /// It goes where the client dialled.
    Passthrough,
    /// The client is sent elsewhere.
    Redirect,
    /// The proxy answers.
    DirectResponse,
    /// No route takes it.
    NoRoute,
    /// It is stopped, because the destination is unknown.
    Blackhole,
    /// A policy forbids it.
    Denied,
    /// The connection is refused.
    Refused,
}

impl Outcome {
    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Passthrough => "passthrough",
            Self::Redirect => "redirect",
            Self::DirectResponse => "direct-response",
            Self::NoRoute => "no-route",
            Self::Blackhole => "blackhole",
            Self::Denied => "denied",
            Self::Refused => "refused",
        }
    }
}

/// A rule of a VirtualService.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// `namespace/name` of the VirtualService that has the rule; null if a route of another API has it.
    pub virtual_service: Option<String>,
    /// The kind of the resource that has the rule, if it is no VirtualService.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// `namespace/name` of that resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The rule that delegates to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegated_by: Option<String>,
    /// The section: `http`, `tls` or `tcp`; `rules` of a route of another API.
    pub section: &'static str,
    /// The rule's index in the section.
    pub index: usize,
    /// The index of the match that took the request; null if the rule has none.
    pub r#match: Option<usize>,
    /// The rule's name.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line of the rule.
    pub line: usize,
    /// The rule, or the match of it that took the request.
    #[serde(skip)]
    pub span: Span,
}

/// A policy, or a rule of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVerdict {
    /// `AuthorizationPolicy`, `RequestAuthentication` or `PeerAuthentication`.
    pub kind: &'static str,
    /// `namespace/name`.
    pub name: String,
    /// What the policy does with what it matches: `ALLOW`, `DENY`, `AUDIT`, `CUSTOM`; the mode of a PeerAuthentication;
    /// `token` of a RequestAuthentication.
    pub action: &'static str,
    /// The rule's index; null if it is the policy as a whole, because no rule matches.
    pub rule: Option<usize>,
    /// The file.
    pub file: String,
    /// The line of the rule, else of the policy.
    pub line: usize,
    /// The reason, where the rule alone does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rule, else the policy.
    #[serde(skip)]
    pub span: Span,
}

impl Route {
    /// What has the rule: `default/reviews`, `HTTPRoute default/reviews`.
    pub fn owner(&self) -> String {
        match (&self.virtual_service, &self.kind, &self.resource) {
            (Some(service), ..) => service.clone(),
            (None, Some(kind), Some(resource)) => format!("{kind} {resource}"),
            _ => String::new(),
        }
    }

    /// The rule within it: `http[0]`, with the match that took the request.
    pub fn path(&self) -> String {
        let entries = match self.kind {
            None => "match",
            Some("Ingress") => "paths",
            Some(_) => "matches",
        };
        match self.r#match {
            Some(entry) => format!("{}[{}].{entries}[{entry}]", self.section, self.index),
            None => format!("{}[{}]", self.section, self.index),
        }
    }
}

/// A cluster that a request goes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// The name that istiod gives the cluster.
    pub cluster: String,
    /// The service.
    pub host: String,
    /// The subset; null for the whole service.
    pub subset: Option<String>,
    /// The service port; null if the client's counts.
    pub port: Option<u32>,
    /// The share, in percent.
    pub weight: serde_json::Number,
    /// The workloads behind it.
    pub workloads: Vec<String>,
    /// Why requests cannot reach it: `no-cluster` or `no-endpoints`.
    pub problem: Option<&'static str>,
    /// What the client sees if there is no such cluster; absent for the usual 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How an endpoint is chosen, by the words of DestinationRules; left out if none is, since the address that the client
    /// dialled counts or there is no cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<String>,
    /// TLS towards the endpoints: a mode of DestinationRules; left out if the proxies agree on it (auto mTLS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<&'static str>,
}

/// The request that an upstream gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rewritten {
    /// The authority.
    pub authority: String,
    /// The path with its query string.
    pub path: String,
    /// The headers that the rule sets or adds.
    pub headers: BTreeMap<String, String>,
    /// The headers that the rule removes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_headers: Vec<String>,
}

/// What becomes of a request at the sidecar of one workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrived {
    /// The workload, as `namespace/name`.
    pub workload: String,
    /// The cluster of the client's proxy that leads to it.
    pub via: String,
    /// What happens: `forward`, `passthrough`, `denied`, `refused` or `blackhole`.
    pub outcome: Outcome,
    /// What the client sees if it is denied.
    pub status: Option<u32>,
    /// Envoy's response flag.
    pub flag: Option<&'static str>,
    /// The cluster of the server's proxy.
    pub cluster: Option<String>,
    /// What the client's proxy does about TLS.
    pub tls: &'static str,
    /// The policy that decided.
    pub policy: Option<PolicyVerdict>,
    /// The rules of policies that were considered, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
    /// What a reader should know besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Where copies go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mirror {
    /// The cluster.
    pub cluster: String,
    /// The share of requests that are copied, in percent.
    pub percentage: f64,
    /// Why copies cannot reach it.
    pub problem: Option<&'static str>,
}

/// Delays and aborts on purpose. The abort is decided after the delay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// The delay.
    pub delay: Option<Delay>,
    /// The abort.
    pub abort: Option<Abort>,
}

/// A delay.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delay {
    /// The share of requests, in percent. Without one that is none.
    pub percentage: f64,
    /// How long.
    pub fixed_delay: String,
}

/// An abort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Abort {
    /// The share of requests, in percent. Without one that is none.
    pub percentage: f64,
    /// The status that the client sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i32>,
    /// The status of gRPC that it sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<String>,
}

/// Retries.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retries {
    /// How often.
    pub attempts: i32,
    /// How long each may take.
    pub per_try_timeout: Option<String>,
    /// After what.
    pub retry_on: Option<String>,
    /// Whether it is what istiod lets proxies do if nobody says anything else.
    #[serde(skip)]
    pub is_default: bool,
}

/// A rule that was considered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The rule; null for the default route of a service.
    #[serde(flatten)]
    pub route: Option<Route>,
    /// The rule, if it is a policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyVerdict>,
    /// What came of it.
    pub verdict: Verdict,
    /// The first condition that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The value that the request, or the proxy, has there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// The value that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It took the request.
    Matched,
    /// A condition on the request does not hold.
    NotMatched,
    /// This proxy does not have the rule.
    Excluded,
}
