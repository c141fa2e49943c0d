//! istiod's simulation tests: connections that arrive at the sidecar of a server.

use std::collections::BTreeMap;

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::model::LabelSet;
use mesh::routing;
use mesh::routing::inbound::{Receiver, ports};
use mesh::simulate::{
    Direction, Incoming, Leg, Outcome, Request, RequestProtocol, Simulator, Tls, WorkloadRef, arrive,
};
use mesh::world::{Settings, World};
use serde_json::{Value, json};

use crate::shared;

/// Names of calls and cases that differ from istiod, with the reason. They do not count as agreeing.
const DIFFERENT: &[(&str, &str)] = &[];

/// The number of calls. The test compares all of them, so that skipped calls are noticed.
const CALLS: usize = 159;
/// The number of cases that list all clusters.
const CLUSTER_CASES: usize = 16;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The label by which Services select the instance. It replaces EndpointSlices, which manifests do not have.
const INSTANCE: (&str, &str) = ("conformance", "instance");

/// The Services of a case, each with the ports of its EndpointSlice for the instance.
fn services(case: &Value) -> String {
    let address = &case["proxy"]["ip_addresses"][0];
    let objects = case["kube_objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let slices: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "EndpointSlice").collect();
    let has_address = |slice: &&&Value| {
        let endpoints = slice["endpoints"].as_array().unwrap();
        endpoints.iter().any(|endpoint| endpoint["addresses"].as_array().unwrap().contains(address))
    };
    let mut manifests = String::new();
    for object in objects.iter().filter(|object| object["kind"] == "Service") {
        let mut service = object.clone();
        let of_service =
            |slice: &&&Value| slice["metadata"]["labels"]["kubernetes.io/service-name"] == object["metadata"]["name"];
        if let Some(slice) = slices.iter().filter(of_service).find(has_address) {
            let ports = slice["ports"].as_array().unwrap();
            let is_there = |port: &Value| ports.iter().any(|other| other["name"] == port["name"]);
            service["spec"]["selector"] = json!({ INSTANCE.0: INSTANCE.1 });
            service["spec"]["ports"].as_array_mut().unwrap().retain(is_there);
        }
        manifests.push_str(&format!("{service}\n---\n"));
    }
    manifests
}

fn with_case(case: &Value, check: impl FnOnce(&World<'_>, &Receiver<'_, '_>)) {
    let extra = case["extra_config_objects"].as_array().map(Vec::as_slice).unwrap_or_default();
    let extra: String = extra.iter().map(|object| format!("{object}\n---\n")).collect();
    let mesh_config = if case["mesh_config"] == json!({}) { String::new() } else { case["mesh_config"].to_string() };
    let manifests = [
        ("config.yaml", text(&case["config_yaml"])),
        ("extra.yaml", &extra),
        ("kube.yaml", &services(case)),
        ("mesh.yaml", &mesh_config),
    ];
    let snapshot = Snapshot::of_texts(manifests);
    let mut settings = Settings::new(&Config::default(), &snapshot);
    settings.sidecar_ingress_tls = case["features"]["features.EnableTLSOnSidecarIngress"] == true;
    let world = World::new(&snapshot, settings);
    let labels = labels(case);
    let labels: LabelSet<'_> = labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let proxy = &case["proxy"];
    let address = proxy["ip_addresses"][0].as_str().map(|address| address.parse().unwrap());
    check(&world, &Receiver::described(&world, text(&proxy["config_namespace"]), labels, address));
}

fn labels(case: &Value) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        serde_json::from_value(case["proxy"]["labels"].clone()).unwrap_or_default();
    labels.insert(INSTANCE.0.to_owned(), INSTANCE.1.to_owned());
    labels
}

fn tls(call: &Value) -> Tls {
    match text(&call["tls"]) {
        "mtls" => Tls::Mtls,
        "tls" => Tls::Tls,
        _ => Tls::Plaintext,
    }
}

fn protocol(call: &Value) -> RequestProtocol {
    match text(&call["protocol"]) {
        "tcp" => RequestProtocol::Tcp,
        "http2" => RequestProtocol::Http2,
        "http" => RequestProtocol::Http,
        other => panic!("protocol {other:?}"),
    }
}

fn leg<'a>(world: &'a World<'a>, receiver: &Receiver<'a, 'a>, call: &Value) -> Leg {
    let request = routing::HttpRequest::default();
    let incoming = Incoming {
        port: call["port"].as_u64().unwrap() as u32,
        tls: tls(call),
        protocol: protocol(call),
        alpn: call["alpn"].as_str(),
        sni: "",
        peer: None,
        source_ip: None,
        is_from_gateway: false,
        request: &request,
        trace: false,
    };
    arrive(world, receiver, &incoming)
}

