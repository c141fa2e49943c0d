//! `--helm`: charts are rendered by `helm`, here by a stand-in that renders simple templates as the real one does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::mesh::{Run, mesh_in};

const CHART: &str = "apiVersion: v2\nname: tickets\nversion: 1.0.0\n";

const SERVICE: &str = "apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  selector: {app: tickets}
  ports: [{name: http, port: {{ required \"set a port\" .Values.port }}}]
";

/// The route is to port 80, which the Service has with some values only.
const ROUTE: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: tickets
spec:
  hosts: [{{ .Release.Name }}]
  http:
  - route:
    - destination: {host: {{ .Release.Name }}, port: {number: 80}}
";

/// A repository with a chart, and a directory with the stand-in.
struct Repository {
    directory: tempfile::TempDir,
    programs: PathBuf,
}

impl Repository {
    /// The chart `charts/tickets`, and other files.
    fn new(others: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let programs = directory.path().join("bin");
        fs::create_dir(&programs).unwrap();
        let repository = Self { directory, programs };
        let chart = [
            ("charts/tickets/Chart.yaml", CHART),
            ("charts/tickets/values.yaml", "port: 8080\n# mesh: ignore[unknown-host]\n"),
            ("charts/tickets/values-dev.yaml", "port: 80\n"),
            ("charts/tickets/templates/service.yaml", SERVICE),
            ("charts/tickets/templates/route.yaml", ROUTE),
            ("charts/tickets/crds/crd.yaml", "a: {{ broken\n"),
        ];
        chart.iter().chain(others).for_each(|(path, text)| repository.write(path, text));
        repository
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Installs the stand-in.
    fn install(self) -> Self {
        let helm = self.programs.join("helm");
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/helm.sh"), &helm).unwrap();
        fs::set_permissions(&helm, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Runs `mesh`, which finds `helm` only if it is installed here.
    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(&format!("{}:/usr/bin:/bin", self.programs.display()), arguments)
    }

    fn run_with(&self, path: &str, arguments: &[&str]) -> Run {
        mesh_in(self.root(), arguments, "", &[("PATH", path), ("HOME", "/nowhere")])
    }

    /// The findings, by place, rule and template.
    fn findings(&self, arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<&str> = ["lint", "--quiet"].iter().chain(arguments).copied().collect();
        self.run(&arguments).stdout.lines().map(str::to_owned).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.programs.join("log")).unwrap()
    }
}

/// The directories with programs, without those that have `helm`.
const WITHOUT_HELM: &str = "/nowhere";

#[test]
fn findings_name_the_template_on_disk() {
    let repository = Repository::new(&[]).install();
    let run = repository.run(&["lint", "--helm", "--format", "json"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""), "{run:?}");
    let json = run.json();
    let finding = &json["diagnostics"][0];
    assert_eq!(finding["message"], "port 80 of `tickets.release-namespace.svc.cluster.local` does not exist");
    assert_eq!(
        (&finding["file"], &finding["source"], &finding["start"]["line"]),
        (&json!("charts/tickets/<helm template>"), &json!("charts/tickets/templates/route.yaml"), &json!(21))
    );
    assert_eq!((&json["summary"]["resources"], &json["summary"]["files"]), (&json!(2), &json!(1)));
    let expected = json!({
        "name": "charts/tickets", "source": "helm", "file": "charts/tickets/Chart.yaml", "namespace": "release-namespace",
        "resources": 2, "partial": [],
    });
    assert_eq!(json["meshes"], json!([expected]));
    let text = repository.run(&["lint", "--helm"]).stdout;
    assert!(text.contains("[charts/tickets/templates/route.yaml in charts/tickets/<helm template>:21:"), "{text}");
    let run = repository.run(&["lint", "--helm", "--mesh", "tickets"]);
    assert_eq!(run.stderr, "error: mesh `tickets` does not exist; the manifests have `charts/tickets`\n");
    let table = repository.run(&["meshes", "--helm"]).stdout;
    assert!(table.contains("charts/tickets") && table.contains("Helm"), "{table}");
}

#[test]
fn helm_gets_the_names_and_no_other_options() {
    let repository = Repository::new(&[]).install();
    repository.run(&["lint", "--helm"]);
    let log = repository.log();
    let start = "template tickets ./charts/tickets --namespace=release-namespace --skip-tests --api-versions=";
    assert!(log.starts_with(start) && log.lines().count() == 1, "{log}");
    assert!(log.contains("--api-versions=networking.istio.io/v1/VirtualService"), "{log}");
}

#[test]
fn the_configuration_names_releases_and_values() {
    let config = "helm:\n  charts:\n  - {path: charts/tickets, release: prod, namespace: shop}\n  \
        - {path: charts/tickets, release: dev, namespace: test, values: [charts/tickets/values-dev.yaml]}\n";
    let repository = Repository::new(&[(".mesh.yaml", config)]).install();
    let findings = repository.findings(&[]);
    let expected = "charts/tickets/<helm template prod>:21:48: error[unknown-port] port 80 of \
        `prod.shop.svc.cluster.local` does not exist (charts/tickets/templates/route.yaml)";
    assert_eq!(findings, [expected]);
    let json = repository.run(&["meshes", "--format", "json"]).json();
    let name = |mesh: &Value| format!("{} in {}", mesh["name"].as_str().unwrap(), mesh["namespace"].as_str().unwrap());
    let rendered = json["meshes"].as_array().unwrap().iter().filter(|mesh| mesh["source"] == "helm");
    let names: Vec<String> = rendered.map(name).collect();
    assert_eq!(names, ["charts/tickets@dev in test", "charts/tickets@prod in shop"]);
    assert_eq!(repository.findings(&["--mesh", "charts/tickets@dev"]), Vec::<String>::new());
    assert!(repository.log().contains("--values=./charts/tickets/values-dev.yaml"), "{}", repository.log());
    let answer = repository.run(&["simulate", "http://dev.test/", "--mesh", "*@dev", "--format", "json"]).json();
    assert!(answer.to_string().contains("dev.test.svc.cluster.local"), "{answer}");
    // From another directory, the paths of the configuration mean the same.
    let below = mesh_in(
        &repository.root().join("charts"),
        &["lint", "--quiet"],
        "",
        &[("PATH", &format!("{}:/usr/bin:/bin", repository.programs.display()))],
    );
    assert!(below.stdout.starts_with("tickets/<helm template prod>:21:48: error[unknown-port]"), "{below:?}");
}

#[test]
fn mistakes_in_the_configuration_are_told() {
    let run = |config: &str| {
        let repository = Repository::new(&[(".mesh.yaml", config)]).install();
        let run = repository.run(&["lint"]);
        (run.status, run.stderr.lines().next().unwrap_or_default().to_owned())
    };
    let (status, error) = run("helm: {charts: [{path: charts/ticket}]}\n");
    assert_eq!((status, error.as_str()), (2, "error: `charts/ticket` is not a chart: it has no `Chart.yaml`"));
    let (status, error) = run("helm: {charts: [{path: charts/tickets, values: [dev.yaml]}]}\n");
    let expected = "error: cannot render chart `charts/tickets`: the values file `dev.yaml` does not exist";
    assert_eq!((status, error.as_str()), (2, expected));
    let (status, error) = run("helm: {charts: [{path: charts/tickets, release: --post-renderer=x}]}\n");
    assert_eq!(status, 2);
    assert!(error.contains("`--post-renderer=x` is not a valid name of a release"), "{error}");
}

const MANIFESTS: &str =
    "{apiVersion: v1, kind: Service, metadata: {name: mail, namespace: shop}, spec: {ports: [{port: 25}]}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.example.com]
  http: [{route: [{destination: {host: seats}}]}]
";

/// A chart adds unknown resources to all namespaces, unless it is rendered for a namespace that the configuration names.
#[test]
fn a_rendered_chart_with_a_namespace_hides_nothing() {
    let others = [("manifests/a.yaml", MANIFESTS)];
    let unknown = |findings: &[String]| findings.iter().any(|it| it.contains("unknown-host"));
    let repository = Repository::new(&others).install();
    assert!(!unknown(&repository.findings(&[])), "not rendered");
    assert!(!unknown(&repository.findings(&["--helm"])), "rendered for an assumed namespace");
    let run = repository.run(&["lint", "--helm"]);
    assert!(run.stdout.contains("the namespace of chart `charts/tickets` is not configured"), "{}", run.stdout);
    repository.write(".mesh.yaml", "helm: {charts: [{path: charts/tickets, namespace: shop}]}\n");
    assert!(unknown(&repository.findings(&[])), "rendered for a known namespace");
    // The resources of the chart may be there, too.
    repository.write("manifests/a.yaml", &MANIFESTS.replace("host: seats", "host: tickets"));
    assert!(!unknown(&repository.findings(&[])), "defined by the chart");
    repository.write(".mesh.yaml", "helm: {charts: [{path: charts/tickets, render: false}]}\n");
    let run = repository.run(&["lint"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(run.stdout.contains("chart `charts/tickets` is not rendered"), "{}", run.stdout);
}

/// A mesh of the configuration can contain a chart. The chart gets the namespace of the mesh.
#[test]
fn a_declared_mesh_contains_a_chart() {
    let config = "helm: true\nmeshes:\n- {name: shop, paths: [charts/tickets, manifests], namespace: shop}\n";
    let manifests = MANIFESTS.replace("host: seats", "host: tickets");
    let repository = Repository::new(&[(".mesh.yaml", config), ("manifests/a.yaml", &manifests)]).install();
    let findings = repository.findings(&[]);
    assert!(findings.iter().all(|it| !it.contains("unknown-host")), "{findings:?}");
    let json = repository.run(&["meshes", "--format", "json"]).json();
    let meshes = json["meshes"].as_array().unwrap();
    let with_resources: Vec<_> = meshes.iter().filter(|mesh| mesh["resources"] != 0).collect();
    assert_eq!(with_resources.len(), 1, "{json}");
    assert_eq!((&with_resources[0]["name"], &with_resources[0]["resources"]), (&json!("shop"), &json!(4)), "{json}");
}

#[test]
fn without_helm_the_rest_is_checked() {
    let repository = Repository::new(&[("manifests/a.yaml", "apiVersion: v1\nkind: Service\nmetdata: {}\n")]);
    let run = repository.run_with(WITHOUT_HELM, &["lint", "--helm"]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (2, "error: cannot render chart `charts/tickets`: `helm` is not installed\n")
    );
    assert!(run.stdout.contains("Helm templates are not rendered"), "{}", run.stdout);
    assert!(run.stdout.contains("missing-name"), "{}", run.stdout);
    let json = repository.run_with(WITHOUT_HELM, &["meshes", "--helm", "--format", "json"]).json();
    assert_eq!(json["meshes"][0]["partial"], json!(["the Helm chart in `charts/tickets`"]));
}

#[test]
fn a_chart_that_fails_does_not_stop_the_others() {
    let other = [
        ("charts/seats/Chart.yaml", "name: seats\n"),
        ("charts/seats/values.yaml", "port: \"\"\n"),
        ("charts/seats/templates/service.yaml", SERVICE),
    ];
    let repository = Repository::new(&other).install();
    let run = repository.run(&["lint", "--helm", "--quiet"]);
    let expected = "error: cannot render chart `charts/seats`: execution error at (seats/templates/service.yaml:8:30): set a port\n";
    assert_eq!((run.status, run.stderr.as_str()), (2, expected));
    assert!(run.stdout.contains("charts/tickets/<helm template>:21:"), "{}", run.stdout);
}

/// A chart without templates of its own has those of its subcharts, which may not be among the files.
#[test]
fn an_umbrella_chart_is_not_complete() {
    let umbrella = "name: all\ndependencies: [{name: seats, version: 1.0.0, repository: 'https://example.com'}]\n";
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), MANIFESTS).unwrap();
    let lint = || mesh_in(directory.path(), &["lint"], "", &[]);
    assert!(lint().stdout.contains("error[unknown-host]"));
    fs::create_dir(directory.path().join("all")).unwrap();
    fs::write(directory.path().join("all/Chart.yaml"), umbrella).unwrap();
    let run = lint();
    assert!(run.stdout.contains("unknown-host (1): chart `all` is not rendered"), "{}", run.stdout);
    fs::write(directory.path().join("all/Chart.yaml"), "name: all\ntype: library\n").unwrap();
    assert!(lint().stdout.contains("error[unknown-host]"));
}

/// The stand-in renders as the real program does, if that is installed.
#[test]
fn the_real_helm_gives_the_same_result() {
    let repository = Repository::new(&[]).install();
    let found = std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let Some(real) = found.into_iter().find(|directory| directory.join("helm").is_file()) else {
        println!("not compared with the real helm, which is not installed");
        return;
    };
    for arguments in [&["lint", "--helm"][..], &["meshes", "--helm"], &["simulate", "--helm", "-f", "."]] {
        let expected = repository.run(arguments);
        assert_eq!(repository.run_with(&real.display().to_string(), arguments), expected, "{arguments:?}");
    }
    repository.write("charts/tickets/values.yaml", "port: \"\"\n");
    let expected = repository.run(&["lint", "--helm", "--quiet"]);
    let run = repository.run_with(&real.display().to_string(), &["lint", "--helm", "--quiet"]);
    assert_eq!((run.status, run.stdout), (expected.status, expected.stdout));
    assert!(
        run.stderr.contains("set a port") && run.stderr.starts_with("error: cannot render chart"),
        "{}",
        run.stderr
    );
}
