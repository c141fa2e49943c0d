//! Envoy's static configuration for a batch of cases: one listener with its clusters for each case.

use std::collections::BTreeMap;
use std::path::Path;

use mesh::routing::{self, Clause, Cluster, ClusterProblem, Fallback, Table};
use serde_json::{Value, json};

use crate::case::Proxy;
use crate::envoy_routes::{RouteContext, route};

const MANAGER: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const FAULT: &str = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";
const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";

/// The configuration of one case.
pub struct Part {
    listener: Value,
    clusters: Vec<Value>,
}

/// The bootstrap configuration of Envoy.
pub fn bootstrap(parts: Vec<Part>) -> Value {
    let (listeners, clusters): (Vec<Value>, Vec<Vec<Value>>) =
        parts.into_iter().map(|part| (part.listener, part.clusters)).unzip();
    json!({ "static_resources": { "listeners": listeners, "clusters": clusters.concat() } })
}

/// The clusters of a table, and whether requests can reach them. Their names start with the name of the case, because
/// all cases of a batch share one Envoy.
struct Clusters<'c, 'a> {
    case: &'c str,
    proxy: &'c routing::Proxy<'a>,
    problems: std::cell::RefCell<BTreeMap<String, Option<ClusterProblem>>>,
}

impl<'a> Clusters<'_, 'a> {
    fn named(&self, name: &str, problem: Option<ClusterProblem>) -> String {
        let name = format!("{}/{name}", self.case);
        self.problems.borrow_mut().insert(name.clone(), problem);
        name
    }

    fn of(&self, cluster: &Cluster<'_>) -> String {
        self.named(&cluster.name(), cluster.problem)
    }

    fn of_clause(&self, clause: &Clause<'a>) -> Vec<(String, u32)> {
        let clusters = clause.clusters(self.proxy);
        clusters.iter().map(|it| (self.of(&it.cluster), u32::try_from(it.weight).unwrap_or(u32::MAX))).collect()
    }

    /// The configuration of all clusters except those that do not exist. Clusters that lack endpoints get none.
    fn configs(self, upstream: &Path) -> Vec<Value> {
        let existing = self.problems.into_inner().into_iter().filter(|(_, it)| *it != Some(ClusterProblem::NoCluster));
        let configs = existing.map(|(name, problem)| {
            let address = json!({ "pipe": { "path": upstream } });
            let endpoints = match problem {
                None => vec![json!({ "endpoint": { "address": address } })],
                Some(_) => Vec::new(),
            };
            let assignment = json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": endpoints }] });
            json!({ "name": name, "type": "STATIC", "connect_timeout": "5s", "load_assignment": assignment })
        });
        configs.collect()
    }
}

/// Compiles a table to a listener on a socket, and its clusters.
pub fn part<'a>(
    case: &str,
    kind: Proxy,
    proxy: &routing::Proxy<'a>,
    table: &Table<'a>,
    (socket, upstream): (&Path, &Path),
) -> Part {
    let clusters = Clusters { case, proxy, problems: Default::default() };
    let mut hosts: Vec<Value> = Vec::new();
    for (index, host) in table.virtual_hosts().iter().enumerate().filter(|(_, host)| !host.domains.is_empty()) {
        let context = RouteContext { clusters: &|clause| clusters.of_clause(clause) };
        let live = host.clauses.iter().enumerate().filter(|(_, clause)| clause.is_live());
        let routes: Vec<Value> = live.map(|(at, clause)| route(&format!("{index}/{at}"), clause, &context)).collect();
        let require_tls = if host.requires_tls { "ALL" } else { "NONE" };
        hosts.push(json!({
            "name": host.name, "domains": host.domains, "routes": routes, "require_tls": require_tls,
        }));
    }
    hosts.extend(fallback(table.fallback, &clusters));
    Part { listener: listener(case, kind, socket, &hosts), clusters: clusters.configs(upstream) }
}

fn fallback(fallback: Fallback, clusters: &Clusters<'_, '_>) -> Option<Value> {
    let mut route = json!({ "name": "fallback", "match": { "prefix": "/" } });
    match fallback {
        Fallback::NotFound => return None,
        Fallback::Passthrough | Fallback::DynamicDns => {
            route["route"] = json!({ "cluster": clusters.named("PassthroughCluster", None), "timeout": "0s" });
        }
        Fallback::BlackHole => route["direct_response"] = json!({ "status": 502 }),
    }
    Some(json!({ "name": "fallback", "domains": ["*"], "routes": [route] }))
}

/// A listener that adds the route, the cluster and the response flags as headers: to the request for the upstream, or to
/// the response if the proxy answers itself.
fn listener(case: &str, proxy: Proxy, socket: &Path, hosts: &[Value]) -> Value {
    let header = |name: &str, value: &str| json!({ "header": { "key": name, "value": value } });
    let always = json!({ "op": "GE", "value": { "default_value": 0, "runtime_key": "mesh.none" } });
    let local = json!({ "mappers": [{
        "filter": { "status_code_filter": { "comparison": always } },
        "headers_to_add": [header("x-mesh-route", "%ROUTE_NAME%"), header("x-mesh-flags", "%RESPONSE_FLAGS%")],
    }] });
    let manager = json!({
        "@type": MANAGER,
        "stat_prefix": case,
        "normalize_path": true,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "use_remote_address": proxy == Proxy::Gateway,
        "local_reply_config": local,
        "http_filters": [
            { "name": "envoy.filters.http.fault", "typed_config": { "@type": FAULT } },
            { "name": "envoy.filters.http.router", "typed_config": { "@type": ROUTER } },
        ],
        "route_config": {
            "name": case,
            "ignore_port_in_host_matching": true,
            "validate_clusters": false,
            "virtual_hosts": hosts,
            "request_headers_to_add":
                [header("x-mesh-cluster", "%UPSTREAM_CLUSTER%"), header("x-mesh-route", "%ROUTE_NAME%")],
        },
    });
    json!({
        "name": case,
        "address": { "pipe": { "path": socket } },
        "filter_chains":
            [{ "filters": [{ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }] }],
    })
}
