//! istiod's simulation tests: connections and requests from sidecars and through gateways, and its route tables.

use std::collections::{BTreeMap, BTreeSet};

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::routing::{ChainAction, ClauseAction, Connection, Fallback, Payload, Proxy, Role, Table, gateway, outbound};
use mesh::simulate::{Answer, GatewayRef, Outcome, Request, RequestProtocol, Simulator, Tls, WorkloadRef};
use mesh::world::{Settings, World};
use serde_json::Value;

use super::different;
use crate::shared;

/// The least number of calls and tables that must agree, so that skipped ones are noticed.
const LEAST_AGREEING: usize = 297;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn cases(kind: &str) -> Option<Vec<Value>> {
    let path = shared::data("conformance/simulation/cases.json")?;
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Some(cases["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == kind).cloned().collect())
}

#[test]
fn destinations_agree_with_istiod() {
    let Some(cases) = cases("simulation") else { return };
    let mut results = Vec::new();
    for case in &cases {
        let outward =
            case["calls"].as_array().unwrap().iter().filter(|it| it["call_effective"]["call_mode"] != "inbound");
        for call in outward {
            results.push((format!("{} / {}", text(&case["name"]), text(&call["name"])), compare(case, call)));
        }
    }
    different::check("simulation: outbound and gateway calls", results, LEAST_AGREEING);
}

#[test]
fn route_tables_agree_with_istiod() {
    let Some(cases) = cases("route_table") else { return };
    let results = cases.iter().map(|case| (text(&case["name"]).to_owned(), compare_table(case))).collect();
    different::check("route tables", results, 48);
}

fn snapshot(case: &Value) -> Snapshot {
    let mode = &case["mesh_config"]["outboundTrafficPolicy"];
    let mesh_config = if mode.is_null() { String::new() } else { format!("outboundTrafficPolicy: {mode}\n") };
    let manifests = [("config.yaml", text(&case["config_yaml"])), ("kube.yaml", text(&case["kube_yaml"]))];
    let extra: Vec<String> =
        case["extra_config_objects"].as_array().into_iter().flatten().map(Value::to_string).collect();
    let extra = extra.iter().map(|object| ("extra.yaml", object.as_str()));
    Snapshot::of_texts(manifests.into_iter().chain(extra).chain([("mesh.yaml", mesh_config.as_str())]))
}

fn labels(case: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(case["proxy"]["labels"].clone()).unwrap_or_default()
}

fn compare(case: &Value, call: &Value) -> Result<(), String> {
    let snapshot = snapshot(case);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let question = question(case, &call["call_effective"]);
    let answer = Simulator::new(&world).simulate(&question).map_err(|unanswered| unanswered.error)?;
    let expected = &call["expect"];
    let found = virtual_host(&world, case, &question);
    compare_outcome(&answer, &found, expected)?;
    match expected["virtual_host_matched"].as_str() {
        Some(expected) if plain(&found) != plain(expected) => {
            Err(format!("virtual host {found:?}, expected {expected:?}"))
        }
        _ => Ok(()),
    }
}

fn question(case: &Value, call: &Value) -> Request {
    let filled = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let namespace = filled(&case["proxy"]["metadata_namespace"]);
    let address = case["proxy"]["ip_addresses"][0].as_str().and_then(|address| address.parse().ok());
    let workload = WorkloadRef { namespace, labels: labels(case), address, ..WorkloadRef::default() };
    let is_router = case["proxy"]["type"] == "router";
    Request {
        host: filled(&call["host_header"]),
        address: filled(&call["address"]),
        port: call["port"].as_u64().map(|port| port as u32),
        path: filled(&call["path"]),
        sni: filled(&call["sni"]),
        alpn: filled(&call["alpn"]),
        protocol: Some(match text(&call["protocol"]) {
            "http" => RequestProtocol::Http,
            "http2" => RequestProtocol::Http2,
            _ => RequestProtocol::Tcp,
        }),
        // Some calls of the tests have a server name but do not declare that they use TLS.
        tls: Some(match (text(&call["tls"]), text(&call["sni"])) {
            ("plaintext", "") => Tls::Plaintext,
            _ => Tls::Tls,
        }),
        gateway: is_router.then(|| GatewayRef::Workload(workload.clone())),
        from: (!is_router).then_some(workload),
        ..Request::default()
    }
}

fn compare_outcome(answer: &Answer, virtual_host: &str, expected: &Value) -> Result<(), String> {
    let clusters: Vec<&str> = answer.destinations.iter().map(|it| it.cluster.as_str()).collect();
    let is_expected = match expected["error"].as_str() {
        Some("ErrNoRoute") => answer.outcome == Outcome::NoRoute && !virtual_host.is_empty(),
        Some("ErrNoVirtualHost") => answer.outcome == Outcome::NoRoute && virtual_host.is_empty(),
        Some("ErrTLSRedirect") => answer.outcome == Outcome::Redirect && answer.status == Some(301),
        Some("ErrNoListener" | "ErrProtocolError") => answer.outcome == Outcome::Refused && answer.flag.is_none(),
        Some("ErrNoFilterChain") => answer.outcome == Outcome::Refused && answer.flag == Some("NR"),
        Some(other) => return Err(format!("expected {other}, which this test does not support")),
        None => match expected["cluster_matched"].as_str() {
            Some("BlackHoleCluster") => answer.outcome == Outcome::Blackhole,
            Some(cluster) if !cluster.is_empty() => {
                matches!(clusters.as_slice(), [only] if plain(only) == plain(cluster))
            }
            _ => !matches!(answer.outcome, Outcome::NoRoute | Outcome::Refused),
        },
    };
    if is_expected { Ok(()) } else { Err(format!("{:?} {clusters:?}, expected {expected}", answer.outcome)) }
}

/// A name without the domain: istiod's tests expand short names without one.
fn plain(name: &str) -> String {
    name.replace(".svc.cluster.local", "")
}

/// The name of the virtual host that a request matches; empty if it matches none.
fn virtual_host(world: &World<'_>, case: &Value, question: &Request) -> String {
    let host = question.host.as_deref().or(question.address.as_deref()).unwrap_or_default();
    let payload = match (question.tls, question.protocol) {
        (Some(Tls::Tls), _) => Payload::Tls(question.sni.as_deref().unwrap_or(host)),
        (_, Some(RequestProtocol::Tcp)) => Payload::Bytes,
        _ => Payload::Http,
    };
    let address = question.address.as_deref().unwrap_or("0.255.255.255").parse().unwrap();
    let request = mesh::routing::HttpRequest { authority: host.into(), ..mesh::routing::HttpRequest::default() };
    let own = case["proxy"]["ip_addresses"][0].as_str().and_then(|address| address.parse().ok());
    let (namespace, labels, port) = (text(&case["proxy"]["metadata_namespace"]), labels(case), question.port.unwrap());
    let in_table = |table: &Table<'_>| match (table.virtual_host(&request), table.fallback) {
        (Some(found), _) => found.name.clone(),
        (None, Fallback::Passthrough) => "allow_any".to_owned(),
        (None, Fallback::BlackHole) => "block_all".to_owned(),
        (None, Fallback::DynamicDns) => "allow_any_dynamic_dns".to_owned(),
        (None, Fallback::NotFound) => String::new(),
    };
    let in_listener = |listener: Option<&mesh::routing::ProxyListener<'_>>| {
        let chain = listener.and_then(|listener| listener.chain(&Connection { address, payload }));
        match chain.map(|chain| &chain.action) {
            Some(ChainAction::Http { table, .. }) => in_table(table),
            _ => String::new(),
        }
    };
    if question.gateway.is_some() {
        let proxy = Proxy::gateway(world, namespace, &labels).at(own);
        return in_listener(gateway::GatewayPort::new(&proxy, port).listener(address));
    }
    let proxy = Proxy::sidecar(world, namespace, &labels).at(own);
    let Role::Sidecar(scope) = &proxy.role else { return String::new() };
    in_listener(outbound::OutboundPort::new(&proxy, scope, port).listener(address))
}

