//! The configuration file, the options that choose findings, and `mesh init`.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::mesh::{Run, mesh_in};

/// A VirtualService with an unknown field.
const ROUTES: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: NAME, namespace: shop}\nspec:\n  \
                      hosts: [NAME.example.com]\n  http:\n  - timeOut: 5s\n    directResponse: {status: 200}\n";

/// A directory with files.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new(files: &[(&str, &str)]) -> Self {
        let directory = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| directory.write(name, text));
        directory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn mesh(&self, arguments: &[&str]) -> Run {
        let path = std::env::var("PATH").unwrap_or_default();
        mesh_in(self.path(), arguments, "", &[("PATH", &path), ("HOME", "/nonexistent")])
    }

    /// The findings of `mesh lint --quiet` with arguments, as `file:line: rule`.
    fn findings(&self, arguments: &[&str]) -> Vec<String> {
        let run = self.mesh(&[&["lint", "--format", "json"], arguments].concat());
        let json = run.json();
        let shown = |it: &serde_json::Value| {
            format!("{}:{}: {}", it["file"].as_str().unwrap(), it["start"]["line"], it["rule"].as_str().unwrap())
        };
        json["diagnostics"].as_array().unwrap().iter().map(shown).collect()
    }

    fn git(&self, arguments: &[&str]) {
        let names = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
        let run = Command::new("git")
            .current_dir(self.path())
            .args(arguments)
            .envs(names.map(|name| (name, "mesh")))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
            .output()
            .unwrap();
        assert!(run.status.success(), "{arguments:?}: {run:?}");
    }
}

fn routes(name: &str) -> String {
    ROUTES.replace("NAME", name)
}

