//! `mesh simulate --expect`.

use std::fs;

use serde_json::{Value, json};

use super::mesh::{Run, mesh_in};

const MANIFESTS: &str = "\
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: default}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: v1
kind: Service
metadata: {name: closed, namespace: default}
spec: {selector: {app: closed}, ports: [{name: http, port: 9080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: default}
spec:
  template:
    metadata: {labels: {app: reviews, version: v1}}
    spec: {containers: [{name: reviews, ports: [{containerPort: 9080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: closed, namespace: default}
spec:
  template:
    metadata: {labels: {app: closed}}
    spec: {containers: [{name: closed, ports: [{containerPort: 9080}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed, namespace: default}
spec: {selector: {matchLabels: {app: closed}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: default}
spec:
  host: reviews
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /split}}]
    route:
    - {destination: {host: reviews, subset: v1}, weight: 90}
    - {destination: {host: closed}, weight: 10}
    - {destination: {host: nowhere}, weight: 0}
  - match: [{uri: {prefix: /gone}}]
    directResponse: {status: 410}
  - match: [{uri: {prefix: /moved}}]
    redirect: {uri: /new}
  - match: [{uri: {prefix: /v2}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - match: [{uri: {prefix: /v3}}]
    route: [{destination: {host: reviews, subset: v3}}]
  - match: [{uri: {prefix: /fault}}]
    fault: {abort: {httpStatus: 418, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /some-faults}}]
    fault: {abort: {httpStatus: 418, percentage: {value: 10}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /v1}}]
    route: [{destination: {host: reviews, subset: v1}}]
";

fn run(arguments: &[&str], stdin: &str) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("mesh.yaml"), MANIFESTS).unwrap();
    mesh_in(directory.path(), &[&["simulate", "mesh.yaml"], arguments].concat(), stdin, &[])
}

fn status(url: &str, expected: &[&str]) -> i32 {
    let options = expected.iter().flat_map(|end| ["--expect", end]);
    let arguments: Vec<&str> = std::iter::once(url).chain(options).collect();
    let run = run(&arguments, "");
    assert!(run.stderr.is_empty(), "{arguments:?}: {run:?}");
    run.status
}

#[test]
fn all_requests_must_end_where_it_is_expected() {
    let v1 = "http://reviews:9080/v1";
    for host in ["reviews", "reviews.default", "reviews.default.svc", "reviews.default.svc.cluster.local", "Reviews"] {
        for end in ["", ":9080", "/v1", ":9080/v1"] {
            assert_eq!(status(v1, &[&format!("{host}{end}")]), 0, "{host}{end}");
        }
    }
    for other in ["review", "reviews:9081", "reviews/v2", "reviews.other", "v1", "503", "404", "passthrough", "denied"]
    {
        assert_eq!(status(v1, &[other]), 1, "{other}");
    }
    // A server answers.
    assert_eq!(status(v1, &["200"]), 0);
}

#[test]
fn a_request_that_is_lost_on_the_way_does_not_arrive() {
    // No workload has the subset, and the subset does not exist.
    for url in ["http://reviews:9080/v2", "http://reviews:9080/v3"] {
        assert_eq!((status(url, &["reviews"]), status(url, &["503"])), (1, 0), "{url}");
    }
    let closed = "http://closed:9080/";
    assert_eq!((status(closed, &["closed"]), status(closed, &["403"]), status(closed, &["denied"])), (1, 0, 0));
    let fault = "http://reviews:9080/fault";
    assert_eq!((status(fault, &["reviews"]), status(fault, &["418"])), (1, 0));
    let some = "http://reviews:9080/some-faults";
    assert_eq!((status(some, &["reviews"]), status(some, &["reviews", "418"])), (1, 0));
}

#[test]
fn proxies_answer_with_a_status() {
    for (path, end, outcome) in
        [("gone", "410", "direct-response"), ("moved", "301", "redirect"), ("other", "404", "no-route")]
    {
        let url = format!("http://reviews:9080/{path}");
        assert_eq!((status(&url, &[end]), status(&url, &[outcome]), status(&url, &["200"])), (0, 0, 1), "{path}");
    }
}

/// Each expected end must occur, and no other one. A weight of 0 does not count.
#[test]
fn a_split_has_several_ends() {
    let split = "http://reviews:9080/split";
    assert_eq!(status(split, &["reviews/v1"]), 1);
    assert_eq!(status(split, &["reviews/v1", "403"]), 0);
    assert_eq!(status(split, &["reviews/v1", "403", "404"]), 1);
}

#[test]
fn a_misspelt_host_does_not_pass() {
    for end in ["reveiws", "reviews", "passthrough"] {
        assert_eq!(status("http://reveiws:9080/", &[end]), 1, "{end}");
    }
    assert_eq!(run(&["http://reveiws:9080/", "--expect"], "").status, 1);
    // A host outside of the cluster may exist.
    assert_eq!(run(&["http://www.example.com/", "--expect"], "").status, 0);
    assert_eq!(status("http://www.example.com/", &["passthrough"]), 0);
}

#[test]
fn without_a_value_any_destination_will_do() {
    for (url, status) in
        [("/v1", 0), ("/split", 0), ("/moved", 0), ("/gone", 0), ("/other", 1), ("/v3", 1), ("/fault", 1)]
    {
        let url = format!("http://reviews:9080{url}");
        assert_eq!(run(&[&url, "--expect"], "").status, status, "{url}");
        assert_eq!(run(&["--expect", &url, "--format", "json"], "").status, status, "{url}");
    }
}

#[test]
fn the_difference_is_shown() {
    let run_json = run(&["http://reviews:9080/split", "--expect", "reviews/v2", "--format", "json"], "");
    let difference =
        json!({"expected": ["reviews/v2"], "actual": ["reviews.default:9080/v1", "closed.default:9080 (403 denied)"]});
    assert_eq!((run_json.status, &run_json.json()["results"][0]["difference"]), (1, &difference));
    let text = run(&["http://reviews:9080/split", "--expect", "reviews/v2"], "").stdout;
    let shown = "expected: reviews/v2\nactual: reviews.default:9080/v1, closed.default:9080 (403 denied)\n";
    assert!(text.ends_with(shown), "{text}");
    let met = run(&["http://reviews:9080/v1", "--expect", "reviews/v1", "--format", "json"], "");
    assert_eq!((met.status, &met.json()["results"][0]["difference"]), (0, &Value::Null));
}

#[test]
fn all_lines_of_a_file_are_compared() {
    let lines = "{\"host\": \"reviews\", \"path\": \"/v1\"}\n{\"host\": \"reviews\", \"path\": \"/other\"}\n";
    let run = run(&["--requests", "-", "--expect", "reviews/v1"], lines);
    let answers: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((run.status, &answers[0]["difference"]), (1, &Value::Null));
    assert_eq!(answers[1]["difference"], json!({"expected": ["reviews/v1"], "actual": ["404 no-route"]}));
}
