//! Inputs without a manifest: the command fails and says so, unless the user expects it.

use std::fs;
use std::path::Path;

use super::mesh::{Run, mesh_in};

const GOOD: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http, port: 80}]}\n";

fn lint_text(text: &str, arguments: &[&str]) -> Run {
    let arguments: Vec<&str> = ["lint", "-", "--no-config"].iter().chain(arguments).copied().collect();
    mesh_in(&std::env::temp_dir(), &arguments, text, &[])
}

fn lint_files(files: &[(&str, &str)], arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    files.iter().for_each(|(path, text)| fs::write(directory.path().join(path), text).unwrap());
    let arguments: Vec<&str> = ["lint", "--no-config"].iter().chain(arguments).copied().collect();
    mesh_in(directory.path(), &arguments, "", &[])
}

#[track_caller]
fn assert_empty(run: &Run, reason: &str) {
    let expected = format!("error: no manifests found: {reason} (`--allow-empty` accepts that)\n");
    assert_eq!((run.status, run.stderr.as_str()), (2, expected.as_str()), "{run:?}");
    assert!(!run.stdout.contains("no problems found"), "{}", run.stdout);
}

#[test]
fn standard_input_without_a_manifest_fails() {
    assert_empty(&lint_text("", &[]), "standard input is empty");
    assert_empty(&lint_text("\n  \n", &[]), "standard input is empty");
    let no_resource = "standard input has no Kubernetes resource, which is a document with `apiVersion` and `kind`";
    assert_empty(&lint_text("replicas: 3\n", &[]), no_resource);
    assert_empty(&lint_text("# only a comment\n", &[]), no_resource);
    assert_empty(&lint_text("[]", &["--format", "json"]), no_resource);
    // `kubectl get` writes this if it finds nothing.
    assert_empty(&lint_text("apiVersion: v1\nkind: List\nitems: []\n", &[]), no_resource);
}

#[test]
fn paths_without_a_manifest_fail() {
    assert_empty(&lint_files(&[("notes.txt", GOOD)], &["."]), "`.` has no .yaml, .yml or .json file");
    let values = [("values.yaml", "replicas: 3\n"), ("tsconfig.json", "{\"strict\": true}")];
    let no_resource = "the 2 files have no Kubernetes resource, which is a document with `apiVersion` and `kind`";
    assert_empty(&lint_files(&values, &["."]), no_resource);
    let run = lint_files(&[("a.yaml", "{{- if .Values.on }}\nkind: A\n{{- end }}\n")], &["."]);
    assert_empty(&run, "`a.yaml` has only templates, which have to be rendered first");
    assert!(run.stdout.contains("helm template"), "{}", run.stdout);
}

#[test]
fn json_reports_the_same() {
    let run = lint_files(&[], &[".", "--format", "json"]);
    assert_empty(&run, "`.` has no .yaml, .yml or .json file");
    assert_eq!((&run.json()["summary"]["files"], &run.json()["diagnostics"]), (&0.into(), &serde_json::json!([])));
}

#[test]
fn an_option_allows_it() {
    let run = lint_text("", &["--allow-empty"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, "warning: no manifests found: standard input is empty\n"));
    assert!(!run.stdout.contains("no problems found"), "{}", run.stdout);
    let run = lint_text("", &["--allow-empty", "--quiet"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let run = lint_files(&[], &[".", "--allow-empty", "--format", "json"]);
    assert_eq!((run.status, &run.json()["summary"]["files"]), (0, &0.into()));
    // It does not excuse a path that does not exist.
    assert_eq!(lint_files(&[], &["manifets", "--allow-empty"]).status, 2);
}

#[test]
fn resources_of_other_kinds_are_manifests() {
    for text in
        [GOOD, "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\n", "rootNamespace: istio-system\n"]
    {
        let run = lint_text(text, &[]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{text}");
    }
    assert!(lint_text(GOOD, &[]).stdout.contains("no problems found (1 resource in 1 file)"));
    let kustomization = [("kustomization.yaml", "resources: []\n")];
    assert_eq!(lint_files(&kustomization, &["."]).status, 0);
}

#[test]
fn simulate_needs_manifests_too() {
    let directory = tempfile::tempdir().unwrap();
    let run = mesh_in(directory.path(), &["simulate", "--no-config", "http://reviews:9080/"], "", &[]);
    let expected = "error: no manifests found: `.` has no .yaml, .yml or .json file\n";
    assert_eq!((run.status, run.stderr.as_str()), (2, expected));
}

/// The paths of the configuration are relative to its file, wherever the command runs.
#[test]
fn paths_of_the_configuration_work_in_every_directory() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("k8s/prod")).unwrap();
    fs::create_dir(directory.path().join("docs")).unwrap();
    let broken = GOOD.replace("kind: Service", "kind: Servise").replace("v1", "networking.istio.io/v1");
    fs::write(directory.path().join("k8s/a.yaml"), broken).unwrap();
    let files = |manifests: &str, from: &str| {
        fs::write(directory.path().join(".mesh.yaml"), format!("manifests: [{manifests}]\n")).unwrap();
        let run = mesh_in(&directory.path().join(from), &["lint", "--format", "json"], "", &[]);
        let json = run.json();
        let found = json["diagnostics"].as_array().unwrap();
        let files: Vec<String> = found.iter().map(|it| it["file"].as_str().unwrap().to_owned()).collect();
        (files.join(" "), run.stderr)
    };
    let found = |file: &str| (file.to_owned(), String::new());
    assert_eq!(files(".", ""), found("k8s/a.yaml"));
    assert_eq!(files("./k8s", ""), found("k8s/a.yaml"));
    assert_eq!(files("k8s", "k8s"), found("a.yaml"));
    assert_eq!(files("k8s", "k8s/prod"), found("../a.yaml"));
    assert_eq!(files("k8s", "docs"), found("../k8s/a.yaml"));
    assert_eq!(files(".", "docs"), found("../k8s/a.yaml"));
    let outside = Path::new("..").join(directory.path().file_name().unwrap()).join("k8s");
    assert_eq!(files(&outside.to_string_lossy(), ""), found("k8s/a.yaml"));
}
