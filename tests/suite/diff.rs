//! `mesh diff`: which requests a change treats differently.

#![allow(clippy::disallowed_methods, reason = "tests run git")]

use std::fs;
use std::path::Path;
use std::process::Command;

use super::mesh::{self, Run, mesh};
use super::skip;

const OLD: &str = "fixtures/diff/old";
const NEW: &str = "fixtures/diff/new";

#[test]
fn text_shows_each_class_of_requests_once() {
    insta::assert_snapshot!(mesh(&["diff", OLD, NEW]).stdout);
}

#[test]
fn markdown_is_a_comment_on_a_pull_request() {
    insta::assert_snapshot!(mesh(&["diff", OLD, NEW, "--format", "markdown", "--curl"]).stdout);
}

#[test]
fn witnesses_are_requests_of_simulate() {
    let run = mesh(&["diff", OLD, NEW, "--format", "json"]);
    let diff = run.json();
    assert_eq!((&diff["schema"], diff["complete"].as_bool()), (&"mesh.diff/v1".into(), Some(false)));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changes = diff["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 3);
    for (side, answer) in [(OLD, "before"), (NEW, "after")] {
        for change in changes {
            let mut request = change["witness"].clone();
            request["mesh"] = format!("{side}/{}", change["meshes"][0].as_str().unwrap()).into();
            let run = mesh::mesh_in(root, &["simulate", "-f", side, "--requests", "-"], &request.to_string(), &[]);
            let answered: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            for field in ["outcome", "status", "route", "destinations", "timeout"] {
                assert_eq!(answered[field], change[answer][field], "{field} of {request}");
            }
        }
    }
}

fn mesh_in(directory: &Path, arguments: &[&str]) -> Run {
    mesh::mesh_in(directory, arguments, "", &[])
}

/// A mesh with a Gateway, in a directory of its own.
fn manifests(directory: &Path, routes: &str) {
    fs::create_dir_all(directory).unwrap();
    let text = format!(
        "apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop, labels: {{app: web}}}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: public, namespace: shop}}
spec:
  selector: {{istio: ingressgateway}}
  servers: [{{port: {{number: 80, name: http, protocol: HTTP}}, hosts: [shop.example.com]}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop, namespace: shop}}
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
{routes}"
    );
    fs::write(directory.join("shop.yaml"), text).unwrap();
}

const TO_WEB: &str = "route: [{destination: {host: web}}]";

fn changes(old: &str, new: &str) -> Run {
    let directory = tempfile::tempdir().unwrap();
    manifests(&directory.path().join("old"), old);
    manifests(&directory.path().join("new"), new);
    mesh_in(directory.path(), &["diff", "old", "new", "--exit-code", "--format", "json"])
}

#[test]
fn a_refactoring_is_proven_to_change_nothing() {
    let one = format!("  - match: [{{uri: {{prefix: /a}}}}, {{uri: {{exact: /b}}}}]\n    {TO_WEB}\n");
    let two = format!(
        "  # split\n  - match: [{{uri: {{exact: /b}}}}]\n    name: b\n    {TO_WEB}\n  - match: [{{uri: {{prefix: /a}}}}]\n    \
         {TO_WEB}\n  - match: [{{uri: {{prefix: /a/dead}}}}]\n    directResponse: {{status: 503}}\n"
    );
    let run = changes(&one, &two);
    let diff = run.json();
    assert_eq!((run.status, diff["complete"].as_bool(), &diff["changes"]), (0, Some(true), &serde_json::json!([])));
}

#[test]
fn an_invisible_difference_is_a_change_too() {
    let cors = format!("  - corsPolicy: {{allowOrigins: [{{exact: https://a.example.com}}]}}\n    {TO_WEB}\n");
    let run = changes(&cors.replace("a.example", "b.example"), &cors);
    let diff = run.json();
    assert_eq!((run.status, &diff["changes"][0]["aspects"]), (1, &serde_json::json!(["CORS policy"])));
}

#[test]
fn what_is_not_simulated_makes_a_difference_incomplete() {
    let directory = tempfile::tempdir().unwrap();
    for (side, name) in [("old", "a"), ("new", "b")] {
        manifests(&directory.path().join(side), &format!("  - {TO_WEB}\n"));
        let filter = format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{}}\n"
        );
        fs::write(directory.path().join(side).join("filter.yaml"), filter).unwrap();
    }
    let run = mesh_in(directory.path(), &["diff", "old", "new", "--exit-code", "--format", "json"]);
    let reasons = run.json()["incomplete"].to_string();
    assert!(
        run.status == 1 && reasons.contains("EnvoyFilter `shop/a` differs, and its effect is not simulated"),
        "{run:?}"
    );
}

