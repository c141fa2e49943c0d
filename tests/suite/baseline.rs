//! `mesh lint --baseline` and `--write-baseline`.

#![allow(clippy::disallowed_methods, reason = "tests write files")]

use std::fs;
use std::path::Path;

use super::mesh::{Run, mesh_in};

/// A VirtualService whose routes go to some hosts without conditions: each but the first is unreachable.
fn manifest(hosts: &[&str]) -> String {
    let route = |host: &&str| format!("  - name: {host}\n    route: [{{destination: {{host: {host}}}}}]\n");
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\n\
         spec:\n  hosts: [a]\n  http:\n{}",
        hosts.iter().map(route).collect::<String>()
    )
}

fn run(directory: &Path, arguments: &[&str]) -> Run {
    mesh_in(directory, &[&["lint"], arguments].concat(), "", &[])
}

/// The rules that `lint` reports, by their places.
fn findings(directory: &Path, arguments: &[&str]) -> Vec<String> {
    run(directory, &[&["--format", "json"], arguments].concat()).findings()
}

#[test]
fn known_findings_are_not_reported() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("a.yaml"), manifest(&["one", "two", "three"])).unwrap();
    let all = findings(here, &["."]);
    assert_eq!(all.iter().filter(|it| it.contains("unreachable-route")).count(), 2, "{all:?}");

    let written = run(here, &[".", "--write-baseline"]);
    assert_eq!(written.stdout, format!("wrote {} findings to `.mesh-baseline.json`\n", all.len()));
    assert_eq!((written.status, written.stderr.as_str()), (0, ""));
    let known = run(here, &[".", "--baseline", ".mesh-baseline.json"]);
    assert_eq!((known.status, known.stderr.as_str()), (0, ""));
    assert!(known.stdout.contains("no new problems found (1 resource in 1 file, "), "{}", known.stdout);

    // Another file, other lines, and another route before it.
    fs::remove_file(here.join("a.yaml")).unwrap();
    fs::create_dir(here.join("b")).unwrap();
    fs::write(here.join("b/b.yaml"), format!("# moved\n{}", manifest(&["one", "new", "two", "three"]))).unwrap();
    let new = findings(here, &[".", "--baseline", ".mesh-baseline.json"]);
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(new[0].ends_with("unreachable-route VirtualService shop/a spec.http[1]"), "{new:?}");

    // The configuration names it, wherever mesh runs.
    fs::write(here.join(".mesh.yaml"), "baseline: .mesh-baseline.json\n").unwrap();
    assert_eq!(findings(&here.join("b"), &[]), new);
    assert_eq!(run(&here.join("b"), &["--write-baseline"]).stdout.lines().count(), 1);
    assert_eq!(findings(here, &["b"]), Vec::<String>::new());
}

#[test]
fn entries_that_no_longer_occur_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("a.yaml"), manifest(&["one", "two"])).unwrap();
    fs::write(here.join("b.yaml"), manifest(&["one", "two"]).replace("name: a,", "name: b,").replace("[a]", "[b]"))
        .unwrap();
    run(here, &[".", "--write-baseline"]);
    let baseline = || fs::read_to_string(here.join(".mesh-baseline.json")).unwrap();
    let full = baseline();
    fs::write(here.join("b.yaml"), manifest(&["one"]).replace("name: a,", "name: b,").replace("[a]", "[b]")).unwrap();

    // Nothing is known about files that were not read.
    assert_eq!(run(here, &["a.yaml", "--baseline", ".mesh-baseline.json"]).stderr, "");
    run(here, &["a.yaml", "--write-baseline"]);
    assert_eq!(baseline(), full);

    let told = run(here, &[".", "--baseline", ".mesh-baseline.json"]);
    assert_eq!(
        told.stderr,
        "warning: the baseline `.mesh-baseline.json` lists a finding that no longer occurs; `mesh lint --write-baseline` \
         removes what no longer occurs\nwarning: b.yaml: unreachable-route of VirtualService shop/b\n"
    );
    run(here, &[".", "--write-baseline"]);
    assert!(baseline().len() < full.len());
    assert_eq!(run(here, &[".", "--baseline", ".mesh-baseline.json"]).stderr, "");
}

#[test]
fn a_baseline_that_cannot_be_used_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("a.yaml"), manifest(&["one"])).unwrap();
    let missing = run(here, &[".", "--baseline", "known.json"]);
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.starts_with("error: cannot read the baseline `known.json`: "), "{}", missing.stderr);
    for (text, message) in [
        ("{}", "`known.json` is not a baseline: missing field `schema` at line 1 column 2"),
        (
            "{\"schema\": \"mesh.baseline/v9\", \"findings\": []}",
            "`known.json` is not a baseline: the schema is `mesh.baseline/v9`, and this version of mesh reads \
             `mesh.baseline/v1`",
        ),
    ] {
        fs::write(here.join("known.json"), text).unwrap();
        let run = run(here, &["a.yaml", "--baseline", "known.json"]);
        assert_eq!((run.status, run.stderr), (2, format!("error: {message}\n")));
    }
    fs::write(here.join("broken.yaml"), "a: [").unwrap();
    let refused = run(here, &["missing.yaml", "a.yaml", "--write-baseline"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("the baseline was not written"), "{}", refused.stderr);
}
