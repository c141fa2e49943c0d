//! Suppression of findings by the manifests and the configuration, and the levels of rules.

use std::fs;
use std::path::Path;

use super::mesh::{Run, mesh, mesh_in};

/// A VirtualService with an unknown field on line 8, and with comments at 3 places.
fn manifest(top: &str, above: &str, on_line: &str) -> String {
    format!(
        "{top}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: a\nspec:\n  \
         hosts: [a.example.com]\n  http:\n{above}  - timeOut: 5s{on_line}\n    route:\n    - destination:\n        \
         host: b.example.com\n"
    )
}

fn lint(text: &str) -> Run {
    mesh_in(&std::env::temp_dir(), &["lint", "-", "--no-config", "--format", "json"], text, &[])
}

/// The findings as `rule line: message`, and the number of suppressed findings.
fn found(run: &Run) -> (Vec<String>, u64) {
    let json = run.json();
    let line = |it: &serde_json::Value| {
        format!("{} {}: {}", it["rule"].as_str().unwrap(), it["start"]["line"], it["message"].as_str().unwrap())
    };
    let found = json["diagnostics"].as_array().unwrap().iter().map(line).collect();
    (found, json["summary"]["suppressed"].as_u64().unwrap())
}

#[track_caller]
fn assert_suppressed(text: &str, number: u64) {
    let run = lint(text);
    assert_eq!((found(&run), run.status), ((Vec::new(), number), 0), "{text}");
}

#[track_caller]
fn assert_found(text: &str, expected: &[&str], suppressed: u64) {
    let (found, number) = found(&lint(text));
    let fits = found.len() == expected.len() && found.iter().zip(expected).all(|(it, start)| it.starts_with(start));
    assert!(fits && number == suppressed, "{text}\n{found:#?}\n{number} suppressed");
}

#[test]
fn a_comment_applies_to_its_line_the_next_line_or_the_document() {
    assert_suppressed(&manifest("", "", " # mesh: ignore[unknown-field] our fork has it"), 1);
    assert_suppressed(&manifest("", "  # mesh: ignore[unknown-field] our fork has it\n", ""), 1);
    assert_suppressed(&manifest("", "#mesh:ignore[ unknown-field ]\n\n  # and more\n", ""), 1);
    assert_suppressed(&manifest("# mesh: ignore[unknown-field] all of it\n", "", ""), 1);
    assert_suppressed(&manifest("---\n# a\n\n# mesh: ignore[unknown-field]\n# b\n", "", ""), 1);
    assert_suppressed(&manifest("# mesh: ignore[unknown-field]\n---\n", "", ""), 1);
    assert_suppressed(&manifest("--- # mesh: ignore[unknown-field]\n", "", ""), 1);
    assert_found(
        &manifest("", "", "\n  # mesh: ignore[unknown-field]"),
        &["unknown-field 8", "unused-suppression 9: `unknown-field` reports nothing on line 10"],
        0,
    );
}

#[test]
fn a_comment_can_name_one_finding_of_a_rule() {
    let text = |comment: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: reviews}}\nspec:\n  hosts: \
             [reviews.example.com]\n  gateways: [public.ingress] # mesh: ignore[{comment}, IST0133]\n  http: [{{redirect: {{uri: /}}}}]\n"
        )
    };
    assert_suppressed(&text("unknown-gateway/older-form"), 2);
    let unused = "unused-suppression 6: ";
    assert_found(&text("unknown-gateway/missing"), &["unknown-gateway 6: "], 1);
    assert_found(&text("unknown-gateway/odd"), &["unknown-gateway 6: ", unused], 1);
}

#[test]
fn a_comment_does_not_apply_to_the_next_document() {
    let text = format!("{}---\n{}", manifest("# mesh: ignore[unknown-field]\n", "", ""), manifest("", "", ""));
    let (found, suppressed) = found(&lint(&text));
    assert_eq!(suppressed, 1, "{found:?}");
    assert!(found.iter().any(|it| it.starts_with("unknown-field 21")), "{found:?}");
}

#[test]
fn crlf_line_ends_are_supported() {
    let crlf = |text: String| text.replace('\n', "\r\n");
    assert_suppressed(&crlf(manifest("", "", " # mesh: ignore[unknown-field] why")), 1);
    assert_suppressed(&crlf(manifest("", "  # mesh: ignore[unknown-field]\n", "")), 1);
    assert_suppressed(&crlf(manifest("# mesh: ignore[unknown-field]\n---\n", "", "")), 1);
}

