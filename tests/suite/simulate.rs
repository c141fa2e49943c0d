//! The command `mesh simulate`.

use std::fs;

use super::mesh::{Run, mesh, mesh_in};

const BOOKINFO: [&str; 3] = ["simulate", "-f", "fixtures/bookinfo"];

fn simulate(arguments: &[&str]) -> Run {
    mesh(&[&BOOKINFO, arguments].concat())
}

fn first(run: &Run) -> serde_json::Value {
    run.json()["results"][0].clone()
}

#[test]
fn without_a_url_all_hosts_get_a_request() {
    let run = simulate(&["--header", "end-user=jason"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn trace_explains_one_request() {
    let run = simulate(&["http://reviews:9080/", "--trace"]);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn json_answer_has_the_documented_fields() {
    let run = simulate(&["http://reviews:9080/api/v1?x=1", "--header", "end-user=jason", "--format", "json"]);
    assert_eq!(run.json()["schema"], "mesh.simulate/v1");
    let expected = serde_json::json!({
        "id": null, "host": "reviews:9080", "outcome": "forward", "status": null, "flag": null,
        "route": {"virtualService": "default/reviews", "section": "http", "index": 0, "match": 0, "name": "testers",
                  "file": "fixtures/bookinfo/reviews.yaml", "line": 9, "matchLine": 11},
        "destinations": [{"cluster": "outbound|9080|v2|reviews.default.svc.cluster.local",
                          "host": "reviews.default.svc.cluster.local", "subset": "v2", "port": 9080,
                          "weight": 100, "workloads": ["default/reviews-v2"], "problem": null,
                          "loadBalancer": "LEAST_REQUEST"}],
        "request": {"authority": "reviews:9080", "path": "/api/v1?x=1", "headers": {}}, "location": null,
        "mirrors": [], "fault": null, "timeout": null, "trace": [],
        "arrivals": [{"workload": "default/reviews-v2", "via": "outbound|9080|v2|reviews.default.svc.cluster.local",
                      "cluster": "inbound|9080||", "outcome": "forward", "status": null, "flag": null, "tls": "mtls",
                      "policy": null}],
        "retries": {"attempts": 2, "perTryTimeout": null, "retryOn":
                    "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"}
    });
    let mut answer = first(&run);
    let way = answer.as_object_mut().unwrap().remove("way").unwrap();
    assert!(way[2].as_str().unwrap().contains("(fixtures/bookinfo/reviews.yaml:11) takes the request"), "{way}");
    assert_eq!(answer, expected);
}

#[test]
fn json_of_all_rules_has_the_request_of_each() {
    let run = simulate(&["--header", "end-user=jason", "--format", "json"]);
    let results = run.json()["results"].as_array().unwrap().clone();
    let rule = |host: &str| results.iter().find(|it| it["rule"]["host"].as_str().unwrap().starts_with(host)).unwrap();
    let asked = serde_json::json!({
        "gateway": "default/bookinfo", "host": "bookinfo.example.com", "port": 80, "path": "/productpage",
        "headers": {"end-user": ["jason"]}
    });
    let bookinfo = rule("bookinfo");
    assert_eq!((&bookinfo["rule"]["when"], &bookinfo["rule"]["asked"]), (&"path is /productpage".into(), &asked));
    assert_eq!((&bookinfo["gateway"], &bookinfo["outcome"]), (&"default/bookinfo".into(), &"forward".into()));
    assert_eq!(rule("reviews")["rule"]["when"], "every request");
    assert_eq!(rule("reviews")["destinations"][0]["subset"], "v2");
}

#[test]
fn requests_are_answered_line_by_line() {
    let requests = "{\"id\": 1, \"host\": \"reviews\", \"headers\": {\"end-user\": \"jason\"}}\n\
                    {\"id\": \"two\", \"hots\": \"reviews\"}\n\
                    nonsense\n\
                    {\"id\": [4], \"host\": \"reviews\", \"port\": 5432, \"protocol\": \"tcp\"}\n\
                    {\"id\": 5, \"gateway\": \"default/bookinfo\", \"host\": \"bookinfo.example.com\", \"path\": \"/nowhere\"}\n";
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = mesh_in(directory, &[&BOOKINFO[..], &["--requests", "-"]].concat(), requests, &[]);
    assert_eq!(run.status, 2);
    let answers: Vec<serde_json::Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 5);
    assert_eq!((&answers[0]["id"], &answers[0]["destinations"][0]["subset"]), (&1.into(), &"v2".into()));
    assert_eq!(answers[1]["id"], "two");
    assert!(answers[1]["error"].as_str().unwrap().contains("hots"));
    assert_eq!(answers[2]["id"], serde_json::Value::Null);
    assert_eq!((&answers[3]["outcome"], &answers[3]["id"]), (&"passthrough".into(), &serde_json::json!([4])));
    assert_eq!(
        (&answers[4]["outcome"], &answers[4]["status"], &answers[4]["flag"]),
        (&"no-route".into(), &404.into(), &"NR".into())
    );
}

#[test]
fn expect_fails_without_a_route() {
    let status = |arguments: &[&str]| simulate(&[&["--gateway", "default/bookinfo"], arguments].concat()).status;
    assert_eq!(status(&["bookinfo.example.com/nowhere"]), 0);
    assert_eq!(status(&["bookinfo.example.com/nowhere", "--expect"]), 1);
    assert_eq!(status(&["bookinfo.example.com/productpage", "--expect"]), 0);
}

/// A directory with only a VirtualService still gets a useful answer.
#[test]
fn services_are_assumed_if_the_manifests_have_none() {
    let directory = tempfile::tempdir().unwrap();
    let manifests = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews}\nspec:\n  hosts: [reviews]\n  http:\n  - match: [{headers: {end-user: {exact: jason}}}]\n    route: [{destination: {host: reviews, subset: v2}}]\n  - route: [{destination: {host: reviews, subset: v3}}]\n";
    fs::write(directory.path().join("a.yaml"), manifests).unwrap();
    let simulate = |header: &str| {
        let run = mesh_in(directory.path(), &["simulate", "--header", header, "--format", "json"], "", &[]);
        let destination = first(&run)["destinations"][0].clone();
        (destination["subset"].clone(), destination["problem"].clone())
    };
    // Nor is it known which subsets there are.
    assert_eq!(simulate("end-user=jason"), ("v2".into(), serde_json::Value::Null));
    assert_eq!(simulate("end-user=other"), ("v3".into(), serde_json::Value::Null));
}

#[test]
fn a_table_without_rows_says_why_and_errors_have_a_place() {
    let directory = tempfile::tempdir().unwrap();
    let service =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80}]}\n---\n";
    let virtual_service = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\nspec: {hosts: \
                           [web.io], gateways: [lost], http: [{route: [{destination: {host: web}}]}]}\n";
    let table = |manifests: &str, options: &[&str]| {
        fs::write(directory.path().join("a.yaml"), manifests).unwrap();
        mesh_in(directory.path(), &[&["simulate", "a.yaml"], options].concat(), "", &[])
    };
    let run = table(service, &[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("have no VirtualService, Ingress or route of the Gateway API"), "{}", run.stderr);
    let both = format!("{service}{virtual_service}");
    let run = table(&both, &["--port", "9"]);
    assert!(run.stderr.contains("no rule of the manifests fits the options"), "{}", run.stderr);
    let run = table(&both, &[]);
    assert_eq!(run.status, 2);
    assert!(run.stdout.contains("Gateway `default/lost` does not exist"), "{}", run.stdout);
    assert!(run.stdout.contains("VirtualService `default/web` at a.yaml:6"), "{}", run.stdout);
}
