//! Streams and rendered output: the name of standard input, and the `# Source:` comments of `helm template`.

use std::fs;

use super::mesh::{Run, mesh_in};

/// The output of `helm template`, with a mistake on line 17.
const RENDERED: &str = "---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
---
# Source: shop/templates/routes.yaml
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  http:
  - timeOut: 5s
    route:
    - destination: {host: reviews}
";

fn lint(arguments: &[&str], stdin: &str) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rendered.yaml"), RENDERED).unwrap();
    let arguments: Vec<&str> = ["lint", "--no-config"].iter().chain(arguments).copied().collect();
    mesh_in(directory.path(), &arguments, stdin, &[])
}

#[test]
fn findings_name_the_template_of_a_rendered_document() {
    for (path, file) in [("-", "<stdin>"), ("rendered.yaml", "rendered.yaml")] {
        let json = lint(&[path, "--format", "json"], RENDERED).json();
        let found = &json["diagnostics"][0];
        assert_eq!((&found["file"], &found["start"]["line"]), (&file.into(), &17.into()));
        assert_eq!(found["source"], "shop/templates/routes.yaml");
        let text = lint(&[path], RENDERED).stdout;
        assert!(text.contains(&format!("[shop/templates/routes.yaml in {file}:17:5]")), "{text}");
        let line = format!("{file}:17:5: error[unknown-field] unknown field `timeOut` (shop/templates/routes.yaml)\n");
        assert_eq!(lint(&[path, "--quiet"], RENDERED).stdout, line);
    }
}

#[test]
fn an_option_names_standard_input() {
    let run = lint(&["-", "--stdin-filename", "charts/shop.yaml", "--format", "json"], RENDERED);
    assert_eq!(run.json()["diagnostics"][0]["file"], "charts/shop.yaml");
    let json = r#"{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "a"},
        "spec": {"hosts": ["a"], "http": [{"timeOut": "5s", "directResponse": {"status": 200}}]}}"#;
    for name in ["cluster", "cluster.json"] {
        let run = lint(&["-", "--stdin-filename", name, "--quiet"], json);
        assert_eq!(run.stdout, format!("{name}:2:44: error[unknown-field] unknown field `timeOut`\n"));
    }
    let run = lint(&["rendered.yaml", "--stdin-filename", "a.yaml"], "");
    assert_eq!(run.status, 2);
    assert_eq!(run.stderr, "error: `--stdin-filename` names standard input: add the path `-`\n");
}

/// Levels for files apply to a stream by its name.
#[test]
fn overrides_apply_to_a_named_stream() {
    let directory = tempfile::tempdir().unwrap();
    let config = "overrides:\n- {paths: [charts], rules: {unknown-field: off}}\n";
    fs::write(directory.path().join(".mesh.yaml"), config).unwrap();
    let status = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["lint", "-"].iter().chain(arguments).copied().collect();
        mesh_in(directory.path(), &arguments, RENDERED, &[]).status
    };
    assert_eq!((status(&[]), status(&["--stdin-filename", "charts/shop.yaml"])), (1, 0));
}