#[test]
fn a_hash_inside_a_scalar_is_not_a_comment() {
    let text = |value: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: a\n  annotations: {{a: {value}}}\n"
        )
    };
    let quoted = text("'# mesh: ignore[no-rule]', b: \"x # mesh: ignore[no-rule]\"");
    assert_found(&(quoted + "spec: {hosts: [a], tcp: [{route: [{destination: {host: a}}]}]}\n"), &[], 0);
    let block =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    # mesh: ignore[no-rule]\n    b\n";
    assert_found(block, &[], 0);
    assert_found(
        "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"# mesh: ignore[x]\"}}",
        &[],
        0,
    );
}

#[test]
fn several_rules_and_aliases_can_be_named() {
    let weights = |comment: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a}}\nspec:\n  hosts: [a]\n  \
             http:\n  - timeOut: 5s{comment}\n    route: [{{destination: {{host: a}}, weight: -1}}]\n"
        )
    };
    assert_found(&weights(""), &["unknown-field 7", "invalid-weights 8"], 0);
    let both = weights("").replace("apiVersion", "# mesh: ignore[ ist0106,UNKNOWN-FIELD ] why\napiVersion");
    assert_suppressed(&both, 2);
    assert_found(
        &weights(" # mesh: ignore[unknown-field, IST0106]"),
        &["unused-suppression 7: `IST0106` reports nothing on line 7", "invalid-weights 8"],
        1,
    );
}

#[test]
fn unused_comments_are_reported_at_the_name() {
    let run = lint(&manifest("", "", " # mesh: ignore[unknown-field, unknown-fiel] why"));
    let json = run.json();
    let found = &json["diagnostics"][0];
    assert_eq!((&found["rule"], &found["severity"]), (&"unused-suppression".into(), &"warning".into()));
    assert_eq!(found["message"], "rule `unknown-fiel` does not exist");
    assert_eq!(found["help"], "did you mean `unknown-field`?");
    assert_eq!((&found["start"]["column"], &found["end"]["column"]), (&47.into(), &59.into()));
    let nothing = "unused-suppression 8: the comment names no rule";
    assert_found(&manifest("", "", " # mesh: ignore"), &["unknown-field 8", nothing], 0);
    assert_found(&manifest("", "", " # mesh: ignore[]"), &["unknown-field 8", nothing], 0);
    assert_found(&manifest("", "", " # mesh: ignored by us"), &["unknown-field 8"], 0);
    assert_found(&manifest("", "", " # mesh: ignore[duplicate-key]"), &["unknown-field 8", "unused-suppression 8"], 0);
    let last = manifest("", "", "") + "# mesh: ignore[unknown-field]\n";
    assert_found(&last, &["unknown-field 8", "unused-suppression 12"], 0);
    assert_suppressed(
        &manifest("# mesh: ignore[unused-suppression, unknown-field]\n", "# mesh: ignore[no-rule]\n", ""),
        2,
    );
}

#[test]
fn comments_about_unchecked_rules_are_not_unused() {
    let unchecked =
        manifest("", "", "").replace("timeOut", "timeout").replace("b.example.com", "b # mesh: ignore[unknown-host]");
    assert_found(&unchecked, &[], 0);
    assert_found("# mesh: ignore[unknown-field]\na: [\n", &["yaml-syntax"], 0);
    assert_suppressed("# mesh: ignore[yaml-syntax]\na: [\n---\na: 1\n", 1);
    assert_found("# mesh: ignore[unknown-field]\na: {{ .Values.a }}\n", &[], 0);
}

#[test]
fn annotations_for_other_tools_apply_to_their_resource() {
    let weights = |annotation: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, annotations: {{{annotation}}}}}\n\
             spec:\n  hosts: [a]\n  http:\n  - timeOut: 5s\n    route: [{{destination: {{host: a}}, weight: -1}}]\n"
        )
    };
    let [field, weight] = ["unknown-field 7", "invalid-weights 8"];
    assert_found(&weights(""), &[field, weight], 0);
    assert_suppressed(&weights("galley.istio.io/analyze-suppress: '*'"), 2);
    assert_suppressed(&weights("kiali.io/ignore-validations: ''"), 2);
    assert_found(&weights("galley.istio.io/analyze-suppress: 'IST0108, IST0106'"), &[field], 1);
    assert_found(&weights("kiali.io/ignore-validations: KIA1104").replace("-1", "10"), &[field], 1);
    assert_found(&weights("kiali.io/ignore-validations: KIA1101"), &[field, weight], 0);
    let other = format!(
        "{}---\n{}",
        weights("galley.istio.io/analyze-suppress: '*'"),
        weights("").replace("name: a", "name: c").replace("hosts: [a]", "hosts: [c]")
    );
    assert_eq!(found(&lint(&other)).1, 2);
}

