//! `mesh reach`: which requests arrive at a destination.

use std::path::Path;

use super::mesh::{mesh, mesh_in};

const MESH: &str = "fixtures/check/mesh.yaml";
const POLICIES: &str = "fixtures/reach/policies.yaml";

#[test]
fn text_shows_each_way_once() {
    insta::assert_snapshot!(mesh(&["reach", "web", "-f", MESH, "--curl"]).stdout);
}

#[test]
fn tcp_and_policies_count() {
    insta::assert_snapshot!(mesh(&["reach", "payments", "-f", MESH]).stdout);
}

#[test]
fn witnesses_are_requests_of_simulate() {
    for destination in ["web", "web/v2", "shop/admin", "payments:5000", "404", "403", "passthrough"] {
        let run = mesh(&["reach", destination, "-f", MESH, "--format", "json"]);
        assert_eq!((run.status, run.json()["schema"].as_str()), (0, Some("mesh.reach/v1")), "{}", run.stderr);
        let reach = run.json();
        let ways = reach["ways"].as_array().unwrap();
        assert!(!ways.is_empty(), "{destination}");
        for way in ways {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let mut expect = vec!["simulate", "-f", MESH, "--requests", "-"];
            // An answer has other ends beside a workload.
            if !destination.starts_with("shop/") {
                expect.extend(["--expect", destination]);
            }
            let run = mesh_in(root, &expect, &way["witness"].to_string(), &[]);
            assert_eq!(run.status, 0, "{destination}: {} {}", way["witness"], run.stdout);
            let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(result["route"], way["result"]["route"]);
            if destination != "404" {
                assert_eq!(way["route"], way["result"]["route"]);
            }
        }
    }
}

#[test]
fn policies_are_listed_by_rule() {
    for ruling in ["--denied", "--allowed"] {
        let run = mesh(&["reach", ruling, "web", "-f", POLICIES]);
        insta::assert_snapshot!(format!("policies{ruling}"), run.stdout);
        let run = mesh(&["reach", ruling, "shop/web", "-f", POLICIES, "--format", "json"]);
        let reach = run.json();
        assert_eq!((reach["ruling"].as_str(), reach["complete"].as_bool()), (ruling.get(2..), Some(true)));
        for way in reach["ways"].as_array().unwrap() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let run = mesh_in(root, &["simulate", "-f", POLICIES, "--requests", "-"], &way["witness"].to_string(), &[]);
            let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(result["policy"], way["policy"]);
            assert_eq!(result["outcome"] == "denied", ruling == "--denied");
        }
    }
}

#[test]
fn workloads_of_policies_have_names() {
    for (workload, message) in [
        ("wep", "workload `wep` does not exist; did you mean `web`?"),
        ("blog/web", "workload `blog/web` does not exist; did you mean `shop/web`?"),
    ] {
        let run = mesh(&["reach", "--denied", workload, "-f", POLICIES]);
        assert_eq!((run.status, run.stderr), (2, format!("error: {message}\n")));
    }
    let run = mesh(&["reach", "--allowed", "worker", "-f", POLICIES]);
    assert_eq!(run.stdout.lines().last(), Some("1 rule allows requests at shop/worker, and no other: proven"));
}

#[test]
fn no_way_is_an_answer_with_its_extent() {
    let run = mesh(&["reach", "web/v2", "-f", MESH, "--gateway", "shop/public", "--mesh", "*"]);
    assert_eq!((run.status, run.stdout.lines().count() > 1), (0, true), "{}", run.stderr);
    let run = mesh(&["reach", "payments", "-f", MESH, "--gateway", "public"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, "no request reaches payments: proven for 1 proxy and 1 route table\n");
}

#[test]
fn a_client_narrows_the_ways() {
    let ways = |from: &str| {
        let run = mesh(&["reach", "payments:5000", "-f", MESH, "--format", "json", "--from", from]);
        run.json()["ways"].as_array().unwrap_or_else(|| panic!("{}", run.stderr)).len()
    };
    assert_eq!((ways("shop"), ways("blog"), ways("shop/web-v1"), ways("app=admin")), (3, 0, 3, 3));
}

#[test]
fn unknown_names_are_errors_with_the_nearest_one() {
    for (arguments, message) in [
        (&["pyments"][..], "destination `pyments` does not exist; did you mean `payments`?"),
        (&["web/v3"], "`web` has no subset `v3`; did you mean `web/v1`?"),
        (&["shop/web-v3"], "destination `shop/web-v3` does not exist; did you mean `shop/web-v1`?"),
        (&["web:81"], "`web` has no port 81; it has 80"),
        (&["web", "--gateway", "publik"], "Gateway `publik` does not exist; did you mean `shop/public`?"),
        (&["4040"], "`4040` is not a status: write 100 to 599"),
    ] {
        let run = mesh(&[&["reach", "-f", MESH], arguments].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert_eq!(run.stderr, format!("error: {message}\n"));
    }
}

#[test]
fn requests_are_followed_through_gateways() {
    let manifests = "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cnn, namespace: default}
spec: {hosts: [edition.cnn.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: v1
kind: Service
metadata: {name: istio-egressgateway, namespace: istio-system}
spec: {selector: {istio: egressgateway}, ports: [{name: http2, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: egress, namespace: istio-system, labels: {istio: egressgateway}}
spec: {containers: [{name: istio-proxy, args: [proxy, router]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: default}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: [edition.cnn.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cnn, namespace: default}
spec:
  hosts: [edition.cnn.com]
  gateways: [egress, mesh]
  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
  - match: [{gateways: [egress], uri: {prefix: /news}}]
    route: [{destination: {host: edition.cnn.com, port: {number: 80}}}]
";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arguments = ["reach", "edition.cnn.com", "-f", "-", "--format", "json"];
    let run = mesh_in(root, &arguments, manifests, &[]);
    let reach = run.json();
    let ways: Vec<(&str, Option<&str>)> = reach["ways"]
        .as_array()
        .unwrap()
        .iter()
        .map(|way| (way["context"].as_str().unwrap(), way["witness"]["path"].as_str()))
        .collect();
    assert!(ways.contains(&("mesh", Some("/news"))), "{}", run.stdout);
    assert!(ways.contains(&("gateway default/egress", Some("/news"))), "{ways:?}");
}
