//! An answer: the result object of the interface.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::effects::{InjectedFault, Mirror, ReachedCluster, Retries, Rewritten};
use super::request::{GatewayRef, Request};
use crate::source::Span;

/// The answer for a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The id of the request.
    pub id: serde_json::Value,
    /// The mesh that answers, if there are several.
    pub mesh: Option<Arc<str>>,
    /// The host of the request.
    pub host: String,
    /// The Gateway that gets the request, as `namespace/name`; absent if none does.
    pub gateway: Option<String>,
    /// Of a leg: the cluster of the client's proxy that leads to the gateway.
    pub via: Option<String>,
    /// The part that is the same for all requests of a clause.
    pub decision: Arc<Decision>,
    /// The request that the upstream gets.
    pub request: Option<Rewritten>,
    /// The location of a redirect.
    pub location: Option<String>,
    /// The answers of the gateways through which the request goes on, in order.
    pub legs: Arc<[Answer]>,
    /// The end of the last leg: the answers of the sidecars of the workloads that can get the request.
    pub arrivals: Arc<[Arrived]>,
    /// The routes or policy rules that were considered, in order.
    pub trace: Vec<Step>,
    /// Remarks on this request, after those of the decision.
    pub remarks: Vec<Cow<'static, str>>,
}

impl Deref for Answer {
    type Target = Decision;

    fn deref(&self) -> &Decision {
        &self.decision
    }
}

/// The decision for all requests that take the same clause.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The outcome.
    pub outcome: Outcome,
    /// The status that the client gets if no upstream answers.
    pub status: Option<u32>,
    /// Envoy's response flag.
    pub flag: Option<&'static str>,
    /// The reason why a connection is refused, if something listens, or nothing can be dialled.
    pub refusal: Option<Refusal>,
    /// The route that decided.
    pub route: Option<RouteRef>,
    /// The policy that decided.
    pub policy: Option<PolicyVerdict>,
    /// The clusters of the request, with shares that add up to 100.
    pub destinations: Vec<ReachedCluster>,
    /// The mirrors.
    pub mirrors: Vec<Mirror>,
    /// Injected delays and aborts.
    pub fault: Option<InjectedFault>,
    /// The timeout; null without a limit.
    pub timeout: Option<String>,
    /// The retries; null if there are none.
    pub retries: Option<Retries>,
    /// Remarks on all these requests.
    pub(crate) notes: Vec<String>,
    /// The fields as JSON, written when first needed.
    pub(crate) json: JsonFields,
}

/// JSON that is written when first needed. Comparisons ignore it, and copies start without it.
#[derive(Debug, Default)]
pub(crate) struct JsonFields(OnceLock<Box<[u8]>>);

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
    /// The fields as JSON without the surrounding braces, which `write` writes once for all answers that share the
    /// decision.
    pub fn json_fields(&self, write: impl FnOnce(&Self) -> Box<[u8]>) -> &[u8] {
        self.json.0.get_or_init(|| write(self))
    }

    /// A decision with only an outcome.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            status: None,
            flag: None,
            refusal: None,
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

impl Answer {
    /// An answer without the rest of the way.
    pub(super) fn new(id: serde_json::Value, host: String, decision: Arc<Decision>) -> Self {
        Self {
            id,
            mesh: None,
            host,
            gateway: None,
            via: None,
            decision,
            remarks: Vec::new(),
            request: None,
            location: None,
            legs: Arc::default(),
            arrivals: Arc::default(),
            trace: Vec::new(),
        }
    }

    /// The answer of a proxy whose requests are not followed further.
    pub fn of_decision(decision: Decision) -> Self {
        Self::new(serde_json::Value::Null, String::new(), Arc::new(decision))
    }

    /// The remarks for people: those of the decision, then those on the request.
    pub fn notes(&self) -> Vec<&str> {
        let of_request = self.remarks.iter().map(AsRef::as_ref);
        self.decision.notes.iter().map(String::as_str).chain(of_request).collect()
    }

    /// Adds remarks on the request.
    pub(super) fn note<N: Into<Cow<'static, str>>>(&mut self, notes: impl IntoIterator<Item = N>) {
        self.remarks.extend(notes.into_iter().map(Into::into));
    }

    /// The answer if the manifests may not be complete: a destination that they lack, and that may exist, has no problem.
    pub(crate) fn for_incomplete_manifests(mut self) -> Self {
        let is_open = |it: &ReachedCluster| it.is_unknown && it.problem.is_some();
        let may_exist = |it: &Mirror| it.assumption.is_some() && it.problem.is_some();
        if !self.destinations.iter().any(is_open) && !self.mirrors.iter().any(may_exist) {
            return self;
        }
        let mut notes = Vec::new();
        let decision = Arc::make_mut(&mut self.decision);
        for destination in decision.destinations.iter_mut().filter(|it| is_open(it)) {
            destination.problem = None;
            destination.status = None;
            decision.flag = None;
            notes.extend(destination.assumption.clone());
        }
        for mirror in decision.mirrors.iter_mut().filter(|it| may_exist(it)) {
            mirror.problem = None;
            notes.extend(mirror.assumption.clone());
        }
        for note in notes {
            if !self.notes().contains(&note.as_str()) {
                self.note([note]);
            }
        }
        self
    }
}

/// A request without an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Unanswered {
    /// The id of the request.
    pub id: serde_json::Value,
    /// The mesh that was asked, if there are several.
    pub mesh: Option<Arc<str>>,
    /// The host of the request; empty if unknown.
    pub host: String,
    /// The Gateway that the request names.
    pub gateway: Option<String>,
    /// The reason.
    pub error: String,
}