fn compare_table(case: &Value) -> Result<(), String> {
    let snapshot = snapshot(case);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let proxy = Proxy::sidecar(&world, text(&case["proxy"]["config_namespace"]), &labels(case));
    let Role::Sidecar(scope) = &proxy.role else { return Err("the proxy has no scope".to_owned()) };
    let port = text(&case["route_name"]).parse().unwrap();
    let listeners = outbound::OutboundPort::new(&proxy, scope, port);
    let hosts = super::shared_table(&listeners).map(Table::virtual_hosts).unwrap_or_default();
    for (domain, expected) in case["expected_virtual_hosts"].as_object().into_iter().flatten() {
        let found = hosts.iter().find(|host| host.domains.contains(domain));
        let clusters: Option<BTreeSet<String>> = found.map(|host| {
            let live = host.clauses.iter().filter(|clause| clause.is_live());
            let forwarding = live.filter(|clause| match &clause.action {
                ClauseAction::Route(route) => route.redirect.is_none() && route.direct_response.is_none(),
                ClauseAction::Service(_) => true,
            });
            forwarding.flat_map(|clause| clause.clusters(&proxy)).map(|it| it.cluster.name()).collect()
        });
        let expected: Option<BTreeSet<String>> = serde_json::from_value(expected.clone()).unwrap();
        if clusters != expected {
            return Err(format!("{domain}: {clusters:?}, expected {expected:?}"));
        }
    }
    Ok(())
}