/// Lints a directory with a manifest in `a.yaml` and in `legacy/old/b.yaml`.
fn with_config(config: &str, from: &str, arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("legacy/old")).unwrap();
    fs::write(directory.path().join(".mesh.yaml"), config).unwrap();
    fs::write(directory.path().join("a.yaml"), manifest("", "", "")).unwrap();
    fs::write(
        directory.path().join("legacy/old/b.yaml"),
        manifest("", "", "").replace("name: a", "name: b").replace("a.ex", "c.ex"),
    )
    .unwrap();
    let arguments: Vec<&str> = ["lint", "--format", "json"].iter().chain(arguments).copied().collect();
    mesh_in(&directory.path().join(from), &arguments, "", &[])
}

fn severities(run: &Run) -> Vec<String> {
    run.findings().iter().map(|it| it.split(' ').take(4).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_configuration_sets_levels_for_rules_and_paths() {
    let [a, b] = ["error unknown-field VirtualService default/a", "error unknown-field VirtualService default/b"];
    assert_eq!(severities(&with_config("", "", &[])), [a, b]);

    let run = with_config("rules: {unknown-field: warning}", "", &[]);
    assert_eq!(severities(&run), [a.replace("error", "warning"), b.replace("error", "warning")]);
    assert_eq!((run.status, &run.json()["summary"]["warnings"]), (0, &2.into()));

    let run = with_config("rules: {unknown-field: off}", "", &[]);
    assert_eq!((found(&run), run.status), ((Vec::new(), 2), 0));

    let legacy = "rules: {unknown-field: info}\noverrides: [{paths: ['legacy/**'], rules: {unknown-field: off}}]";
    assert_eq!(severities(&with_config(legacy, "", &[])), [a.replace("error", "info")]);
    // Paths are relative to the configuration file, whatever the current directory and the arguments are.
    assert!(severities(&with_config(legacy, "legacy/old", &[])).is_empty());
    assert_eq!(
        severities(&with_config(legacy, "legacy", &["../a.yaml", "../legacy/old"])),
        [a.replace("error", "info")]
    );
    assert_eq!(
        severities(&with_config(legacy, "legacy", &["--config", "../.mesh.yaml", ".."])),
        [a.replace("error", "info")]
    );
    assert_eq!(severities(&with_config(legacy, "", &["--no-config"])), [a, b]);
    // The last override takes precedence.
    let twice = format!(
        "{}\n- {{paths: [legacy/old/b.yaml], rules: {{unknown-field: warning}}}}",
        "overrides:\n- {paths: [legacy], rules: {unknown-field: off}}"
    );
    assert_eq!(severities(&with_config(&twice, "", &[])), [a.to_owned(), b.replace("error", "warning")]);
}

#[test]
fn the_summary_counts_suppressed_findings() {
    let text = manifest("", "", " # mesh: ignore[unknown-field]");
    let run = mesh_in(&std::env::temp_dir(), &["lint", "-", "--no-config"], &text, &[]);
    assert!(run.stdout.contains("no problems found (1 resource in 1 file, 1 finding suppressed)"), "{}", run.stdout);
}

#[test]
fn a_complete_inventory_leaves_nothing_unchecked() {
    let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a.example.com]\n  \
        gateways: [public]\n  http:\n  - route:\n    - destination: {host: b}\n---\napiVersion: networking.istio.io/v1\n\
        kind: Gateway\nmetadata: {name: own, namespace: other}\nspec:\n  selector: {istio: ingressgateway}\n  servers:\n  \
        - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}\n";
    let run = |directory: &Path, arguments: &[&str]| {
        let arguments: Vec<&str> = ["lint", "-", "--format", "json"].iter().chain(arguments).copied().collect();
        mesh_in(directory, &arguments, text, &[])
    };
    let rules =
        |run: &Run| -> Vec<String> { found(run).0.iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect() };
    let directory = tempfile::tempdir().unwrap();
    let all = ["unknown-gateway", "unknown-host", "gateway-selects-nothing"];
    let default = run(directory.path(), &[]);
    assert_eq!((rules(&default).len(), default.json()["unchecked"].as_array().unwrap().len()), (0, 3));
    let complete = run(directory.path(), &["--inventory", "complete"]);
    assert_eq!(
        (rules(&complete), &complete.json()["unchecked"]),
        (all.map(str::to_owned).to_vec(), &serde_json::json!([]))
    );
    fs::write(directory.path().join(".mesh.yaml"), "inventory: complete\n").unwrap();
    assert_eq!(rules(&run(directory.path(), &[])), all);
    assert!(rules(&run(directory.path(), &["--inventory", "partial"])).is_empty());
    assert_eq!(run(directory.path(), &["--inventory", "some"]).status, 2);
}