/// A repository with the old manifests, and the new ones in its working tree. `None` without git.
fn repository() -> Option<tempfile::TempDir> {
    let directory = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut command = Command::new("git");
        command.current_dir(directory.path()).args(identity).args(arguments);
        command.output().is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q", "-b", "main"]) {
        skip::skip("git is not installed");
        return None;
    }
    manifests(&directory.path().join("manifests"), &format!("  - match: [{{uri: {{prefix: /a}}}}]\n    {TO_WEB}\n"));
    assert!(git(&["add", "-A"]) && git(&["commit", "-q", "-m", "old"]));
    manifests(&directory.path().join("manifests"), &format!("  - match: [{{uri: {{prefix: /b}}}}]\n    {TO_WEB}\n"));
    assert!(git(&["add", "-A"]));
    Some(directory)
}

#[test]
fn a_side_can_be_a_revision_or_the_index() {
    let Some(repository) = repository() else { return };
    for (old, new) in
        [("main:manifests", "manifests"), ("HEAD:", "."), ("main:manifests/shop.yaml", ":manifests/shop.yaml")]
    {
        let run = mesh_in(repository.path(), &["diff", old, new]);
        assert!(
            run.stdout.contains("no longer reachable: shop.example.com, path starts with /a"),
            "{old} {new}: {run:?}"
        );
        assert!(run.stdout.contains(&format!("{}:manifests/shop.yaml:", old.split(':').next().unwrap())), "{run:?}");
    }
    let nested = mesh_in(&repository.path().join("manifests"), &["diff", "main:./shop.yaml", "shop.yaml"]);
    assert!(nested.stdout.contains("2 classes of requests"), "{nested:?}");
}

#[test]
fn errors_about_revisions_say_what_is_missing() {
    let Some(repository) = repository() else { return };
    let error = |old: &str| mesh_in(repository.path(), &["diff", old, "manifests"]).stderr;
    assert_eq!(
        error("main:manifest"),
        "error: cannot read `main:manifest`: revision `main` has no path `manifest`; did you mean `manifests`?\n"
    );
    assert_eq!(
        error("mian:manifests"),
        "error: cannot read `mian:manifests`: git knows no revision `mian`; did you mean `main`?\n"
    );
    let outside = tempfile::tempdir().unwrap();
    manifests(&outside.path().join("new"), &format!("  - {TO_WEB}\n"));
    assert_eq!(
        mesh_in(outside.path(), &["diff", "main:old", "new"]).stderr,
        "error: cannot read `main:old`: the working directory is not in a git repository, and no such file exists\n"
    );
}

#[test]
fn texts_and_findings_can_be_shown_as_well() {
    let Some(repository) = repository() else { return };
    let shop = repository.path().join("manifests/shop.yaml");
    fs::write(&shop, fs::read_to_string(&shop).unwrap().replace("host: web}", "host: wbe}")).unwrap();
    let run = mesh_in(repository.path(), &["diff", "main:manifests", "manifests", "--text"]);
    assert!(run.stdout.starts_with("--- a/shop.yaml\n+++ b/shop.yaml\n@@ "), "{run:?}");
    assert!(run.stdout.contains("new finding: error["), "{run:?}");
}

/// Two versions of one file.
fn of_texts(old: &str, new: &str) -> serde_json::Value {
    let directory = tempfile::tempdir().unwrap();
    for (side, text) in [("old", old), ("new", new)] {
        fs::create_dir_all(directory.path().join(side)).unwrap();
        fs::write(directory.path().join(side).join("a.yaml"), text).unwrap();
    }
    mesh_in(directory.path(), &["diff", "old", "new", "--format", "json"]).json()
}

#[test]
fn a_policy_counts_even_if_its_workloads_are_in_no_manifest() {
    let policy = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: a, namespace: shop}}\nspec: \
             {{selector: {{matchLabels: {{app: web}}}}, mtls: {{mode: {mode}}}}}\n"
        )
    };
    let diff = of_texts(&policy("PERMISSIVE"), &policy("STRICT"));
    assert_eq!(diff["changes"][0]["kind"], "now-unreachable", "{diff}");
    assert_eq!(diff["changes"][0]["host"], "workloads in shop with app=web", "{diff}");
}

#[test]
fn another_certificate_is_not_proven_to_be_the_same() {
    let gateway = |credential: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: a, namespace: shop}}\nspec:\n  selector: {{app: \
             edge}}\n  servers:\n  - port: {{number: 443, name: https, protocol: HTTPS}}\n    hosts: [a.example.com]\n    tls: \
             {{mode: SIMPLE, credentialName: {credential}}}\n"
        )
    };
    let diff = of_texts(&gateway("one"), &gateway("two"));
    let reason = "TLS settings of Gateway `shop/a` differ, and their effect is not simulated";
    assert_eq!(diff["incomplete"], serde_json::json!([reason]));
}
