//! The formats of `mesh lint` for other programs, read by programs that were not written here.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::mesh::{Run, mesh_in};
use super::shared;
use crate::skip::skip;

/// Several kinds of findings, an edit, and values that are markup in some format.
const MANIFESTS: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  exportT: ['*']
  'a|b&amp;<': []
  http:
  - route: [{destination: {host: web}}]
  - route: [{destination: {host: gone}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
";

/// Lints the manifests in a directory of a git repository, with some outputs in files.
fn lint(directory: &Path, arguments: &[&str]) -> Run {
    fs::create_dir_all(directory.join(".git")).unwrap();
    fs::create_dir_all(directory.join("deploy")).unwrap();
    fs::write(directory.join("deploy/web 1.yaml"), MANIFESTS).unwrap();
    mesh_in(&directory.join("deploy"), &[&["lint", "."], arguments].concat(), "", &[])
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Runs a program in Python with the modules that it needs, and returns what it prints. `None` if they are not installed.
fn python(modules: &str, program: &str, argument: &Path) -> Option<String> {
    let imports = format!("import {modules}");
    if !Command::new("python3").args(["-c", &imports]).output().is_ok_and(|it| it.status.success()) {
        skip(&format!("Python has no {modules}"));
        return None;
    }
    let output = Command::new("python3").args(["-c", program]).arg(argument).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

const READ_SARIF: &str = "
import json, sys, sarif_pydantic
sarif = sarif_pydantic.Sarif.model_validate(json.load(open(sys.argv[1])))
print(len(sarif.runs[0].results), len(sarif.runs[0].tool.driver.rules))
";

const READ_JUNIT: &str = "
import sys, junitparser
suites = junitparser.JUnitXml.fromfile(sys.argv[1])
for suite in suites:
    for case in suite:
        print(suite.name, case.name, *(type(it).__name__ for it in case.result), sep='; ')
";

const RENDER: &str = "
import sys, markdown_it
print(markdown_it.MarkdownIt('gfm-like', {'linkify': False}).render(open(sys.argv[1]).read()))
";

#[test]
fn several_outputs_in_one_run_have_the_same_findings() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let outputs = ["json=../a.json", "sarif=../a.sarif", "gitlab=../a.gitlab", "junit=../a.xml", "markdown=../a.md"];
    let outputs: Vec<&str> = outputs.iter().flat_map(|output| ["--output", *output]).collect();
    let run = lint(directory.path(), &[&outputs[..], &["--output", "concise", "--show", "info"]].concat());
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let all = json(&file("a.json"));
    let all = all["diagnostics"].as_array().unwrap();
    assert!(all.len() > 3, "{all:?}");
    assert_eq!(run.stdout.lines().count(), all.len());
    insta::assert_snapshot!("concise", run.stdout);

    let sarif = json(&file("a.sarif"));
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let issues = json(&file("a.gitlab"));
    let issues = issues.as_array().unwrap();
    assert_eq!((results.len(), issues.len()), (all.len(), all.len()));
    for ((finding, result), issue) in all.iter().zip(results).zip(issues) {
        assert_eq!((&result["ruleId"], &issue["check_name"]), (&finding["rule"], &finding["rule"]));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], finding["start"]["line"]);
        assert_eq!(issue["location"]["lines"]["begin"], finding["start"]["line"]);
        assert_eq!(issue["location"]["path"], "deploy/web 1.yaml");
        assert_eq!(issue["fingerprint"], result["partialFingerprints"]["meshFinding/v1"]);
        let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(
            (artifact["uri"].as_str(), artifact["uriBaseId"].as_str()),
            (Some("deploy/web%201.yaml"), Some("%SRCROOT%"))
        );
        let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], finding["rule"]);
        assert!(rule["help"]["markdown"].as_str().unwrap().len() > 100);
    }
    let misspelt = results.iter().find(|it| it["ruleId"] == "unknown-field").unwrap();
    let replacement = &misspelt["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "exportTo", "{misspelt:#}");

    if let Some(read) = python("sarif_pydantic", READ_SARIF, &file("a.sarif")) {
        let rules: BTreeSet<&str> = all.iter().filter_map(|it| it["rule"].as_str()).collect();
        assert_eq!(read.trim(), format!("{} {}", all.len(), rules.len()));
    }
    if let Some(read) = python("junitparser", READ_JUNIT, &file("a.xml")) {
        assert_eq!(read.lines().count(), all.len());
        let failures = all.iter().filter(|it| it["severity"] == "error").count();
        assert_eq!(read.lines().filter(|line| line.ends_with("; Failure")).count(), failures, "{read}");
        assert!(read.lines().all(|line| line.starts_with("deploy/web 1.yaml; ")), "{read}");
    }
    if let Some(page) = python("markdown_it", RENDER, &file("a.md")) {
        let rows = page.matches("<tr>").count() - page.matches("<thead>").count();
        assert_eq!(rows, all.len(), "{page}");
        assert!(!page.contains("<i>") && page.contains("<code>a|b&amp;amp;&lt;</code>"), "{page}");
    }
}

#[test]
fn annotations_are_commands_of_github() {
    let directory = tempfile::tempdir().unwrap();
    let run = lint(directory.path(), &["--output", "github"]);
    insta::assert_snapshot!("github", run.stdout);
    // An error for each of many routes.
    let routes = "  - route: [{destination: {host: gone, subset: ' '}}]\n".repeat(15);
    fs::write(
        directory.path().join("deploy/many.yaml"),
        MANIFESTS.replace("  - route: [{destination: {host: gone}}]\n", &routes),
    )
    .unwrap();
    let run = lint(directory.path(), &["--output", "github"]);
    let count = |command: &str| run.stdout.lines().filter(|line| line.starts_with(command)).count();
    assert_eq!(count("::error "), 10);
    assert!(run.stdout.lines().next().unwrap().starts_with("::error "));
    assert!(run.stdout.ends_with(" have no annotation: GitHub shows 10 of each severity\n"), "{}", run.stdout);
}

#[test]
fn outputs_that_cannot_be_written_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, message) in [
        (
            &["--output", "sarif", "--output", "text"][..],
            "only one format can go to standard output: write the others to files, as in `--output junit=mesh.xml`",
        ),
        (&["--output", "sarif=gone/a.sarif"], "cannot write `gone/a.sarif`: "),
        (&["--output", "sarif="], "invalid value 'sarif=' for '--output <FORMAT[=FILE]>': a file must follow `=`"),
        (
            &["--output", "xml"],
            "invalid value 'xml' for '--output <FORMAT[=FILE]>': `xml` is not a format: write text, concise, json, sarif, github, gitlab, junit, markdown",
        ),
    ] {
        let run = lint(directory.path(), arguments);
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.starts_with(&format!("error: {message}")), "{}", run.stderr);
    }
}