#[test]
fn with_a_partial_inventory_no_namespace_is_complete() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http, port: 80}]}\n---\n\
        apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a]\n  http:\n  \
        - route:\n    - destination: {host: b}\n";
    let lint = |arguments: &[&str]| {
        let arguments: Vec<&str> =
            ["lint", "-", "--no-config", "--format", "json"].iter().chain(arguments).copied().collect();
        found(&mesh_in(&std::env::temp_dir(), &arguments, text, &[])).0.len()
    };
    assert_eq!((lint(&[]), lint(&["--inventory", "partial"])), (1, 0));
}

#[test]
fn all_rules_are_listed() {
    let table = mesh(&["rules"]);
    assert_eq!((table.status, table.stderr.as_str()), (0, ""));
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 80), "{}", table.stdout);
    let json = mesh(&["rules", "--format", "json"]).json();
    assert_eq!(json["schema"], "mesh.rules/v1");
    let rules = json["rules"].as_array().unwrap();
    assert_eq!(rules.len(), mesh::lint::rules::ALL.len());
    let rule = rules.iter().find(|rule| rule["name"] == "duplicate-host").unwrap();
    assert_eq!((&rule["aliases"], &rule["severity"]), (&serde_json::json!(["IST0109", "KIA1106"]), &"error".into()));
    assert!(rule["summary"].is_string() && rule["docs"].as_str().unwrap().contains("duplicate-host"));
    for rule in rules {
        assert!(table.stdout.contains(rule["name"].as_str().unwrap()), "{rule}");
    }
}

#[test]
fn a_code_of_several_rules_explains_all_of_them() {
    let several = mesh(&["explain", "ist0106"]);
    assert_eq!(several.status, 0);
    assert!(
        several.stdout.contains("invalid-label") && several.stdout.contains("invalid-weights"),
        "{}",
        several.stdout
    );
    for rule in mesh::lint::rules::ALL.iter() {
        for alias in rule.aliases() {
            let explained = mesh(&["explain", alias]);
            assert!(explained.status == 0 && explained.stdout.contains(rule.name), "{alias}: {explained:?}");
        }
    }
    let unknown = mesh(&["explain", "IST109"]);
    assert_eq!(
        (unknown.status, unknown.stderr.as_str()),
        (2, "error: rule `IST109` does not exist; did you mean `IST0109`?\n")
    );
    let unknown = mesh(&["explain", "nothing-like-it"]);
    assert_eq!(
        (unknown.status, unknown.stderr.as_str()),
        (2, "error: rule `nothing-like-it` does not exist; run `mesh rules` to list all rules\n")
    );
}

#[test]
fn a_rule_is_explained_by_its_name_a_finding_or_a_code() {
    let first_line = |word: &str| mesh(&["explain", word]).stdout.lines().next().unwrap_or_default().to_owned();
    for word in ["no-effect", "NO-EFFECT", "no-effect/warned"] {
        assert_eq!(first_line(word), "# no-effect", "{word}");
    }
    let split = mesh(&["explain", "no-effect"]).stdout;
    assert!(split.contains("unsupported-field"), "{split}");
    assert!(mesh(&["explain", "IST0106"]).stdout.contains("These rules have the alias `IST0106`"));
    let unknown = mesh(&["explain", "no-effect/odd"]);
    assert!(unknown.status == 2 && unknown.stderr.contains("`warned`"), "{unknown:?}");
}