/// The call as a request for `mesh simulate`.
fn question(case: &Value, call: &Value) -> Request {
    Request {
        direction: Some(Direction::Inbound),
        to: Some(WorkloadRef {
            namespace: case["proxy"]["config_namespace"].as_str().map(str::to_owned),
            labels: labels(case),
            ..WorkloadRef::default()
        }),
        address: case["proxy"]["ip_addresses"][0].as_str().map(str::to_owned),
        port: Some(call["port"].as_u64().unwrap() as u32),
        tls: Some(tls(call)),
        protocol: Some(protocol(call)),
        alpn: call["alpn"].as_str().map(str::to_owned),
        path: call["path"].as_str().map(str::to_owned),
        ..Request::default()
    }
}

fn compare(leg: &Leg, expected: &Value) -> Result<(), String> {
    let differs = || Err(format!("{leg:?}, expected {expected}"));
    let is_refused = |flag: Option<&str>| leg.outcome == Outcome::Refused && leg.flag == flag;
    if let Some(error) = expected["error"].as_str() {
        let is_wanted = match error {
            "ErrNoFilterChain" => is_refused(Some("NR")),
            "ErrMTLSError" => is_refused(None),
            "ErrProtocolError" => is_refused(Some("DPE")),
            _ => false,
        };
        return if is_wanted { Ok(()) } else { differs() };
    }
    if !matches!(leg.outcome, Outcome::Forward | Outcome::Passthrough) {
        return differs();
    }
    let is_strict = expected["strict_match"] == true;
    for (field, seen) in [
        ("cluster_matched", &leg.cluster),
        ("filter_chain_matched", &leg.filter_chain),
        ("virtual_host_matched", &leg.virtual_host),
    ] {
        if (is_strict || !expected[field].is_null()) && text(&expected[field]) != seen.as_deref().unwrap_or_default() {
            return differs();
        }
    }
    Ok(())
}

/// The clusters of the sidecar, with their endpoints.
fn clusters(world: &World<'_>, receiver: &Receiver<'_, '_>) -> Value {
    let known = ports(world, receiver);
    let clusters = known.values().map(|port| (port.cluster(), json!(port.endpoint.as_ref().map(|it| [it]))));
    Value::Object(clusters.collect())
}

#[test]
fn inbound_connections_agree_with_istiod() {
    let Some(path) = shared::data("conformance/simulation/cases.json") else { return };
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut calls, mut cluster_cases, mut differ) = (0, 0, Vec::new());
    for case in cases["cases"].as_array().unwrap() {
        let name = text(&case["name"]);
        let all = case["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let inbound: Vec<&Value> = all.iter().filter(|call| call["call_effective"]["call_mode"] == "inbound").collect();
        let lists_clusters = case["kind"] == "inbound_clusters";
        if inbound.is_empty() && !lists_clusters {
            continue;
        }
        with_case(case, |world, receiver| {
            if lists_clusters {
                cluster_cases += 1;
                let (ours, theirs) = (clusters(world, receiver), &case["expected_cluster_endpoints"]);
                if ours != *theirs {
                    differ.push((name.to_owned(), format!("{ours}, expected {theirs}")));
                }
            }
            for call in inbound {
                calls += 1;
                let effective = &call["call_effective"];
                let leg = leg(world, receiver, effective);
                let answer = Simulator::new(world).simulate(&question(case, effective)).unwrap();
                assert_eq!(
                    (answer.outcome, answer.flag),
                    (leg.outcome, leg.flag),
                    "{name}: `simulate` and `arrive` disagree"
                );
                if let Err(difference) = compare(&leg, &call["expect"]) {
                    differ.push((format!("{name} / {}", text(&call["name"])), difference));
                }
            }
        });
    }
    let agree = calls + cluster_cases - differ.len();
    let all = calls + cluster_cases;
    println!("inbound: {agree} of {all} agree ({calls} calls, {cluster_cases} lists of clusters)");
    let unexpected: Vec<String> = differ
        .iter()
        .filter(|(name, _)| !DIFFERENT.iter().any(|(known, _)| known == name))
        .map(|(name, difference)| format!("{name}: {difference}"))
        .collect();
    assert!(unexpected.is_empty(), "{} results differ:\n{}", unexpected.len(), unexpected.join("\n"));
    assert_eq!(differ.len(), DIFFERENT.len(), "a listed difference no longer occurs, remove it from the list");
    assert_eq!((calls, cluster_cases), (CALLS, CLUSTER_CASES));
}
