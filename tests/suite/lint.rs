//! `mesh lint`: output, exit status and options.

use std::fs;

use super::mesh::{mesh, mesh_in};

const ONE_MISTAKE: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - timeOut: 5s
    route:
    - destination: {host: reviews}
";

#[test]
fn text_output_shows_the_place_and_what_to_do() {
    let run = mesh(&["lint", "fixtures/bookinfo"]);
    assert_eq!(run.status, 1);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn json_output_follows_the_interface() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), ONE_MISTAKE).unwrap();
    let run = mesh_in(directory.path(), &["lint", ".", "--format", "json"], "", &[]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let json = run.json();
    assert_eq!(json["schema"], "mesh.lint/v1");
    let found = &json["diagnostics"][0];
    assert_eq!(found["rule"], "unknown-field");
    assert_eq!(found["severity"], "error");
    assert_eq!(found["file"], "a.yaml");
    assert_eq!(found["field"], "spec.http[0].timeOut");
    assert_eq!(found["start"], serde_json::json!({"line": 8, "column": 5, "offset": 119}));
    assert_eq!(found["end"], serde_json::json!({"line": 8, "column": 12, "offset": 126}));
    assert_eq!(found["help"], "did you mean `timeout`?");
    assert_eq!(found["witness"], serde_json::Value::Null);
    assert_eq!(found["fixable"], true);
    let resource = serde_json::json!({
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "namespace": "default", "name": "reviews"
    });
    assert_eq!(found["resource"], resource);
    assert_eq!(json["unchecked"][0]["rule"], "unknown-host");
    assert_eq!(json["summary"]["errors"], 1);
    assert_eq!(json["summary"]["files"], 1);
}

#[test]
fn the_threshold_decides_the_exit_status() {
    let lint = |threshold: &str, text: &str| {
        let run = mesh_in(&std::env::temp_dir(), &["lint", "-", "--no-config", "--fail-on", threshold], text, &[]);
        run.status
    };
    let uneven = "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: {hosts: [a],
        http: [{route: [{destination: {host: a}, weight: 1}, {destination: {host: b}, weight: 1}]}]}}";
    assert_eq!((lint("error", ONE_MISTAKE), lint("error", uneven), lint("info", uneven)), (1, 0, 1));
}

#[test]
fn standard_input_is_read_like_a_file() {
    let run = mesh_in(&std::env::temp_dir(), &["lint", "-", "--format", "json"], ONE_MISTAKE, &[]);
    assert_eq!((run.status, &run.json()["diagnostics"][0]["file"]), (1, &serde_json::json!("<stdin>")));
}

#[test]
fn a_path_that_does_not_exist_fails_and_the_others_are_still_checked() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), ONE_MISTAKE).unwrap();
    let run = mesh_in(directory.path(), &["lint", "nowhere", "a.yaml"], "", &[]);
    assert_eq!(run.status, 2);
    assert_eq!(run.stderr, "error: cannot read `nowhere`: no such file or directory\n");
    assert!(run.stdout.contains("unknown field"), "{}", run.stdout);
}

#[test]
fn one_broken_document_leaves_the_others_checked() {
    let text = format!("a: [\n---\n{ONE_MISTAKE}");
    let run = mesh_in(&std::env::temp_dir(), &["lint", "-", "--format", "json"], &text, &[]);
    let rules: Vec<_> = run.json()["diagnostics"].as_array().unwrap().iter().map(|it| it["rule"].clone()).collect();
    assert_eq!(rules, ["yaml-syntax", "unknown-field"]);
    assert_eq!(run.status, 1);
}

#[test]
fn the_command_fails_if_no_document_is_valid_yaml() {
    let run = mesh_in(&std::env::temp_dir(), &["lint", "-"], "a: [\n", &[]);
    assert_eq!(run.status, 2);
}

