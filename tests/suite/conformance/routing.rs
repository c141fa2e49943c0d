//! istiod's simulation tests: HTTP requests from sidecars and through gateways.

use std::collections::BTreeMap;

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::routing::{Fallback, Listener, Vantage, gateway, normalize_path, sidecar};
use mesh::simulate::{Answer, GatewayRef, Outcome, Request, Simulator, Tls, Workload};
use mesh::world::{Settings, World};
use serde_json::Value;

use crate::shared;

/// Calls whose answer is another one than istiod's, with the reason. They are not counted as agreeing.
const DIFFERENT: &[(&str, &str)] = &[(
    "TestGatewayConflicts/duplicate tls gateway / call",
    "istiod sends two filter chains that Envoy refuses together; mesh reports it as conflicting-gateways",
)];

/// The fewest calls that have to agree, so that a change which skips them is noticed.
const LEAST_AGREEING: usize = 55;

/// What is not simulated yet, by what a case or a call has.
fn reason_to_skip(case: &Value, call: &Value) -> Option<&'static str> {
    let manifests = format!("{}{}", text(&case["config_yaml"]), text(&case["kube_yaml"]));
    let has_kind = |kind: &str| manifests.lines().any(|line| line.trim() == format!("kind: {kind}"));
    let router = case["proxy"]["type"] == "router";
    if call["call_mode"] == "inbound" {
        Some("inbound")
    } else if call["protocol"] == "tcp" || call["protocol"].is_null() {
        Some("TCP")
    } else if call["tls"] != "plaintext" && !router {
        Some("TLS from a sidecar")
    } else if has_kind("Sidecar") {
        Some("Sidecar scope")
    } else if has_kind("Ingress") {
        Some("Ingress")
    } else if manifests.contains("internal.istio.io/gateway-service") {
        Some("Gateway API")
    } else if router && manifests.contains("name: service-instance") {
        Some("the gateway's Service by the address of its pod")
    } else if case["mesh_config"]["outboundTrafficPolicy"]["mode"] == "ALLOW_ANY_DYNAMIC_DNS" {
        Some("dynamic DNS")
    } else {
        None
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn http_requests_go_where_istiod_sends_them() {
    let Some(path) = shared::data("conformance/simulation/cases.json") else { return };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut agree, mut differ) = (0, Vec::new());
    for case in cases["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "simulation") {
        for call in case["calls"].as_array().unwrap() {
            let name = format!("{} / {}", text(&case["name"]), text(&call["name"]));
            match reason_to_skip(case, &call["call_effective"]) {
                Some(reason) => *skipped.entry(reason).or_default() += 1,
                None => match compare(case, call) {
                    Ok(()) => agree += 1,
                    Err(refused) if refused.starts_with("not simulated yet") => {
                        *skipped.entry("TLS that a gateway passes through").or_default() += 1;
                    }
                    Err(difference) => differ.push((name, difference)),
                },
            }
        }
    }
    let all = agree + differ.len();
    println!("simulation: {agree} of {all} calls agree; skipped, not simulated yet: {skipped:?}");
    let unexpected: Vec<String> = differ
        .iter()
        .filter(|(name, _)| !DIFFERENT.iter().any(|(known, _)| known == name))
        .map(|(name, difference)| format!("{name}: {difference}"))
        .collect();
    assert!(unexpected.is_empty(), "{} calls differ:\n{}", unexpected.len(), unexpected.join("\n"));
    assert_eq!(differ.len(), DIFFERENT.len(), "a known difference is gone: take it off the list");
    assert!(agree >= LEAST_AGREEING, "only {agree} calls agree");
}

fn compare(case: &Value, call: &Value) -> Result<(), String> {
    let manifests = [("config.yaml", text(&case["config_yaml"])), ("kube.yaml", text(&case["kube_yaml"]))];
    let mode = &case["mesh_config"]["outboundTrafficPolicy"];
    let mesh_config = if mode.is_null() { String::new() } else { format!("outboundTrafficPolicy: {mode}\n") };
    let snapshot = Snapshot::of_texts(manifests.into_iter().chain([("mesh.yaml", mesh_config.as_str())]));
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let (question, vantage) = question(case, &call["call_effective"]);
    let answer = Simulator::new(&world).simulate(&question);
    let expected = &call["expect"];
    let answer = match answer {
        Ok(answer) => answer,
        Err(unanswered) => return Err(unanswered.error),
    };
    let found = virtual_host(&world, &vantage, &question);
    compare_outcome(&answer, &found, expected)?;
    match expected["virtual_host_matched"].as_str() {
        Some(expected) if plain(&found) != plain(expected) => {
            Err(format!("virtual host {found:?}, expected {expected:?}"))
        }
        _ => Ok(()),
    }
}

