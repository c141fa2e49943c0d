//! An answer, its legs and its arrivals.

use serde::Serialize;

use super::destination::{DestinationObject, FaultObject, MirrorObject, RetriesObject, UpstreamRequestObject};
use super::trace::{PolicyObject, RouteObject, StepObject};
use crate::simulate::{Answer, Arrived, Decision, Unanswered};

/// The answer for a request.
#[derive(Serialize)]
pub(super) struct AnswerObject<'a> {
    id: &'a serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'a str>,
    #[serde(flatten)]
    decision: DecisionObject<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<&'a str>,
    request: Option<UpstreamRequestObject<'a>>,
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    legs: Vec<AnswerObject<'a>>,
    arrivals: Vec<ArrivalObject<'a>>,
    trace: Vec<StepObject<'a>>,
}

/// The part of an answer that is the same for all requests of a clause, without its notes.
#[derive(Serialize)]
pub(super) struct DecisionObject<'a> {
    outcome: &'static str,
    status: Option<u32>,
    flag: Option<&'static str>,
    route: Option<RouteObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyObject<'a>>,
    destinations: Vec<DestinationObject<'a>>,
    mirrors: Vec<MirrorObject<'a>>,
    fault: Option<FaultObject<'a>>,
    timeout: Option<&'a str>,
    retries: Option<RetriesObject<'a>>,
}

/// The answer of the proxy of a workload that can get the request.
#[derive(Serialize)]
pub(super) struct ArrivalObject<'a> {
    workload: &'a str,
    via: &'a str,
    outcome: &'static str,
    status: Option<u32>,
    flag: Option<&'static str>,
    cluster: Option<&'a str>,
    tls: &'static str,
    policy: Option<PolicyObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace: Vec<StepObject<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

/// A request without an answer.
#[derive(Serialize)]
pub(super) struct ErrorObject<'a> {
    id: &'a serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'a str>,
    error: &'a str,
}

// The patterns below name every field, so that the compiler asks about a new one.

impl<'a> AnswerObject<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        let Answer { id, mesh, host, gateway, via, decision, request, location, legs, arrivals, trace, remarks: _ } =
            answer;
        Self {
            id,
            mesh: mesh.as_deref(),
            host,
            gateway: gateway.as_deref(),
            via: via.as_deref(),
            decision: DecisionObject::of(decision),
            notes: answer.notes(),
            request: request.as_ref().map(UpstreamRequestObject::of),
            location: location.as_deref(),
            legs: legs.iter().map(AnswerObject::of).collect(),
            arrivals: arrivals.iter().map(ArrivalObject::of).collect(),
            trace: trace.iter().map(StepObject::of).collect(),
        }
    }
}

impl<'a> DecisionObject<'a> {
    pub(super) fn of(decision: &'a Decision) -> Self {
        let Decision {
            outcome,
            status,
            flag,
            route,
            policy,
            destinations,
            mirrors,
            fault,
            timeout,
            retries,
            notes: _,
            refusal: _,
            json: _,
        } = decision;
        Self {
            outcome: outcome.as_str(),
            status: *status,
            flag: *flag,
            route: route.as_ref().map(RouteObject::of),
            policy: policy.as_ref().map(PolicyObject::of),
            destinations: destinations.iter().map(DestinationObject::of).collect(),
            mirrors: mirrors.iter().map(MirrorObject::of).collect(),
            fault: fault.as_ref().map(FaultObject::of),
            timeout: timeout.as_deref(),
            retries: retries.as_ref().map(RetriesObject::of),
        }
    }
}

impl<'a> ArrivalObject<'a> {
    pub(super) fn of(arrived: &'a Arrived) -> Self {
        let Arrived { workload, via, outcome, status, flag, cluster, tls, server_name: _, policy, trace, notes } =
            arrived;
        Self {
            workload,
            via,
            outcome: outcome.as_str(),
            status: *status,
            flag: *flag,
            cluster: cluster.as_deref(),
            tls,
            policy: policy.as_ref().map(PolicyObject::of),
            trace: trace.iter().map(StepObject::of).collect(),
            notes,
        }
    }
}

impl<'a> ErrorObject<'a> {
    pub(super) fn of(unanswered: &'a Unanswered) -> Self {
        let Unanswered { id, mesh, host, gateway, error } = unanswered;
        Self { id, mesh: mesh.as_deref(), host, gateway: gateway.as_deref(), error }
    }
}
