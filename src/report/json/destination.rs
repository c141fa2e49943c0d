//! The destinations of requests, and what a route does to requests on their way.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::simulate::{InjectedAbort, InjectedDelay, InjectedFault, Mirror, ReachedCluster, Retries, Rewritten};

/// A cluster that gets requests.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DestinationObject<'a> {
    cluster: &'a str,
    host: &'a str,
    subset: Option<&'a str>,
    port: Option<u32>,
    weight: &'a serde_json::Number,
    workloads: &'a [String],
    problem: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_balancer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<UpstreamRequestObject<'a>>,
}

/// The request that an upstream gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpstreamRequestObject<'a> {
    authority: &'a str,
    path: &'a str,
    headers: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    removed_headers: &'a [String],
}

/// A cluster of mirrored requests.
#[derive(Serialize)]
pub(super) struct MirrorObject<'a> {
    cluster: &'a str,
    percentage: f64,
    problem: Option<&'static str>,
}

/// An injected delay and abort.
#[derive(Serialize)]
pub(super) struct FaultObject<'a> {
    delay: Option<DelayObject<'a>>,
    abort: Option<AbortObject<'a>>,
}

/// A delay.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DelayObject<'a> {
    percentage: f64,
    fixed_delay: &'a str,
}

/// An abort.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AbortObject<'a> {
    percentage: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grpc_status: Option<&'a str>,
}

/// Retries.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetriesObject<'a> {
    attempts: i32,
    per_try_timeout: Option<&'a str>,
    retry_on: Option<&'a str>,
}

impl<'a> DestinationObject<'a> {
    pub(super) fn of(destination: &'a ReachedCluster) -> Self {
        let ReachedCluster {
            cluster,
            host,
            subset,
            port,
            weight,
            workloads,
            problem,
            assumption,
            is_unknown: _,
            status,
            load_balancer,
            tls,
            request,
        } = destination;
        Self {
            cluster,
            host,
            subset: subset.as_deref(),
            port: *port,
            weight,
            workloads,
            problem: *problem,
            assumption: assumption.as_deref(),
            status: *status,
            load_balancer: load_balancer.as_deref(),
            tls: *tls,
            request: request.as_deref().map(UpstreamRequestObject::of),
        }
    }
}

impl<'a> UpstreamRequestObject<'a> {
    pub(super) fn of(request: &'a Rewritten) -> Self {
        let Rewritten { authority, path, headers, removed_headers } = request;
        Self { authority, path, headers, removed_headers }
    }
}

impl<'a> MirrorObject<'a> {
    pub(super) fn of(mirror: &'a Mirror) -> Self {
        let Mirror { cluster, percentage, problem, assumption: _ } = mirror;
        Self { cluster, percentage: *percentage, problem: *problem }
    }
}

impl<'a> FaultObject<'a> {
    pub(super) fn of(fault: &'a InjectedFault) -> Self {
        let InjectedFault { delay, abort } = fault;
        let delay = delay
            .as_ref()
            .map(|InjectedDelay { percentage, fixed_delay }| DelayObject { percentage: *percentage, fixed_delay });
        let abort = abort.as_ref().map(|InjectedAbort { percentage, http_status, grpc_status }| AbortObject {
            percentage: *percentage,
            http_status: *http_status,
            grpc_status: grpc_status.as_deref(),
        });
        Self { delay, abort }
    }
}

impl<'a> RetriesObject<'a> {
    pub(super) fn of(retries: &'a Retries) -> Self {
        let Retries { attempts, per_try_timeout, retry_on, is_default: _ } = retries;
        Self { attempts: *attempts, per_try_timeout: per_try_timeout.as_deref(), retry_on: retry_on.as_deref() }
    }
}