fn question(case: &Value, call: &Value) -> (Request, Vantage) {
    let proxy = &case["proxy"];
    let namespace = text(&proxy["config_namespace"]).to_owned();
    let labels: BTreeMap<String, String> = serde_json::from_value(proxy["labels"].clone()).unwrap_or_default();
    let port = call["port"].as_u64().unwrap_or(80) as u32;
    let host = call["host_header"].as_str().filter(|host| !host.is_empty()).unwrap_or(text(&call["address"]));
    let is_router = proxy["type"] == "router";
    let has_tls = call["tls"] != "plaintext";
    let workload = Workload { namespace: Some(namespace.clone()), labels: labels.clone(), ..Workload::default() };
    let question = Request {
        host: Some(host.to_owned()),
        port: Some(port),
        path: call["path"].as_str().map(str::to_owned),
        sni: call["sni"].as_str().map(str::to_owned),
        tls: Some(if has_tls { Tls::Tls } else { Tls::Plaintext }),
        gateway: is_router.then(|| GatewayRef::Workload(workload.clone())),
        from: (!is_router).then_some(workload),
        trace: true,
        ..Request::default()
    };
    let vantage = if is_router {
        Vantage::Gateway { namespace, labels, port, sni: has_tls.then(|| text(&call["sni"]).to_owned()) }
    } else {
        Vantage::Sidecar { namespace, labels, port }
    };
    (question, vantage)
}

fn compare_outcome(answer: &Answer, virtual_host: &str, expected: &Value) -> Result<(), String> {
    let clusters: Vec<&str> = answer.destinations.iter().map(|it| it.cluster.as_str()).collect();
    let is_wanted = match expected["error"].as_str() {
        Some("ErrNoRoute") => answer.outcome == Outcome::NoRoute && !virtual_host.is_empty(),
        Some("ErrNoVirtualHost") => answer.outcome == Outcome::NoRoute && virtual_host.is_empty(),
        Some("ErrTLSRedirect") => answer.outcome == Outcome::Redirect && answer.status == Some(301),
        Some("ErrNoListener") => answer.outcome == Outcome::Refused && answer.flag.is_none(),
        Some("ErrNoFilterChain") => answer.outcome == Outcome::Refused && answer.flag == Some("NR"),
        Some(other) => return Err(format!("{other} is expected, which is not compared")),
        None => match expected["cluster_matched"].as_str() {
            Some("BlackHoleCluster") => answer.outcome == Outcome::Blackhole,
            Some(cluster) if !cluster.is_empty() => {
                matches!(clusters.as_slice(), [only] if plain(only) == plain(cluster))
            }
            _ => !matches!(answer.outcome, Outcome::NoRoute | Outcome::Refused),
        },
    };
    if is_wanted { Ok(()) } else { Err(format!("{:?} {clusters:?}, expected {expected}", answer.outcome)) }
}

/// In the tests' configuration short names are completed without a domain.
fn plain(name: &str) -> String {
    name.replace(".svc.cluster.local", "")
}

fn virtual_host(world: &World<'_>, vantage: &Vantage, question: &Request) -> String {
    let request = mesh::routing::Request {
        authority: question.host.as_deref().unwrap_or_default().into(),
        path: normalize_path(question.path.as_deref().unwrap_or("/").as_bytes()),
        ..mesh::routing::Request::default()
    };
    let listener = match vantage {
        Vantage::Sidecar { .. } => sidecar::table(world, vantage).map_or(Listener::Closed, Listener::Http),
        Vantage::Gateway { .. } => gateway::listener(world, vantage),
    };
    let Listener::Http(table) = listener else { return String::new() };
    match (table.virtual_host(&request), table.fallback) {
        (Some(found), _) => found.name.clone(),
        (None, Fallback::Passthrough) => "allow_any".to_owned(),
        (None, Fallback::BlackHole) => "block_all".to_owned(),
        (None, Fallback::NotFound) => String::new(),
    }
}