#[test]
fn settings_come_from_the_configuration_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("manifests")).unwrap();
    fs::write(directory.path().join("manifests/a.yaml"), ONE_MISTAKE).unwrap();
    fs::write(directory.path().join(".mesh.yaml"), "manifests: [manifests]\nnamespace: shop\n").unwrap();
    let run = mesh_in(directory.path(), &["lint", "--format", "json"], "", &[]);
    assert_eq!(run.json()["diagnostics"][0]["resource"]["namespace"], "shop");
    assert_eq!(run.json()["diagnostics"][0]["file"], "manifests/a.yaml");

    fs::write(directory.path().join(".mesh.yaml"), "manifest: []\n").unwrap();
    let run = mesh_in(directory.path(), &["lint"], "", &[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains("[.mesh.yaml:1:1]") && run.stdout.contains("did you mean `manifests`?"),
        "{}",
        run.stdout
    );
    // Other commands have no findings.
    let run = mesh_in(directory.path(), &["meshes"], "", &[]);
    let message = "the configuration does not have a key `manifest`; did you mean `manifests`?";
    assert_eq!((run.status, run.stderr), (0, format!("warning: .mesh.yaml:1: {message}\n")));

    fs::write(directory.path().join(".mesh.yaml"), "manifests: [\n").unwrap();
    let run = mesh_in(directory.path(), &["lint"], "", &[]);
    assert!(run.status == 2 && run.stderr.starts_with("error: .mesh.yaml: line 1: not valid YAML: "), "{run:?}");
}

#[test]
fn options_and_environment_control_color() {
    let colourful = |arguments: &[&str], environment: &[(&str, &str)]| {
        let arguments: Vec<&str> = ["lint", "-"].iter().chain(arguments).copied().collect();
        mesh_in(&std::env::temp_dir(), &arguments, ONE_MISTAKE, environment).stdout.contains('\x1b')
    };
    assert!(!colourful(&[], &[]));
    assert!(colourful(&["--color", "always"], &[]));
    assert!(colourful(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colourful(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colourful(&["--color", "always", "--format", "json"], &[]));
}

#[test]
fn explain_renders_a_page_for_people() {
    let text = mesh(&["explain", "duplicate-host", "--format", "text"]).stdout;
    assert!(text.starts_with("duplicate-host\n\nerror · IST0109, KIA1106\n\nA host that two"), "{text}");
    assert!(text.ends_with("\npage: https://mesh-lint.github.io/mesh/rules/duplicate-host.html\n"), "{text}");
    assert!(!text.contains("](") && !text.contains("```") && !text.contains("| --- |"), "{text}");
    let is_code = |line: &str| line.starts_with("    ");
    assert!(text.lines().all(|line| line.chars().count() <= 80 || is_code(line)), "{text}");
    let markdown = mesh(&["explain", "duplicate-host", "--format", "markdown"]).stdout;
    assert_eq!(markdown, mesh(&["explain", "duplicate-host"]).stdout);
    // Every word of a page is on the screen.
    for rule in mesh::lint::rules::ALL.iter() {
        let text = mesh(&["explain", rule.name, "--format", "text"]).stdout;
        let heading = |line: &&str| line.starts_with("## ");
        for heading in rule.page.lines().filter(heading) {
            assert!(text.contains(&format!("\n{}\n", &heading[3..])), "{}: {heading}", rule.name);
        }
    }
}

#[test]
fn explain_prints_the_page_of_a_rule_or_alias() {
    let by_name = mesh(&["explain", "duplicate-host"]);
    assert!(by_name.status == 0 && by_name.stdout.starts_with("# duplicate-host"), "{by_name:?}");
    assert_eq!(mesh(&["explain", "IST0109"]), by_name);
    let misspelt = mesh(&["explain", "duplicat-host"]);
    assert_eq!((misspelt.status, misspelt.stdout.as_str()), (2, ""));
    assert!(misspelt.stderr.contains("did you mean `duplicate-host`?"), "{}", misspelt.stderr);
}

#[test]
fn unreadable_resources_are_not_missing() {
    let text = "apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop}
spec:
  servers:
  - port: {number: http, name: http, protocol: HTTP}
    hosts: [shop.example.com]
";
    let directory = tempfile::tempdir().unwrap();
    let run = mesh_in(directory.path(), &["lint", "-", "--format", "json"], text, &[]);
    let rules: Vec<String> =
        run.json()["diagnostics"].as_array().unwrap().iter().map(|it| it["rule"].to_string()).collect();
    assert_eq!(rules, ["\"wrong-type\""]);
}

/// A VirtualService with an error, a warning and an info.
const EACH_SEVERITY: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example.com]
  http:
  - timeOut: 5s
    route:
    - {destination: {host: a.example.com}, weight: 1}
    - {destination: {host: b.example.com}, weight: 1}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: a}
