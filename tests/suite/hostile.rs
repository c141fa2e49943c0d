//! Malformed and malicious input: it results in a clear message, and neither in a panic nor in an endless run.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

use std::fs;
use std::time::{Duration, Instant};

use super::mesh::mesh_in;

/// Far more time than any of these inputs needs.
const PATIENCE: Duration = Duration::from_secs(60);

fn lint(text: &str) -> (i32, Vec<String>) {
    let start = Instant::now();
    let run = mesh_in(&std::env::temp_dir(), &["lint", "-", "--format", "json", "--no-config"], text, &[]);
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    let messages = run.json()["diagnostics"].as_array().unwrap().iter().map(|it| it["message"].to_string()).collect();
    let text = mesh_in(&std::env::temp_dir(), &["lint", "-", "--no-config"], text, &[]).stdout;
    assert!(text.len() < 20_000, "{} bytes of output", text.len());
    (run.status, messages)
}

#[test]
fn deep_nesting() {
    for opening in ["[", "{a: ", "- ", "? "] {
        let (status, messages) = lint(&opening.repeat(10_000));
        assert_eq!((status, messages.len()), (2, 1), "{opening:?}: {messages:?}");
    }
    let indented: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let (status, messages) = lint(&indented);
    assert_eq!((status, messages.len()), (2, 1), "{messages:?}");
}

#[test]
fn an_alias_bomb() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let (status, messages) = lint(&text);
    assert!(status == 1 && messages.len() == 1 && messages[0].contains("alias"), "{status} {messages:?}");
}

#[test]
fn a_very_long_line() {
    let (status, messages) = lint(&format!("a: \"{}\n", "x".repeat(20_000_000)));
    assert_eq!((status, messages.len()), (2, 1));
    let (status, messages) = lint(&format!(
        "{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: a}}, spec: {{hosts: [a], http: [{}{{rout: []}}]}}}}\n",
        "{route: [{destination: {host: a}}]}, ".repeat(20_000)
    ));
    assert_eq!(status, 1, "{messages:?}");
}

#[test]
fn bytes_that_are_not_text() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("latin1.yaml"), b"name: caf\xe9\n").unwrap();
    fs::write(directory.path().join("utf16.yaml"), b"\xff\xfea\0:\0").unwrap();
    fs::write(directory.path().join("good.yaml"), "kind: A\napiVersion: v1\n").unwrap();
    let run = mesh_in(directory.path(), &["lint", ".", "--format", "json"], "", &[]);
    let json = run.json();
    let found: Vec<_> = json["diagnostics"].as_array().unwrap().iter().collect();
    assert_eq!(run.status, 1);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!((&found[0]["file"], &found[0]["start"]["offset"]), (&"latin1.yaml".into(), &9.into()));
    assert!(found[1]["message"].as_str().unwrap().contains("UTF-16"));
}

#[test]
fn byte_order_marks_and_crlf_line_ends() {
    let manifest = "\u{feff}apiVersion: security.istio.io/v1\r\nkind: PeerAuthentication\r\nmetadata:\r\n  name: a\r\nspec:\r\n  selectr: {}\r\n";
    let (status, messages) = lint(manifest);
    assert_eq!((status, messages), (1, vec!["\"unknown field `selectr`\"".to_owned()]));
}

#[test]
fn a_tab_as_indentation() {
    let (status, messages) = lint("spec:\n\thosts: []\n");
    assert!(status == 2 && messages[0].contains("tab"), "{messages:?}");
}

#[cfg(unix)]
#[test]
fn cyclic_links_and_unreadable_files() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a")).unwrap();
    std::os::unix::fs::symlink("..", directory.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink("nowhere", directory.path().join("a/lost.yaml")).unwrap();
    fs::write(directory.path().join("a/good.yaml"), "kind: A\napiVersion: v1\n").unwrap();
    let run = mesh_in(directory.path(), &["lint", "."], "", &[]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("points back") && run.stderr.contains("a/lost.yaml"), "{}", run.stderr);
    assert!(run.stdout.contains("1 file"), "{}", run.stdout);
}

#[test]
fn templates_are_listed_once_and_are_not_mistakes() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), "{{- if .Values.on }}\nkind: A\n{{- end }}\n").unwrap();
    fs::write(directory.path().join("b.yaml"), "name: {{ .Values.name }}\n").unwrap();
    fs::write(directory.path().join("c.yaml"), "#@ load(\"@ytt:data\", \"data\")\nname: #@ data.values.name\n")
        .unwrap();
    let run = mesh_in(directory.path(), &["lint", ".", "--format", "json"], "", &[]);
    // Nothing is checked, which is not success.
    assert_eq!((run.status, run.findings()), (2, Vec::new()));
    // The entries are sorted by the texts of their reasons.
    let reasons: Vec<_> = run.json()["unchecked"].as_array().unwrap().iter().map(|it| it["count"].clone()).collect();
    assert_eq!(reasons, [1, 2]);
}

#[test]
fn patches_that_a_kustomization_names_are_not_resources() {
    let directory = tempfile::tempdir().unwrap();
    let kustomization = "resources: [route.yaml]\npatches:\n- path: patch.yaml\n";
    fs::write(directory.path().join("kustomization.yaml"), kustomization).unwrap();
    let head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: n}\n";
    let route = format!("{head}spec: {{hosts: [a.example.com], http: [{{route: [{{destination: {{host: b}}}}]}}]}}\n");
    fs::write(directory.path().join("route.yaml"), route).unwrap();
    // Without `hosts`, it would be rejected.
    let patch = format!("{head}spec: {{http: [{{timeout: 5s, route: [{{destination: {{host: b}}}}]}}]}}\n");
    fs::write(directory.path().join("patch.yaml"), patch).unwrap();
    let run = mesh_in(directory.path(), &["lint", ".", "--format", "json"], "", &[]);
    assert_eq!((run.status, run.findings()), (0, Vec::new()));
}

#[test]
fn a_deep_claim_and_many_header_lines() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\nspec: {{hosts: [a.example.com], gateways: [edge], http: [{{match: [{{headers: {{? '@request.auth.claims{}' : {{exact: x}}}}}}], route: [{{destination: {{host: b}}}}]}}]}}\n",
        ".a".repeat(60_000)
    );
    let gateway = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {selector: {istio: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}]}\n";
    fs::write(directory.path().join("a.yaml"), manifest + gateway).unwrap();
    let start = Instant::now();
    let lint = mesh_in(directory.path(), &["lint", "a.yaml"], "", &[]);
    let rules = mesh_in(directory.path(), &["simulate", "a.yaml"], "", &[]);
    let lines = format!(
        r#"{{"host": "a.example.com", "gateway": "shop/edge", "headers": {{"x-a": [{}]}}}}"#,
        vec![r#""1""#; 60_000].join(", ")
    );
    let answered = mesh_in(directory.path(), &["simulate", "a.yaml", "--requests", "-"], &lines, &[]);
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    for run in [&lint, &rules, &answered] {
        assert!((0..=2).contains(&run.status) && !run.stderr.contains("panicked"), "{} {}", run.status, run.stderr);
    }
    assert!(answered.stdout.contains("\"outcome\""), "{}", answered.stdout);
}