/// Lines above a document move its findings. Their fingerprints stay, and no two findings share one.
#[test]
fn fingerprints_survive_inserted_lines() {
    let Some(corpus) = shared::data("corpus") else { return };
    let copy = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(&corpus).sort_by_file_name() {
        let entry = entry.unwrap();
        let target = copy.path().join(entry.path().strip_prefix(&corpus).unwrap());
        match entry.file_type() {
            it if it.is_dir() => fs::create_dir_all(target).unwrap(),
            it if it.is_file() => drop(fs::copy(entry.path(), target).unwrap()),
            _ => {}
        }
    }
    let fingerprints = || -> (Vec<String>, BTreeSet<u64>) {
        let run = mesh_in(copy.path(), &["lint", ".", "--output", "sarif"], "", &[]);
        let results = run.json()["runs"][0]["results"].as_array().unwrap().clone();
        let of = |it: &Value| it["partialFingerprints"]["meshFinding/v1"].as_str().unwrap().to_owned();
        let line = |it: &Value| it["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
        let mut all: Vec<String> = results.iter().map(of).collect();
        all.sort();
        (all, results.iter().map(line).collect())
    };
    let (before, lines) = fingerprints();
    assert!(before.len() > 100 && before.iter().collect::<BTreeSet<_>>().len() == before.len());
    for entry in walkdir::WalkDir::new(copy.path()) {
        let entry = entry.unwrap();
        let is_yaml = entry.path().extension().is_some_and(|it| it == "yaml" || it == "yml");
        if is_yaml && entry.file_type().is_file() {
            let text = fs::read(entry.path()).unwrap();
            fs::write(entry.path(), [&b"# inserted\n\n"[..], &text].concat()).unwrap();
        }
    }
    let (after, moved) = fingerprints();
    assert_ne!(lines, moved);
    assert_eq!(before, after);
}
