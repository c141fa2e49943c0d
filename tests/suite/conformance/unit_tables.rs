//! Tables of istiod's unit tests: host names, protocols and claims. `unit_tables_delegates` and `unit_tables_domains` have
//! the tables of functions that take resources.

use std::collections::HashMap;

use mesh::load::Snapshot;
use mesh::routing::MatchSubject;
use mesh::world::{NamespacedName, Protocol, Settings, World, host, resolve_gateway_name};
use serde_json::{Value, json};

use super::{different, unit_tables_delegates as delegates, unit_tables_domains as domains};
use crate::shared;

/// The least number of rows that must agree.
const LEAST_AGREEING: usize = 191;

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn list(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().map(text).collect()).unwrap_or_default()
}

pub fn number(value: &Value) -> u32 {
    value.as_u64().unwrap_or_default().try_into().unwrap()
}

/// Fails with both values if they differ.
pub fn same<T: PartialEq + std::fmt::Debug>(ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?}, expected {theirs:?}")) }
}

#[test]
fn functions_agree_with_istiod() {
    let Some(path) = shared::data("conformance/simulation/unit-tables.json") else { return };
    let tables: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut results = Vec::new();
    for table in tables["tables"].as_array().unwrap() {
        let test = text(&table["test"]);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for row in table["rows"].as_array().unwrap() {
            let name = row["name"].as_str().or(row["description"].as_str()).unwrap_or("row");
            let count = seen.entry(name).and_modify(|count| *count += 1).or_insert(1);
            let number = if *count > 1 { format!(" #{count}") } else { String::new() };
            results.push((format!("{test}/{name}{number}"), compare(test, row)));
        }
    }
    different::check("unit tables: rows", results, LEAST_AGREEING);
}

fn compare(test: &str, row: &Value) -> Result<(), String> {
    match test {
        "TestNameMatches" => same(host::overlap(text(&row["a"]), text(&row["b"])).into(), row["out"].clone()),
        "TestNameSubsetOf" => same(host::covered_by(text(&row["a"]), text(&row["b"])).into(), row["out"].clone()),
        "TestNamesIntersection" => {
            let mut ours = host::intersection(&list(&row["a"]), &list(&row["b"]));
            let mut theirs = list(&row["intersection"]);
            ours.sort_unstable();
            theirs.sort_unstable();
            same(ours, theirs)
        }
        "TestNamesForNamespace" => names_for_namespace(row),
        "TestNamesSortOrder" => {
            let mut ours = list(&row["in"]);
            ours.sort_by(|a, b| host::by_specificity(a, b));
            same(ours, list(&row["want"]))
        }
        "TestMoreSpecific" => {
            // For two equal names, istiod returns that either one is more specific.
            let order = host::by_specificity(text(&row["host1"]), text(&row["host2"]));
            same(order.is_le().into(), row["expected"].clone())
        }
        "TestMostSpecificHostMatch" => {
            let ours = host::most_specific(text(&row["needle"]), list(&row["in"]));
            same(ours.unwrap_or_default(), text(&row["want"]))
        }
        "TestResolveGatewayName" => {
            let ours = resolve_gateway_name(text(&row["gateway"]), text(&row["namespace"]));
            same(ours.as_ref().map(NamespacedName::to_string).unwrap_or_default().as_str(), text(&row["resolved"]))
        }
        "TestResolveShortnameToFQDN" => {
            let meta = &row["meta"];
            let ours = host::expand(text(&row["name"]), text(&meta["namespace"]), text(&meta["domain"]));
            same(&*ours, text(&row["out"]))
        }
        "TestConvertProtocol" => protocol_of_port(row),
        "TestToRoutingClaim" => routing_claim(row),
        "TestMergeHttpRoutes" => delegates::merged_routes(row),
        "TestMergeHTTPMatchRequests" => delegates::merged_matches(row),
        "TestHasConflict" => delegates::conflict(row),
        "TestGenerateVirtualHostDomains" => domains::virtual_host_domains(row),
        other => Err(format!("this test does not support {other}")),
    }
}

/// Builds a Gateway with the hosts of the row.
fn names_for_namespace(row: &Value) -> Result<(), String> {
    let gateway = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "gateway", "namespace": "infra"},
        "spec": {"servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": row["hosts"]}]},
    });
    let snapshot = Snapshot::of_texts([("gateway.yaml", gateway.to_string().as_str())]);
    let world = World::new(&snapshot, Settings::default());
    let [gateway] = world.gateways.as_slice() else { return Err("the world has no Gateway".to_owned()) };
    same(gateway.servers[0].hosts_for(text(&row["namespace"])), list(&row["want"]))
}

/// Builds a Service with the port of the row.
fn protocol_of_port(row: &Value) -> Result<(), String> {
    // The row has the names of constants of istiod and Kubernetes.
    let constant = |value: &Value| text(value).trim_matches(['<', '>']).rsplit("Protocol").next().map(str::to_owned);
    let mut port = json!({"port": row["port"].as_u64().unwrap_or(8080), "name": row["portName"]});
    for (field, value) in [("appProtocol", &row["appProto"]), ("protocol", &row["proto"])] {
        if !value.is_null() {
            port[field] = constant(value).into();
        }
    }
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server", "namespace": "default"},
        "spec": {"ports": [port]},
    });
    let snapshot = Snapshot::of_texts([("service.yaml", service.to_string().as_str())]);
    let world = World::new(&snapshot, Settings::default());
    let ours = world.services.iter().next().map(|service| service.ports[0].protocol);
    let theirs = match text(&row["expectedProto"]) {
        "<protocol.Unsupported>" => Protocol::Auto,
        "<protocol.UDP>" => Protocol::Udp,
        "<protocol.TCP>" => Protocol::Tcp,
        "<protocol.HTTP>" => Protocol::Http,
        "<protocol.HTTP2>" => Protocol::Http2,
        "<protocol.HTTPS>" => Protocol::Https,
        "<protocol.GRPCWeb>" => Protocol::GrpcWeb,
        other => return Err(format!("unknown protocol {other}")),
    };
    same(ours, Some(theirs))
}

/// Builds a match of a header with the name of the row. The compiled condition has the path of the claim.
fn routing_claim(row: &Value) -> Result<(), String> {
    let name = text(&row["name"]);
    let route = json!({"match": [{"headers": {name: {"exact": "value"}}}], "route": [delegates::destination()]});
    delegates::with_clauses(&[delegates::virtual_service("claims", &["claims.example"], &[route])], |tables| {
        let subjects: Vec<&MatchSubject> =
            tables.clauses("claims.example").iter().flat_map(|it| &it.conditions).map(|it| &it.subject).collect();
        let theirs = match &row["want"]["match"] {
            Value::Bool(true) => {
                MatchSubject::Claim(list(&row["want"]["claims"]).into_iter().map(str::to_owned).collect())
            }
            _ => MatchSubject::Header(name.to_owned()),
        };
        same(subjects, vec![&theirs])
    })
}