impl Unanswered {
    /// The error of a request that could not be read.
    pub fn new(id: serde_json::Value, error: String) -> Self {
        Self { id, mesh: None, host: String::new(), gateway: None, error }
    }

    /// The error of a request.
    pub fn to(request: &Request, error: String) -> Self {
        let gateway = match &request.gateway {
            Some(GatewayRef::Name(name)) => Some(name.clone()),
            Some(GatewayRef::Workload(workload)) => workload.name.clone(),
            None => None,
        };
        let host = request.host.clone().unwrap_or_default();
        Self { host, gateway, ..Self::new(request.id.clone(), error) }
    }
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request goes to the destinations.
    Forward,
    /// The request goes where the client dialled.
    Passthrough,
    /// The proxy redirects the client.
    Redirect,
    /// The proxy answers.
    DirectResponse,
    /// No route takes the request.
    NoRoute,
    /// The proxy drops the request, because the destination is unknown.
    Blackhole,
    /// A policy denies the request.
    Denied,
    /// The proxy refuses the connection.
    Refused,
}

impl Outcome {
    /// Whether the request or connection goes on to a cluster.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Forward | Self::Passthrough)
    }

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

/// A reason for a refused connection other than that nothing listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// DNS does not know the host.
    UnknownHost,
    /// The client sends plaintext to a listener that terminates TLS.
    ExpectsTls,
    /// Client and proxy do not agree on certificates.
    Handshake,
    /// The workload requires mutual TLS of the mesh, and the client does not use it.
    RequiresMutualTls,
}

/// A route of a VirtualService or of another API.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteRef {
    /// `namespace/name` of the VirtualService; null for a route of another API.
    pub virtual_service: Option<String>,
    /// The kind of the resource, if it is not a VirtualService.
    pub kind: Option<&'static str>,
    /// `namespace/name` of that resource.
    pub resource: Option<String>,
    /// The route that delegates to this one.
    pub delegated_by: Option<String>,
    /// The section: `http`, `tls` or `tcp`; `rules` for a route of another API.
    pub section: &'static str,
    /// The index of the route in the section.
    pub index: usize,
    /// The index of the match that takes the request; null if the route has no match.
    pub r#match: Option<usize>,
    /// The name of the route.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line of the route.
    pub line: usize,
    /// The line of the match that takes the request, if it is in the same file.
    pub match_line: Option<usize>,
    /// The place of the match that takes the request, else of the route.
    pub span: Span,
}

/// A policy, or one of its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyVerdict {
    /// `AuthorizationPolicy`, `RequestAuthentication` or `PeerAuthentication`.
    pub kind: &'static str,
    /// `namespace/name`.
    pub name: String,
    /// The action: `ALLOW`, `DENY`, `AUDIT` or `CUSTOM`; the mode of a PeerAuthentication; `token` for a
    /// RequestAuthentication.
    pub action: &'static str,
    /// The index of the rule; null for the policy as a whole, because no rule matches.
    pub rule: Option<usize>,
    /// The file.
    pub file: String,
    /// The line of the rule, else of the policy.
    pub line: usize,
    /// The reason, if the rule alone does not explain it.
    pub reason: Option<String>,
    /// The place of the rule, else of the policy.
    pub span: Span,
}

impl RouteRef {
    /// The resource that has the route: `default/reviews`, `HTTPRoute default/reviews`.
    pub fn owner(&self) -> String {
        match (&self.virtual_service, &self.kind, &self.resource) {
            (Some(service), ..) => service.clone(),
            (None, Some(kind), Some(resource)) => format!("{kind} {resource}"),
            _ => String::new(),
        }
    }

    /// The path of the route within the resource: `http[0]`, with the match that takes the request.
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

/// The answer of the sidecar of one workload, or of another gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// The workload, as `namespace/name`.
    pub workload: String,
    /// The cluster of the client's proxy that leads to the workload.
    pub via: String,
    /// `forward`, `passthrough`, `denied`, `refused` or `blackhole`; of a gateway also `no-route`, `redirect` or
    /// `direct-response`.
    pub outcome: Outcome,
    /// The status of a request that is not forwarded.
    pub status: Option<u32>,
    /// Envoy's response flag.
    pub flag: Option<&'static str>,
    /// The cluster of the server's proxy, or the first one of another gateway.
    pub cluster: Option<String>,
    /// The TLS that the client's proxy originates: `plaintext`, `tls` or `mtls`.
    pub tls: &'static str,
    /// The server name that the client's proxy sends to another gateway; empty for plaintext, and at a sidecar.
    pub server_name: String,
    /// The policy that decided.
    pub policy: Option<PolicyVerdict>,
    /// The policy rules that were considered, in order.
    pub trace: Vec<Step>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// A route or policy rule that was considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The route; null for the default route of a service.
    pub route: Option<RouteRef>,
    /// The policy rule.
    pub policy: Option<PolicyVerdict>,
    /// The verdict.
    pub verdict: Verdict,
    /// The first condition that does not hold.
    pub condition: Option<String>,
    /// The value that the request or the proxy has.
    pub seen: Option<String>,
    /// The value that the condition requires.
    pub wanted: Option<String>,
}

/// The verdict on a route or policy rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The route or rule takes the request.
    Matched,
    /// A condition on the request does not hold.
    NotMatched,
    /// This proxy does not have the route or rule.
    Excluded,
}

impl Verdict {
    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::NotMatched => "not-matched",
            Self::Excluded => "excluded",
        }
    }
}