spec: {selector: {matchLabels: {}}}
";

#[test]
fn options_select_what_the_text_shows() {
    let lint = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["lint", "-", "--no-config"].iter().chain(arguments).copied().collect();
        mesh_in(&std::env::temp_dir(), &arguments, EACH_SEVERITY, &[])
    };
    let severities = |run: &super::mesh::Run| {
        let has = |severity: &str| run.stdout.contains(&format!("{severity}["));
        ["error", "warning", "info"].map(has)
    };
    let plain = lint(&[]);
    assert_eq!((plain.status, severities(&plain)), (1, [true, true, false]), "{}", plain.stdout);
    assert!(plain.stdout.contains("1 info hidden; show it with `--show info`\n"), "{}", plain.stdout);
    for (show, expected) in [("info", [true; 3]), ("warning", [true, true, false]), ("error", [true, false, false])] {
        for quiet in [&["--quiet"][..], &[]] {
            let run = lint(&[&["--show", show], quiet].concat());
            assert_eq!((run.status, severities(&run)), (1, expected), "{}", run.stdout);
        }
    }
    // The exit status and JSON do not depend on it.
    assert_eq!(lint(&["--show", "error", "--fail-on", "info"]).status, 1);
    assert_eq!(lint(&["--show", "error", "--format", "json"]), lint(&["--format", "json"]));
    let quiet = lint(&["-q", "--show", "info"]);
    assert!(quiet.stdout.lines().all(|line| line.starts_with("<stdin>:")), "{}", quiet.stdout);
    assert_eq!(mesh(&["lint", "-q", "fixtures/bookinfo/reviews.yaml"]).stdout, "");
}

#[test]
fn statistics_replace_the_findings() {
    let lint = |arguments: &[&str]| {
        let arguments: Vec<&str> =
            ["lint", "-", "--no-config", "--statistics"].iter().chain(arguments).copied().collect();
        mesh_in(&std::env::temp_dir(), &arguments, EACH_SEVERITY, &[])
    };
    let text = lint(&[]);
    assert_eq!(text.status, 1);
    assert!(text.stdout.contains("│ unknown-field ") && !text.stdout.contains("error["), "{}", text.stdout);
    let json = lint(&["--format", "json"]).json();
    assert_eq!((&json["schema"], &json["summary"]["errors"]), (&"mesh.statistics/v1".into(), &1.into()));
    let first = serde_json::json!({"rule": "unknown-field", "errors": 1, "warnings": 0, "infos": 0, "files": 1});
    assert_eq!(json["rules"][0], first);
    assert_eq!(lint(&["--quiet"]).status, 2, "the options exclude each other");
}

#[test]
fn a_condition_that_no_client_of_a_gateway_fails_is_told_once() {
    let manifests = r#"
apiVersion: v1
kind: Pod
metadata: {name: edge, namespace: istio-ingress, labels: {istio: edge}}
spec: {serviceAccountName: edge, containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: istio-ingress}
spec: {selector: {istio: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec: {hosts: [shop.example.com], gateways: [istio-ingress/public], http: [{directResponse: {status: 200}}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all, namespace: istio-system}
spec: {action: DENY, rules: [{from: [{source: {notNamespaces: [shop]}}]}]}
"#;
    let run = mesh_in(&std::env::temp_dir(), &["lint", "-", "--format", "json"], manifests, &[]);
    let report = run.json();
    let is_told = |it: &&serde_json::Value| {
        ["denied-workload", "identity-without-mtls"].iter().any(|rule| it["rule"].as_str() == Some(rule))
    };
    let told: Vec<_> = report["diagnostics"].as_array().unwrap().iter().filter(is_told).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["rule"], "denied-workload");
}
