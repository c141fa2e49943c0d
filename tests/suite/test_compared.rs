//! `mesh test`: cases compared with what meshes apply, and files that are broken.

#![allow(clippy::disallowed_methods, reason = "tests run programs and write files")]

use std::fs;
use std::path::Path;

use super::mesh::mesh_in;

const MANIFESTS: &str = "fixtures/test/manifests.yaml";

/// An overlay replaces a value of the base. What is applied counts, in each mesh that has the host.
#[test]
fn cases_are_about_what_meshes_apply() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: a}\nspec:\n  hosts: \
                [a.example.com]\n  http: [{route: [{destination: {host: v1.a.svc.cluster.local}}]}]\n";
    file("base/a.yaml", text);
    file("base/kustomization.yaml", "resources: [a.yaml]\n");
    for (overlay, version) in [("dev", "v1"), ("prod", "v2")] {
        let patch = format!(
            "[{{op: replace, path: /spec/http/0/route/0/destination/host, value: {version}.a.svc.cluster.local}}]"
        );
        let text =
            format!("resources: [../base]\npatches: [{{target: {{kind: VirtualService}}, patch: \"{patch}\"}}]\n");
        file(&format!("{overlay}/kustomization.yaml"), &text);
    }
    // Another mesh, whose wildcard the host does not use.
    file("other/b.yaml", &text.replace("[a.example", "['*.example").replace("name: a,", "name: b,"));
    file("other/kustomization.yaml", "resources: [b.yaml]\n");
    let rule =
        "wantMatch: true, request: {authority: [a.example.com], method: [GET], uri: [/]}, route: [{destination: {host";
    let answer = "request: {host: a.example.com}, expect: {destinations: [{host";
    let end = ".a.svc.cluster.local";
    for (case, failing) in [
        (format!("{rule}: v1{end}}}}}]"), vec!["prod"]),
        (format!("{rule}: v2{end}}}}}], mesh: prod"), vec![]),
        (format!("{rule}: v3{end}}}}}], mesh: '*'"), vec!["dev", "prod"]),
        (format!("{answer}: v2{end}}}]}}, mesh: '[dp]*'"), vec!["dev"]),
        (format!("{answer}: v2{end}}}]}}, mesh: prod"), vec![]),
    ] {
        file("cases.yaml", &format!("testCases: [{{{case}}}]\n"));
        let run = mesh_in(directory.path(), &["test", "cases.yaml", "-f", ".", "--format", "json"], "", &[]);
        let json = run.json();
        let failures = json["cases"][0]["failures"].as_array().unwrap();
        let meshes: Vec<&str> = failures.iter().filter_map(|failure| failure["mesh"].as_str()).collect();
        assert_eq!((run.status, meshes), (i32::from(!failing.is_empty()), failing), "{case}: {run:?}");
    }
}

/// Values are compared as the API has them: both spellings of fields, defaults, durations in any unit.
#[test]
fn values_are_compared_as_the_api_has_them() {
    let manifests = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: a}\nspec:\n  hosts: \
                     [a]\n  http:\n  - fault: {delay: {fixedDelay: 1.5s, percentage: {value: 100}}}\n    redirect: {redirectCode: \
                     308}\n    route: [{destination: {host: b}, weight: 0}, {destination: {host: c}, weight: 100}]\n";
    let case = |asserted: &str| {
        format!("testCases:\n- wantMatch: true\n  request: {{authority: [a], method: [GET], uri: [/]}}\n  {asserted}\n")
    };
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("manifests.yaml"), manifests).unwrap();
    for (asserted, status, message) in [
        ("fault: {delay: {fixed_delay: 1500ms, percentage: {value: 100.0}}}", 0, ""),
        ("fault: {delay: {fixedDelay: 1s, percentage: {value: 100}}}", 1, ""),
        ("redirect: {redirect_code: '308'}", 0, ""),
        ("route: [{destination: {host: b}}, {destination: {host: c}, weight: 100}]", 0, ""),
        ("route: [{destination: {host: c}, weight: 100}]", 1, ""),
        ("route: []", 1, ""),
        ("rewrite: null", 0, ""),
        (
            "redirect: {redirectcod: 308, redirectCode: 308}",
            0,
            "warning: cases.yaml:4:14: unknown field `redirectcod` in `redirect`; did you mean `redirectCode`?\n",
        ),
        ("route: {}", 2, "error: cases.yaml:4:10: `route` needs a list here, not a mapping\n"),
        ("redirect: {uri: [/]}", 2, "error: cases.yaml:4:19: `redirect` needs a string here, not a list\n"),
    ] {
        fs::write(directory.path().join("cases.yaml"), case(asserted)).unwrap();
        let run = mesh_in(directory.path(), &["test", "cases.yaml", "-f", "manifests.yaml", "--quiet"], "", &[]);
        assert_eq!((run.status, run.stderr.as_str()), (status, message), "{asserted}: {}", run.stdout);
    }
}

/// A broken file must not look like one without cases. Templates of manifests are not cases.
#[test]
fn broken_files_are_mistakes() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    file("good.yaml", "testCases:\n- {request: {host: a}, expect: {outcome: passthrough}}\n");
    file("template.yaml", "{{ if .Values.on }}\nkind: [\n{{ end }}\n");
    file("m.yaml", &fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(MANIFESTS)).unwrap());
    let run = |path: &str| mesh_in(directory.path(), &["test", path, "-f", "m.yaml", "--quiet"], "", &[]);
    assert_eq!(run(".").status, 0, "{:?}", run("."));
    assert_eq!(run("template.yaml").status, 2);
    file("broken.yaml", "testCases:\n- request: {host: [\n");
    for path in [".", "broken.yaml"] {
        let run = run(path);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.stderr.contains("broken.yaml:2:19: not valid YAML: `[` is not closed"), "{}", run.stderr);
    }
}
