//! `mesh test`: cases for routes.

#![allow(clippy::disallowed_methods, reason = "tests run programs and write files")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::mesh::{Run, mesh, mesh_in};

const MANIFESTS: &str = "fixtures/test/manifests.yaml";
const CASES: &str = "fixtures/test/cases.yaml";

/// Runs cases that a text has.
fn test_text(cases: &str, arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("cases.yaml"), cases).unwrap();
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join(MANIFESTS);
    fs::copy(manifests, directory.path().join("manifests.yaml")).unwrap();
    mesh_in(directory.path(), &[&["test", "cases.yaml", "-f", "manifests.yaml"], arguments].concat(), "", &[])
}

/// The fields that differ, as `field: wanted, actual`.
fn differences(run: &Run) -> Vec<String> {
    let json = run.json();
    let failures = json["cases"].as_array().unwrap().iter().flat_map(|case| case["failures"].as_array().unwrap());
    let all = failures.flat_map(|failure| failure["differences"].as_array().unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    all.map(|it| format!("{}: {}, {}", text(&it["field"]), text(&it["expected"]), text(&it["actual"]))).collect()
}

#[test]
fn cases_of_both_kinds_pass() {
    let run = mesh(&["test", CASES, "-f", MANIFESTS]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    insta::assert_snapshot!(run.stdout);
    // A directory can have cases and manifests.
    let run = mesh(&["test", "fixtures/test", "-f", "fixtures/test", "--format", "json", "--fail-under", "70"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let json = run.json();
    assert_eq!((json["schema"].as_str(), json["cases"].as_array().unwrap().len()), (Some("mesh.test/v1"), 7));
    assert_eq!(json["coverage"]["covered"], 5);
    assert_eq!(json["coverage"]["uncovered"][0]["virtualService"], "shop/partners");
    let run = mesh(&["test", CASES, "-f", MANIFESTS, "--fail-under", "90", "--quiet"]);
    assert_eq!(run.status, 1);
    assert_eq!(run.stderr, "error: the cases reach 83.3% of the routes, less than 90%\n");
}

#[test]
fn failures_say_what_differs_and_where() {
    let cases = "testCases:
- description: too strict
  wantMatch: true
  request: {authority: [shop.example.com], method: [GET], uri: [/cart, /]}
  route: [{destination: {host: cart.shop.svc.cluster.local, port: {number: 80}}, weight: 100}]
- description: inverted
  request: {authority: [shop.example.com], method: [GET], uri: [/old]}
  redirect: {uri: /cart}
- description: wrong share
  request: {host: shop.example.com, path: /x}
  expect: {to: cart.shop, destinations: [{weight: 80}, {weight: 20}]}
";
    let run = test_text(cases, &[]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(run.stdout);
    let run = test_text(cases, &["--format", "json"]);
    assert_eq!(run.status, 1);
    assert_eq!(
        differences(&run)[..3],
        [
            "route[0].destination.port.number: 80, 8080",
            "route[0].weight: 100, nothing",
            "route: [{destination: {host: cart.shop.svc.cluster.local, port: {number: 80}}, weight: 100}], [{destination: \
             {host: web.shop.svc.cluster.local, subset: v1}, weight: 90}, {destination: {host: \
             web.shop.svc.cluster.local, subset: v2}, weight: 10}]"
        ]
    );
    let junit = test_text(cases, &["--format", "junit"]).stdout;
    assert_eq!((junit.matches("<testcase ").count(), junit.matches("<failure ").count()), (3, 3), "{junit}");
}

#[test]
fn conditions_hold_as_in_envoy() {
    let manifests = |matches: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: a}}\nspec:\n  \
             hosts: ['*.example.com']\n  http:\n  - match: [{{{matches}}}]\n    route: [{{destination: {{host: hit}}}}]\n  \
             - route: [{{destination: {{host: missed}}}}]\n"
        )
    };
    for (matches, request, is_hit) in [
        ("uri: {regex: /users|/admin}", "uri: [/users/1, /x/admin]", false),
        ("uri: {regex: /users|/admin}", "uri: [/users, /admin, '/admin?x=1']", true),
        ("headers: {X-A: {}}", "uri: [/], headers: {x-a: ''}", true),
        ("headers: {x-a: {exact: b}}", "uri: [/], headers: {X-A: b}", true),
        ("withoutHeaders: {x-a: {}}", "uri: [/], headers: {x-a: b}", false),
        ("queryParams: {q: {exact: '1'}}", "uri: ['/?q=1', 'http://other/?q=1#f']", true),
        ("queryParams: {q: {exact: '1'}}", "uri: ['/?q=2', /]", false),
        ("uri: {prefix: /A}, ignoreUriCase: true", "uri: [/a/b]", true),
        ("uri: {prefix: /a}", "uri: [/b/../a]", true),
        ("uri: {prefix: /a}, port: 1, gateways: [gone], sourceLabels: {a: b}", "uri: [/ab]", true),
    ] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("manifests.yaml"), manifests(matches)).unwrap();
        let host = if is_hit { "hit" } else { "missed" };
        let cases = format!(
            "testCases:\n- {{wantMatch: true, request: {{authority: [a.example.com], method: [GET], {request}}}, route: \
             [{{destination: {{host: {host}}}}}]}}\n"
        );
        fs::write(directory.path().join("cases.yaml"), cases).unwrap();
        let run = mesh_in(directory.path(), &["test", "cases.yaml", "-f", "manifests.yaml"], "", &[]);
        assert_eq!(run.status, 0, "{matches} {request}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn mistakes_have_places() {
    for (cases, status, message) in [
        ("testCases: {}\n", 2, "error: cases.yaml:1:12: `testCases` must be a list, not a mapping"),
        ("other: 1\n", 2, "error: `cases.yaml` has no list `testCases`"),
        ("testCases:\n- description: a\n", 2, "error: cases.yaml:2:3: the case has no `request`"),
        (
            "testCases:\n- request: {authority: [a], method: [GET]}\n",
            2,
            "error: cases.yaml:2:12: `request` has no `uri`",
        ),
        (
            "testCases:\n- request: {authority: [a], method: [GET], uri: [/]}\n  wantMatch: 'yes'\n",
            2,
            "error: cases.yaml:3:14: `wantMatch` must be true or false, not a string",
        ),
        (
            "testCases:\n- request: {authority: [a], method: [GET], uri: [/]}\n  wantmach: true\n",
            0,
            "warning: cases.yaml:3:3: unknown key `wantmach` in a case; did you mean `wantMatch`?",
        ),
        (
            "testCases:\n- request: {host: a, pth: /}\n  expect: {to: a}\n",
            2,
            "error: cases.yaml:2:22: unknown key `pth` in a request; did you mean `path`?",
        ),
        (
            "testCases:\n- request: {host: a, from: {namespce: b}}\n  expect: {to: a}\n",
            2,
            "error: cases.yaml:2:29: unknown key `namespce` in `from`; did you mean `namespace`?",
        ),
        (
            "testCases:\n- request: {host: a, port: http}\n  expect: {to: a}\n",
            2,
            "error: cases.yaml:2:28: `port` is not valid: invalid type: string \"http\"",
        ),
        ("testCases:\n- request: a\n  expect: {to: a}\n", 2, "error: cases.yaml:2:12: the request is not valid: "),
        (
            "testCases:\n- request: {host: a}\n  expect: {statsu: 1}\n",
            2,
            "error: cases.yaml:3:12: unknown key `statsu` in `expect`; did you mean `status`?",
        ),
        (
            "testCases:\n- request: {host: a}\n  expect: {}\n",
            2,
            "error: cases.yaml:3:11: `expect` is empty: write `to`, or a field of the result",
        ),
        ("testCases:\n- expect: {to: a}\n", 2, "error: cases.yaml:2:3: write either `request`, or a list `requests`"),
    ] {
        let run = test_text(cases, &[]);
        assert_eq!(run.status, status, "{cases}: {run:?}");
        assert!(run.stderr.starts_with(message), "{cases}: {}", run.stderr);
    }
    let run = mesh(&["test", "-f", MANIFESTS]);
    assert_eq!((run.status, run.stderr.lines().count()), (2, 1));
    let other = test_text("testCases:\n- {mesh: gone, request: {host: a}, expect: {to: a}}\n", &["--format", "json"]);
    assert_eq!(differences(&other), ["mesh: gone, `.`"]);
}

#[test]
fn generated_cases_pass_and_reach_every_live_route() {
    for manifests in [MANIFESTS, "fixtures/bookinfo", "fixtures/overlays", "fixtures/check"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("routes.yaml");
        fs::write(&file, mesh(&["test", "--generate", "-f", manifests]).stdout).unwrap();
        let run = mesh(&["test", file.to_str().unwrap(), "-f", manifests, "--format", "json"]);
        assert_eq!(run.status, 0, "{manifests}: {}{}", run.stdout, run.stderr);
        let dead = mesh(&["lint", manifests, "--format", "json"]);
        let dead: Vec<String> = dead.findings().into_iter().filter(|it| it.contains("unreachable-route")).collect();
        let json = run.json();
        let uncovered = json["coverage"]["uncovered"].as_array().unwrap();
        assert_eq!(uncovered.len(), dead.len(), "{manifests}: {uncovered:?} {dead:?}");
    }
}

#[test]
fn results_can_go_to_several_places() {
    let directory = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (cases, manifests) = (root.join(CASES), root.join(MANIFESTS));
    let run = |arguments: &[&str]| {
        let usual = ["test", cases.to_str().unwrap(), "-f", manifests.to_str().unwrap()];
        mesh_in(directory.path(), &[&usual, arguments].concat(), "", &[])
    };
    let plain = run(&[]);
    let outputs = run(&["--output", "text", "--output", "junit=a.xml", "--output", "json=a.json"]);
    assert_eq!((outputs.status, &outputs.stdout), (0, &plain.stdout));
    let file = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(file("a.xml"), run(&["--format", "junit"]).stdout);
    assert_eq!(file("a.json"), run(&["--format", "json"]).stdout);
    for arguments in [&["--format", "json", "--output", "text"][..], &["--output", "sarif"], &["--watch", "-f", "-"]] {
        let run = run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
    }
}

/// A generated case fails if a server begins to deny its request.
#[test]
fn generated_cases_show_what_servers_do() {
    let directory = tempfile::tempdir().unwrap();
    let bookinfo = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bookinfo");
    let run = |arguments: &[&str]| {
        let manifests = ["-f", bookinfo.to_str().unwrap()];
        mesh_in(directory.path(), &[&["test"], arguments, &manifests].concat(), "", &[])
    };
    assert_eq!(run(&["--generate", "cases.yaml"]).status, 0);
    assert_eq!(run(&["cases.yaml"]).status, 0);
    let deny = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: no, namespace: \
                default}\nspec: {selector: {matchLabels: {app: reviews}}, action: DENY, rules: [{}]}\n";
    fs::write(directory.path().join("deny.yaml"), deny).unwrap();
    let denied = run(&["cases.yaml", "-f", "deny.yaml", "--format", "json"]);
    assert_eq!(denied.status, 1);
    let found = differences(&denied);
    assert!(found.contains(&"arrivals[0].outcome: forward, denied".to_owned()), "{found:?}");
}