#[test]
fn a_mistake_in_the_configuration_is_shown_with_its_line() {
    let directory =
        Directory::new(&[(".mesh.yml", "namespace: shop\nrules:\n  unknwon-field: off\n"), ("a.yaml", &routes("a"))]);
    let run = directory.mesh(&["lint"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(run.stdout);
    assert_eq!(directory.findings(&[]), [".mesh.yml:3: invalid-configuration", "a.yaml:7: unknown-field"]);
    // The mistake is shown even if nothing else is found.
    let run = directory.mesh(&["lint", "--exclude", "*.yaml", "--allow-empty", "--quiet"]);
    assert_eq!(
        run.stdout.lines().next().unwrap(),
        ".mesh.yml:3:3: error[invalid-configuration] rule `unknwon-field` does not exist"
    );
    assert_eq!(run.status, 1);
}

#[test]
fn one_of_two_configurations_is_read() {
    let files =
        [(".mesh.yaml", "rules: {unknown-field: off}\n"), (".mesh.yml", "wombat: 1\n"), ("a.yaml", &routes("a"))];
    let directory = Directory::new(&files);
    assert_eq!(directory.findings(&[]), [".mesh.yaml:1: invalid-configuration"]);
    assert_eq!(directory.mesh(&["lint"]).status, 0);
}

#[test]
fn places_are_shown_from_the_working_directory() {
    let directory = Directory::new(&[(".mesh.yaml", "wombat: 1\n"), ("manifests/a.yaml", &routes("a"))]);
    let run = mesh_in(&directory.path().join("manifests"), &["lint", "--quiet"], "", &[]);
    let lines: Vec<&str> = run.stdout.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(lines, ["../.mesh.yaml:1:1", "a.yaml:7:5"]);
}

#[test]
fn only_a_whole_run_reports_what_matches_nothing() {
    let config = "overrides: [{paths: [vendor], rules: {unknown-host: off}}]\n\
                  suppress: [{rules: no-effect, reason: a}, {rules: unknown-host, namespace: other, reason: a}]\n";
    let directory = Directory::new(&[(".mesh.yaml", config), ("m/a.yaml", &routes("a"))]);
    let unused =
        [".mesh.yaml:1: invalid-configuration", ".mesh.yaml:2: unused-suppression", ".mesh.yaml:2: unused-suppression"];
    for arguments in [&[][..], &["."], &["./"], &["m", "."]] {
        assert_eq!(directory.findings(arguments)[..3], unused, "{arguments:?}");
    }
    for arguments in [&["m"][..], &["m/a.yaml"], &["--no-config"]] {
        assert_eq!(directory.findings(arguments), ["m/a.yaml:7: unknown-field"], "{arguments:?}");
    }
    directory.write(".mesh.yaml", &format!("manifests: [m]\n{config}"));
    assert_eq!(directory.findings(&[]).len(), 4);
}

#[test]
fn files_are_excluded_by_the_configuration_and_by_options() {
    let files = [("a.yaml", &*routes("a")), ("drafts/b.yaml", &routes("b")), ("drafts/deep/c.yaml", &routes("c"))];
    let directory = Directory::new(&files);
    let found = |arguments: &[&str]| -> String {
        let files = directory.findings(arguments).into_iter();
        files.map(|it| it.split(':').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(&[]), "a.yaml drafts/b.yaml drafts/deep/c.yaml");
    assert_eq!(found(&["--exclude", "drafts"]), "a.yaml");
    assert_eq!(found(&["--exclude", "drafts/*.yaml"]), "a.yaml drafts/deep/c.yaml");
    assert_eq!(found(&["--exclude", "a.yaml", "--exclude", "**/deep/**"]), "drafts/b.yaml");
    // A path on the command line is read, and patterns apply below it.
    assert_eq!(found(&["--exclude", "drafts", "drafts/b.yaml"]), "drafts/b.yaml");
    assert_eq!(found(&["--exclude", "drafts/deep", "drafts"]), "drafts/b.yaml");
    directory.write(".mesh.yaml", "exclude: [drafts/deep]\n");
    assert_eq!(found(&[]), "a.yaml drafts/b.yaml");
    let run = mesh_in(&directory.path().join("drafts"), &["lint", "--quiet", "--exclude", "b.yaml"], "", &[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("exclude the files"), "{run:?}");
    let run = directory.mesh(&["lint", "--exclude", "a["]);
    assert!(run.status == 2 && run.stderr.starts_with("error: `--exclude`: `a[` is not a valid pattern"), "{run:?}");
}

#[test]
fn names_separate_with_commas() {
    let directory = Directory::new(&[("a.yaml", &routes("a"))]);
    assert_eq!(directory.findings(&["--select", "unknown-host,schema"]).len(), 1);
    assert_eq!(directory.findings(&["--select", "unknown-host", "--select", "unknown-field"]).len(), 1);
    assert_eq!(directory.findings(&["--ignore", "unknown-host,unknown-field"]).len(), 0);
    let run = directory.mesh(&["lint", "--ignore", "unknown-feld"]);
    let message = "error: `--ignore`: rule `unknown-feld` does not exist; did you mean `unknown-field`?\n";
    assert_eq!((run.status, run.stderr.as_str()), (2, message));
}

#[test]
fn the_exit_status_follows_the_configuration_and_options() {
    let commented = routes("a").replace("timeOut: 5s", "timeOut: 5s # mesh: ignore[unknown-field] known");
    let directory = Directory::new(&[("a.yaml", &routes("a")), ("b/b.yaml", &commented)]);
    let status = |arguments: &[&str]| directory.mesh(&[&["lint"], arguments].concat()).status;
    assert_eq!((status(&["a.yaml"]), status(&["a.yaml", "--exit-zero"]), status(&["none", "--exit-zero"])), (1, 0, 2));
    assert_eq!((status(&["b"]), status(&["b", "--no-ignores"])), (0, 1));
    directory.write(".mesh.yaml", "rules: {unknown-field: warning}\nfailOn: warning\n");
    assert_eq!((status(&["a.yaml"]), status(&["a.yaml", "--fail-on", "error"])), (1, 0));
    assert_eq!(status(&["a.yaml", "--min-severity", "error"]), 0, "a warning is not counted");
    assert_eq!(directory.findings(&["--min-severity", "error"]).len(), 0);
    let unchecked =
        routes("c").replace("timeOut: 5s\n    directResponse: {status: 200}", "route: [{destination: {host: c}}]");
    directory.write("c/c.yaml", &unchecked);
    assert_eq!((status(&["c"]), status(&["c", "--fail-on-unchecked"])), (0, 1));
    assert_eq!(status(&["c", "--fail-on-unchecked", "--ignore", "reference"]), 0);
    directory.write(".mesh.yaml", "failOnUnchecked: true\n");
    assert_eq!(status(&["c"]), 1);
}

#[test]
fn verbose_says_what_was_read_and_skipped() {
    let files = [
        (".mesh.yaml", "exclude: [drafts]\n"),
        ("prod/kustomization.yaml", "resources: [a.yaml]\n"),
        ("prod/a.yaml", &*routes("a")),
        ("drafts/b.yaml", "a: b\n"),
        ("node_modules/c.yaml", "a: b\n"),
        ("values.yaml", "a: b\n"),
        (".ignore", "old.yaml\n"),
        ("old.yaml", "a: b\n"),
        ("charts/x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
        ("charts/x/templates/a.yaml", "a: {{ .Values.a }}\n"),
    ];
    let run = Directory::new(&files).mesh(&["lint", "--verbose"]);
    assert_eq!(run.status, 1);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn only_changed_shows_findings_of_changed_files() {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: git is not installed");
        return;
    }
    let valid = routes("e").replace("timeOut", "timeout");
    let directory = Directory::new(&[("m/a.yaml", &routes("a")), ("m/b.yaml", &routes("b")), ("m/e.yaml", &valid)]);
    directory.git(&["init", "--quiet", "--initial-branch", "main"]);
    directory.git(&["add", "."]);
    directory.git(&["commit", "--quiet", "-m", "one"]);
    assert_eq!(directory.findings(&["--only-changed", "main"]), [""; 0]);
    directory.write("m/b.yaml", &format!("# changed\n{}", routes("b")));
    directory.write("m/ü c.yaml", &routes("c"));
    assert_eq!(
        directory.findings(&["--only-changed", "main"]),
        ["m/b.yaml:8: unknown-field", "m/ü c.yaml:7: unknown-field"]
    );
    // From a directory, and after a commit on a branch while the other one goes on.
    let run = mesh_in(
        &directory.path().join("m"),
        &["lint", "--quiet", "--only-changed", "HEAD"],
        "",
        &[("PATH", &std::env::var("PATH").unwrap())],
    );
    assert_eq!((run.status, run.stdout.lines().count()), (1, 2), "{run:?}");
    directory.git(&["switch", "--quiet", "--create", "work"]);
    directory.git(&["add", "m/b.yaml"]);
    directory.git(&["commit", "--quiet", "-m", "two"]);
    directory.git(&["stash", "--quiet", "--include-untracked"]);
    directory.git(&["switch", "--quiet", "main"]);
    directory.write("m/a.yaml", &format!("# changed\n{}", routes("a")));
    directory.git(&["commit", "--quiet", "--all", "-m", "three"]);
    directory.git(&["switch", "--quiet", "work"]);
    assert_eq!(directory.findings(&["--only-changed", "main"]), ["m/b.yaml:8: unknown-field"]);
    let json = directory.mesh(&["lint", "--format", "json", "--only-changed", "main"]).json();
    assert_eq!((&json["summary"]["errors"], &json["summary"]["unchanged"]), (&1.into(), &1.into()));
    // A conflict touches the files of both resources.
    directory.write("m/d.yaml", &valid.replace("name: e", "name: d"));
    let both = directory.findings(&["--only-changed", "main"]);
    assert!(both.iter().any(|it| it.starts_with("m/e.yaml") && it.contains("duplicate-host")), "{both:?}");
    let unknown = directory.mesh(&["lint", "--only-changed", "-p"]);
    assert_eq!(unknown.status, 2, "{unknown:?}");
    let unknown = directory.mesh(&["lint", "--only-changed", "nowhere"]);
    let message = "error: `--only-changed nowhere`: git does not know the revision\n";
    assert_eq!((unknown.status, unknown.stderr.as_str()), (2, message));
}

/// A Service that exists, and a route to others.
fn references(hosts: &[&str]) -> String {
    let routes: String = hosts
        .iter()
        .map(|host| {
            format!("  - match: [{{uri: {{prefix: /{host}}}}}]\n    route: [{{destination: {{host: {host}}}}}]\n")
        })
        .collect();
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{ports: [{{name: http, port: 80}}]}}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: web, namespace: shop}}\nspec:\n  \
         hosts: [web]\n  http:\n{routes}"
    )
}

#[test]
fn known_hosts_and_services_exist() {
    let hosts = ["cart", "ledger.payments.svc.cluster.local", "api.partner.example", "a.example.com"];
    let directory = Directory::new(&[("a.yaml", &references(&hosts))]);
    let run = |config: &str| {
        directory.write(".mesh.yaml", config);
        let run = directory.mesh(&["lint", "--format", "json", "--select", "unknown-host"]).json();
        (run["diagnostics"].as_array().unwrap().len(), run["unchecked"].as_array().unwrap().len())
    };
    assert_eq!(run(""), (1, 2));
    assert_eq!(run("inventory: complete\n"), (4, 0));
    let known =
        "known: {hosts: [api.partner.example, '*.example.com'], services: {shop: [cart], payments: [ledger]}}\n";
    assert_eq!(run(known), (0, 0));
    assert_eq!(run(&format!("inventory: complete\n{known}")), (0, 0));
    assert_eq!(run("known: {services: {shop: [ledger]}}\ninventory: complete\n"), (4, 0));
    directory.write(".mesh.yaml", known);
    let answer = directory.mesh(&["simulate", ".", "http://web/cart", "--format", "json"]);
    assert!(answer.stdout.contains("the configuration says that Service `shop/cart` exists"), "{answer:?}");
}

#[test]
fn inventories_apply_to_their_namespaces() {
    let hosts = ["cart", "ledger.payments.svc.cluster.local"];
    let directory = Directory::new(&[("a.yaml", &references(&hosts))]);
    let run = |config: &str, arguments: &[&str]| {
        directory.write(".mesh.yaml", config);
        let arguments = [&["lint", "--format", "json", "--select", "unknown-host"], arguments].concat();
        let run = directory.mesh(&arguments).json();
        let unchecked = run["unchecked"].as_array().unwrap().iter().filter_map(|it| it["count"].as_u64()).sum::<u64>();
        (run["diagnostics"].as_array().unwrap().len(), unchecked)
    };
    assert_eq!(run("", &[]), (1, 1), "other Services are given in `shop`, none in `payments`");
    assert_eq!(run("inventory: {payments: complete}\n", &[]), (2, 0));
    assert_eq!(run("inventory: {payments: complete, shop: partial}\n", &[]), (1, 1));
    assert_eq!(run("inventory: {'*': partial}\n", &[]), (0, 2));
    assert_eq!(run("inventory: {'*': partial, payments: complete}\n", &[]), (1, 1));
    assert_eq!(run("inventory: {shop: partial}\n", &["--inventory", "complete"]), (2, 0));
    assert_eq!(run("meshes: [{name: a, paths: [.], inventory: {payments: complete}}]\n", &[]), (2, 0));
}

#[test]
fn init_writes_a_configuration_that_the_directory_suggests() {
    let files = [
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", &*references(&["ledger.payments"])),
        ("envs/dev/kustomization.yaml", "resources: [../../base]\n"),
        ("envs/prod/kustomization.yaml", "resources: [../../base, b.yaml]\n"),
        ("envs/prod/b.yaml", &*routes("b").replace("timeOut", "timeout").replace("shop", "payments")),
        ("charts/x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
        ("charts/x/templates/a.yaml", "a: {{ .Values.a }}\n"),
        (
            "istio/operator.yaml",
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {}\n---\n\
          apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway, namespace: istio-system}\nspec: {template: {spec: {containers: [\n\
          {name: a,\n          image: docker.io/istio/proxyv2:1.27.1}]}}}\n",
        ),
    ];
    let directory = Directory::new(&files);
    let run = mesh_in(directory.path(), &["init"], "", &[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let written = fs::read_to_string(directory.path().join(".mesh.yaml")).unwrap();
    insta::assert_snapshot!(format!("{}\n{written}", run.stdout));
    assert_eq!(mesh::config::Config::parse(&written).unwrap().manifests.len(), 3);
    assert_eq!(directory.findings(&["--select", "configuration"]), [""; 0]);
    // A second run changes nothing.
    let again = mesh_in(directory.path(), &["init"], "", &[]);
    assert_eq!((again.status, again.stderr.as_str()), (2, "error: `.mesh.yaml` exists; `--force` overwrites it\n"));
    directory.write(".mesh.yaml", "wombat: 1\n");
    assert_eq!(mesh_in(directory.path(), &["init", "--force"], "", &[]).status, 0);
    assert_eq!(fs::read_to_string(directory.path().join(".mesh.yaml")).unwrap(), written);
}

#[test]
fn init_looks_at_the_directory_that_it_is_given() {
    let directory = Directory::new(&[("other/a.yaml", &routes("a"))]);
    fs::create_dir(directory.path().join("empty")).unwrap();
    let run = directory.mesh(&["init", "other"]);
    assert_eq!((run.status, run.stdout.lines().next().unwrap()), (0, "wrote `other/.mesh.yaml`"));
    let run = directory.mesh(&["init", "empty"]);
    assert_eq!((run.status, run.stdout.lines().count()), (0, 2), "{run:?}");
    assert_eq!(directory.mesh(&["init", "nowhere"]).status, 2);
    directory.write("empty/.mesh.yml", "namespace: a\n");
    fs::remove_file(directory.path().join("empty/.mesh.yaml")).unwrap();
    assert_eq!(directory.mesh(&["init", "empty"]).status, 2);
    assert_eq!(directory.mesh(&["init", "--force", "empty"]).stdout.lines().next().unwrap(), "wrote `empty/.mesh.yml`");
}

#[test]
fn fixes_follow_the_selection() {
    let both = routes("a")
        .replace("    directResponse", "    timOut: 3s # keep\n    directResponse")
        .replace("  - timeOut: 5s\n", "  - name: x\n");
    let directory = Directory::new(&[
        ("m/a.yaml", &both),
        ("m/b.yaml", &both.replace("{name: a", "{name: b").replace("a.ex", "b.ex")),
    ]);
    let patched = |arguments: &[&str]| {
        let patch = directory.mesh(&[&["lint", "m", "--diff"], arguments].concat());
        assert_eq!(patch.stderr, "", "{patch:?}");
        patch.stdout.lines().filter(|line| line.starts_with("+ ")).count()
    };
    assert_eq!(patched(&[]), 2);
    assert_eq!(patched(&["--select", "unknown-field"]), 2);
    assert_eq!(patched(&["--ignore", "schema"]), 0);
    assert_eq!(patched(&["--exclude", "m/b.yaml"]), 1);
}
