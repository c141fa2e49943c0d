//! The clusters that get a request, and the changes that a route makes to it.

use std::collections::BTreeMap;

use crate::routing::{HttpRequest, UNKNOWN_SERVICE};

/// A cluster that gets requests.
#[derive(Debug, Clone, PartialEq)]
pub struct ReachedCluster {
    /// istiod's name of the cluster.
    pub cluster: String,
    /// The host of the service.
    pub host: String,
    /// The subset; null for the whole service.
    pub subset: Option<String>,
    /// The service port; null if the dialled port counts.
    pub port: Option<u32>,
    /// The share, in percent.
    pub weight: serde_json::Number,
    /// The workloads behind the cluster.
    pub workloads: Vec<String>,
    /// The reason why requests cannot reach the cluster: `no-cluster` or `no-endpoints`.
    pub problem: Option<&'static str>,
    /// Why the destination may exist although the manifests do not define it.
    pub assumption: Option<String>,
    /// Whether the manifests leave it open whether the destination exists.
    pub is_unknown: bool,
    /// The status that the client gets if the cluster does not exist; absent for the usual 503.
    pub status: Option<u16>,
    /// The load balancing, in the words of DestinationRules; absent if Envoy chooses no endpoint.
    pub load_balancer: Option<String>,
    /// The TLS mode towards the endpoints, in the words of DestinationRules; absent for auto mTLS.
    pub tls: Option<&'static str>,
    /// The request that the cluster gets, if the header operations of the destinations differ.
    pub request: Option<Box<Rewritten>>,
}

impl ReachedCluster {
    /// A cluster that gets all requests.
    pub(super) fn new(cluster: String, host: String, port: Option<u32>) -> Self {
        Self {
            cluster,
            host,
            subset: None,
            port,
            weight: 100.into(),
            workloads: Vec::new(),
            problem: None,
            assumption: None,
            is_unknown: false,
            status: None,
            load_balancer: None,
            tls: None,
            request: None,
        }
    }

    /// Whether it stands for a backend that the Gateway API does not allow the route to use.
    pub fn is_refused_backend(&self) -> bool {
        self.cluster == UNKNOWN_SERVICE
    }
}

/// The request that an upstream gets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rewritten {
    /// The authority.
    pub authority: String,
    /// The path with its query string.
    pub path: String,
    /// The headers that the route sets or adds.
    pub headers: BTreeMap<String, String>,
    /// The headers that the route removes.
    pub removed_headers: Vec<String>,
}

impl Rewritten {
    /// The request itself.
    pub(super) fn unchanged(request: &HttpRequest<'_>) -> Self {
        Self { authority: request.authority.to_string(), path: request.path_and_query(), ..Self::default() }
    }
}

/// A cluster of mirrored requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// The cluster.
    pub cluster: String,
    /// The share of requests that are mirrored, in percent.
    pub percentage: f64,
    /// The reason why requests cannot reach the cluster.
    pub problem: Option<&'static str>,
    /// Why the destination may exist, if the manifests leave it open.
    pub assumption: Option<String>,
}

/// An injected delay and abort. Envoy decides about the abort after the delay.
#[derive(Debug, Clone, PartialEq)]
pub struct InjectedFault {
    /// The delay.
    pub delay: Option<InjectedDelay>,
    /// The abort.
    pub abort: Option<InjectedAbort>,
}

/// A delay.
#[derive(Debug, Clone, PartialEq)]
pub struct InjectedDelay {
    /// The share of requests, in percent; 0 if the route has no percentage.
    pub percentage: f64,
    /// The duration.
    pub fixed_delay: String,
}

/// An abort.
#[derive(Debug, Clone, PartialEq)]
pub struct InjectedAbort {
    /// The share of requests, in percent; 0 if the route has no percentage.
    pub percentage: f64,
    /// The HTTP status that the client gets.
    pub http_status: Option<i32>,
    /// The gRPC status that the client gets.
    pub grpc_status: Option<String>,
}

/// Retries.
#[derive(Debug, Clone, PartialEq)]
pub struct Retries {
    /// The number of retries.
    pub attempts: i32,
    /// The timeout of each attempt.
    pub per_try_timeout: Option<String>,
    /// The conditions for a retry.
    pub retry_on: Option<String>,
    /// Whether this is istiod's default.
    pub is_default: bool,
}