/// Routes for TLS and TCP, for some clients, behind policies, and of the Gateway API.
#[test]
fn generated_cases_are_one_for_each_route() {
    let vs = "apiVersion: networking.istio.io/v1\nkind: VirtualService\n";
    let to =
        |host: &str| format!("route: [{{destination: {{host: {host}.a.svc.cluster.local, port: {{number: 80}}}}}}]");
    let routes = format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: gw, namespace: a}}\nspec:\n  selector: {{istio: \
         gw}}\n  servers:\n  - {{port: {{number: 443, name: tls, protocol: TLS}}, tls: {{mode: PASSTHROUGH}}, hosts: ['*']}}\n  - \
         {{port: {{number: 9000, name: tcp, protocol: TCP}}, hosts: ['*']}}\n  - {{port: {{number: 80, name: http, protocol: \
         HTTP}}, hosts: ['*']}}\n---\n{vs}metadata: {{name: l4, namespace: a}}\nspec:\n  hosts: ['*']\n  gateways: [gw]\n  tls:\n  \
         - match: [{{port: 443, sniHosts: [one.example.com]}}]\n    {one}\n  - match: [{{port: 443, sniHosts: \
         ['*.example.com']}}]\n    {two}\n  tcp:\n  - match: [{{port: 9000}}]\n    {one}\n---\n{vs}metadata: {{name: web, \
         namespace: a}}\nspec:\n  hosts: [web.example.com]\n  gateways: [gw, mesh]\n  http:\n  - match: [{{uri: {{prefix: /a}}, \
         sourceLabels: {{app: b}}}}, {{uri: {{exact: 'on'}}}}]\n    {one}\n  - match: [{{gateways: [gw], headers: {{x: {{exact: \
         '0777'}}}}}}]\n    {two}\n  - {one}\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: \
         some, namespace: a}}\nspec: {{selector: {{matchLabels: {{istio: gw}}}}, action: DENY, rules: [{{to: [{{operation: \
         {{methods: [GET], hosts: [web.example.com], ports: ['80']}}}}]}}]}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: gw, namespace: a}}\nspec: {{selector: {{matchLabels: {{istio: gw}}}}, template: {{metadata: {{labels: {{istio: gw}}}}, spec: {{containers: [{{name: a, image: auto}}]}}}}}}\n",
        one = to("one"),
        two = to("two"),
    );
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("routes.yaml"), routes).unwrap();
    let run = |arguments: &[&str]| mesh_in(directory.path(), arguments, "", &[]);
    let written = run(&["test", "--generate", "cases.yaml", "-f", "routes.yaml"]);
    assert_eq!((written.status, written.stdout.as_str(), written.stderr.as_str()), (0, "", ""));
    let text = fs::read_to_string(directory.path().join("cases.yaml")).unwrap();
    insta::assert_snapshot!(text);
    assert_eq!(text, run(&["test", "--generate", "-f", "routes.yaml"]).stdout);
    let ran = run(&["test", "cases.yaml", "-f", "routes.yaml", "--fail-under", "100"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (0, "6 cases with 6 requests passed; 6 of 6 routes covered (100%)\n")
    );
}

