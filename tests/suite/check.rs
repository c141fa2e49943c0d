//! `mesh check`: invariants that are verified for all requests.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::mesh::{Run, mesh, mesh_in};

const MESH: &str = "fixtures/check/mesh.yaml";
const INVARIANTS: &str = "fixtures/check/mesh-check.yaml";

fn check_text(invariants: &str) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(MESH), directory.path().join("mesh.yaml")).unwrap();
    fs::write(directory.path().join("mesh-check.yaml"), invariants).unwrap();
    mesh_in(directory.path(), &["check", "-f", "mesh.yaml", "--format", "json"], "", &[])
}

fn verdicts(run: &Run) -> Vec<String> {
    let all = run.json()["invariants"].as_array().unwrap_or_else(|| panic!("{}", run.stderr)).clone();
    all.iter().map(|it| it["verdict"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn text_shows_each_verdict() {
    let run = mesh(&["check", INVARIANTS, "-f", MESH]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn witnesses_are_requests_of_simulate() {
    let run = mesh(&["check", INVARIANTS, "-f", MESH, "--format", "json"]);
    assert_eq!(run.json()["schema"], "mesh.check/v1");
    assert_eq!(verdicts(&run), ["violated", "violated", "holds", "violated", "holds", "undecided"]);
    let all = run.json();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for violated in all["invariants"].as_array().unwrap().iter().filter(|it| it["verdict"] == "violated") {
        let arguments = ["simulate", "-f", MESH, "--requests", "-"];
        let run = mesh_in(root, &arguments, &violated["witness"].to_string(), &[]);
        let result: Value = serde_json::from_str(&run.stdout).unwrap();
        for field in ["outcome", "status", "route", "destinations"] {
            assert_eq!(result[field], violated["result"][field], "{field} of {}", violated["witness"]);
        }
    }
}

#[test]
fn the_status_tells_the_worst_verdict() {
    let status = |text: &str, strict: bool| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c.yaml");
        fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let arguments = ["check", path, "-f", MESH, "--strict"];
        mesh(&arguments[..if strict { 5 } else { 4 }]).status
    };
    let (holds, violated) = ("invariants: [{never: 502}]", "invariants: [{never: web}]");
    let undecided = "invariants: [{requests: {host: nowhere.com}, never: 404}]";
    assert_eq!([holds, violated, undecided].map(|text| status(text, false)), [0, 1, 0]);
    assert_eq!([holds, violated, undecided].map(|text| status(text, true)), [0, 1, 1]);
}

#[test]
fn claims_about_all_requests_are_decided() {
    let run = check_text(
        "invariants:
- {requests: {host: web}, always: [web, admin]}
- {requests: {host: web}, always: web}
- {requests: {host: web}, only: [web/v1, web/v2, admin]}
- {requests: {host: web, path: {prefix: /shop}}, always: web}
- {requests: {host: web, path: {prefix: /shop}, withoutHeaders: {x-canary: {}}}, always: web/v1}
- {requests: {host: web, headers: {x-canary: '1'}, path: {regex: '/s.*'}}, always: web/v2}
- {requests: {host: payments, port: 5000}, from: {namespace: blog}, always: denied}
- {requests: {host: payments, port: 80, method: POST}, from: {namespace: blog}, always: 403}
- {requests: {host: payments, port: 80, method: GET}, from: {namespace: blog}, always: 403}
- {requests: {host: payments}, from: {namespace: shop, labels: {app: web}}, always: payments}
- {from: {gateway: public}, never: shop/payments}
- {from: {gateway: mesh}, never: shop/admin}
- {from: {workload: shop/web-v1}, requests: {host: '*.example.com'}, never: web}
- {requests: {path: {prefix: /a}, method: {exact: GET}}, from: {gateway: public}, never: 404}
",
    );
    let expected = [
        "holds", "violated", "holds", "holds", "holds", "holds", "holds", "holds", "violated", "holds", "holds",
        "violated", "violated", "holds",
    ];
    assert_eq!(verdicts(&run), expected);
}

#[test]
fn an_invariant_about_nothing_is_undecided() {
    let run = check_text(
        "invariants:
- {requests: {host: wbe}, never: 404}
- {requests: {host: web, path: /a, headers: {':path': /b}}, never: web}
- {from: {namespace: blog, outside: blog}, never: web}
",
    );
    let all = run.json();
    let reasons: Vec<&str> =
        all["invariants"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons[0], "no request is meant: none of these proxies has routes for host `wbe`; did you mean `web`?");
    assert!(reasons[2].starts_with("no request is meant: the mesh has no client that is meant"), "{reasons:?}");
}

#[test]
fn mistakes_have_places() {
    let run = check_text(
        "invariants:
- nam: x
  from: {gatway: a}
  requests: {path: {prefx: /a}, port: x, headers: {y: {regex: '(?!'}}}
  never: 404
- never: 404
  always: web
- name: nothing
- {requests: {path: admin}, never: 404}
- {from: {gateway: a, namespace: b}, never: 404}
",
    );
    assert_eq!(run.status, 2);
    let expected = [
        "2:3: unknown key `nam` in an invariant; did you mean `name`?",
        "3:10: unknown key `gatway` in `from`; did you mean `gateway`?",
        "4:39: `port` must be a number from 1 to 65535",
        "4:21: unknown key `prefx` in `path`; did you mean `prefix`?",
        "4:63: RE2 rejects the expression: invalid perl operator: (?!",
        "7:11: the invariant claims several things: write `always` in one of its own",
        "8:3: the invariant claims nothing: write `never`, `always` or `only`",
        "9:21: a path starts with `/`: write `/admin`",
        "10:23: `namespace` is about clients of the mesh, and `gateway` is not: write two invariants",
    ];
    let expected: Vec<String> = expected.iter().map(|line| format!("error: mesh-check.yaml:{line}")).collect();
    assert_eq!(run.stderr.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn unknown_names_have_places() {
    let run = check_text("invariants:\n- {from: {namespace: shp}, never: [web, pyments]}\n- {always: shop/web-v1}\n");
    let expected = "\
error: mesh-check.yaml:2:41: destination `pyments` does not exist; did you mean `payments`?
error: mesh-check.yaml:2:22: namespace `shp` does not exist; did you mean `shop`?
error: mesh-check.yaml:3:12: `shop/web-v1` is a workload: write a service or a subset after `always`
";
    assert_eq!((run.status, run.stderr.as_str()), (2, expected));
}

#[test]
fn the_configuration_names_files() {
    let directory = tempfile::tempdir().unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(MESH), directory.path().join("mesh.yaml")).unwrap();
    fs::write(directory.path().join(".mesh.yaml"), "manifests: [mesh.yaml]\ncheck: [rules.yaml]\n").unwrap();
    fs::write(directory.path().join("rules.yaml"), "invariants: [{name: a, never: 502}]\n").unwrap();
    let run = mesh_in(directory.path(), &["check"], "", &[]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "holds: a (rules.yaml:1)\n1 holds, 0 violated\n"));
    fs::write(directory.path().join(".mesh.yaml"), "manifests: [mesh.yaml]\n").unwrap();
    let run = mesh_in(directory.path(), &["check"], "", &[]);
    assert_eq!(run.stderr, "error: no invariants: name a file of them, or write them to `mesh-check.yaml`\n");
}

#[test]
fn clients_without_a_sidecar_reach_services_directly() {
    let manifests = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(MESH)).unwrap();
    let manifests = manifests.replacen(
        "name: blog, labels: {istio-injection: enabled}",
        "name: blog, labels: {istio-injection: disabled}",
        1,
    );
    let open = manifests.split("apiVersion: security.istio.io").next().unwrap();
    let invariants = "invariants: [{from: {namespace: blog}, requests: {port: 80, method: POST}, never: payments}]\n";
    for (manifests, verdict) in [(open, "violated"), (&manifests, "holds")] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("mesh.yaml"), manifests).unwrap();
        fs::write(directory.path().join("mesh-check.yaml"), invariants).unwrap();
        let run = mesh_in(directory.path(), &["check", "-f", "mesh.yaml", "--format", "json"], "", &[]);
        assert_eq!(verdicts(&run), [verdict], "{}", run.stdout);
    }
}