/// Requests of `mesh diff` are treated as in the new version, and those of `mesh check` break the invariant.
#[test]
fn recorded_requests_are_cases() {
    let directory = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(MANIFESTS)).unwrap();
    let file = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    file("old.yaml", &text);
    file("new.yaml", &text.replace("prefix: /old", "prefix: /older"));
    file("check.yaml", "invariants: [{name: no redirects, never: redirect}]\n");
    let run = |arguments: &[&str]| mesh_in(directory.path(), arguments, "", &[]);
    file("diff.json", &run(&["diff", "old.yaml", "new.yaml", "--format", "json"]).stdout);
    file("check.json", &run(&["check", "check.yaml", "-f", "old.yaml", "--format", "json"]).stdout);
    // A request that is not answered does not show that the invariant holds.
    let check = fs::read_to_string(directory.path().join("check.json")).unwrap();
    file("gone.json", &check.replace("\"witness\": {", "\"witness\": {\"mesh\": \"gone\","));
    file("reach.json", &run(&["reach", "cart.shop", "-f", "old.yaml", "--format", "json"]).stdout);
    for (cases, manifests, status) in [
        ("diff.json", "new.yaml", 0),
        ("diff.json", "old.yaml", 1),
        ("check.json", "old.yaml", 1),
        ("check.json", "new.yaml", 0),
        ("gone.json", "new.yaml", 1),
        ("reach.json", "old.yaml", 0),
    ] {
        let run = run(&["test", cases, "-f", manifests]);
        assert_eq!((run.status, run.stderr.as_str()), (status, ""), "{cases} {manifests}: {}", run.stdout);
    }
}

#[test]
fn documented_cases_can_be_read() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/test.md")).unwrap();
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    // The last one is of the manifests.
    assert_eq!(blocks.len(), 3);
    for (block, status) in blocks.into_iter().zip([1, 1, 0]) {
        let run = test_text(block, &[]);
        assert_eq!((run.status, run.stderr.as_str()), (status, ""), "{block}");
    }
}

/// Also files that only the configuration names, and those that a kustomization outside of the directory names.
#[test]
fn watch_runs_the_cases_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let manifests = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(MANIFESTS)).unwrap();
    file("base/manifests.yaml", &manifests);
    file("base/kustomization.yaml", "resources: [manifests.yaml]\n");
    file("overlay/kustomization.yaml", "resources: [../base]\n");
    file(".mesh.yaml", "manifests: [overlay]\n");
    let case = "testCases:\n- {request: {host: shop.example.com, path: /old}, expect: {to: redirect}}\n";
    file("old_test.yaml", case);
    let mut child = Command::new(env!("CARGO_BIN_EXE_mesh"))
        .current_dir(directory.path())
        .args(["test", "--watch", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut ends = |verdict: &str| {
        lines.find(|line| line.ends_with("; waiting for changes")).is_some_and(|it| it.starts_with(verdict))
    };
    assert!(ends("passed"));
    file("base/manifests.yaml", &manifests.replace("/old", "/older"));
    assert!(ends("failed"));
    file("old_test.yaml", &case.replace("/old", "/older"));
    assert!(ends("passed"));
    file(".mesh.yaml", "manifests: [gone]\n");
    assert!(ends("failed"));
    child.kill().unwrap();
    child.wait().unwrap();
}
