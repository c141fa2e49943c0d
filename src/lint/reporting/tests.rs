//! Tests of what is reported.

use std::collections::BTreeSet;

use super::*;
use crate::layout;
use crate::lint::run_meshes;
use crate::load::Manifests;
use crate::world;

/// A VirtualService with an unknown field, an unknown host, and a fault without a percentage.
const ROUTES: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart, namespace: shop}\nspec:\n  \
                      hosts: [cart.example.com]\n  http:\n  - timeOut: 5s\n    route: [{destination: {host: missing}}]\n";

/// A Service, so that others of its namespace are expected.
const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: shop}\nspec: {ports: [{name: http, port: 80}]}\n";

/// The findings with a configuration and options, as `rule severity`, and the number of suppressed ones.
fn findings(config: &str, choices: &Choices) -> (Vec<String>, usize) {
    let manifests = Manifests::of_texts([("shop/cart.yaml", format!("{ROUTES}{SERVICE}"))]);
    let meshes = layout::find(&manifests, &[]);
    let mut sources = Sources::clone(&manifests.sources);
    let file = ConfigFile::parse(sources.add(".mesh.yaml", config), config).unwrap();
    let circumstances = Circumstances {
        relative: &|shown| Some(shown.to_owned()),
        today: Date::parse("2026-07-01").unwrap(),
        is_whole: true,
    };
    let worlds = world::resolve(&meshes, &[0], &file.config, None);
    let reporting = Reporting::of(file, &manifests.sources, &circumstances).choose(choices).unwrap();
    let report = run_meshes(&worlds, &reporting);
    let shown = |it: &Diagnostic| format!("{} {}", it.rule.name, it.severity.as_str());
    (report.diagnostics.iter().map(shown).collect(), report.summary.suppressed)
}

fn reported(config: &str) -> Vec<String> {
    findings(config, &Choices::default()).0
}

fn chosen(config: &str, select: &[&str], ignore: &[&str]) -> Vec<String> {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    findings(config, &Choices { select: texts(select), ignore: texts(ignore), ..Choices::default() }).0
}

#[test]
fn the_most_precise_name_decides() {
    let both = ["unknown-field error", "unknown-host error"];
    assert_eq!(reported(""), both);
    assert_eq!(reported("select: unknown-host\n"), both[1..]);
    assert_eq!(reported("ignore: schema\n"), both[1..]);
    assert_eq!(reported("ignore: schema\nselect: [unknown-field]\n"), both[..1]);
    assert_eq!(reported("select: reference\nignore: [unknown-host]\n"), [""; 0]);
    assert_eq!(reported("select: IST0101\nignore: [reference]\n"), both[1..]);
    assert_eq!(reported("select: unknown-host\nignore: unknown-host\n"), [""; 0]);
    assert_eq!(reported("ignore: unknown-host/misshapen\n"), both);
}

#[test]
fn options_take_precedence_over_the_configuration() {
    let (field, host) = ("unknown-field error", "unknown-host error");
    assert_eq!(chosen("select: unknown-host\n", &["unknown-field"], &[]), [field]);
    assert_eq!(chosen("ignore: unknown-host\n", &["unknown-host"], &[]), [host]);
    assert_eq!(chosen("ignore: unknown-host\n", &["reference"], &[]), [""; 0]);
    assert_eq!(chosen("", &[], &["reference"]), [field]);
    let unknown = Choices { select: vec!["routng".to_owned()], ..Choices::default() };
    let error = Reporting::default().choose(&unknown).unwrap_err();
    assert_eq!(error, "`--select`: rule `routng` does not exist; did you mean `routing`?");
}

#[test]
fn the_lowest_severity_applies_after_levels() {
    assert_eq!(reported("minSeverity: error\nrules: {unknown-field: warning}\n"), ["unknown-host error"]);
    assert_eq!(reported("rules: {schema: info}\n"), ["unknown-field info", "unknown-host error"]);
    let lowest = Choices { lowest: Some(Severity::Info), ..Choices::default() };
    assert_eq!(findings("minSeverity: error\nrules: {schema: info}\n", &lowest).0.len(), 2);
}

#[test]
fn entries_suppress_by_rule_resource_and_path() {
    let entry = |more: &str| format!("suppress:\n- {{rules: [unknown-host], reason: known{more}}}\n");
    let left = (vec!["unknown-field error".to_owned()], 1);
    for more in
        ["", ", kind: Virtual*", ", name: cart, namespace: 's*'", ", paths: shop", ", paths: ['**/cart.yaml', b]"]
    {
        assert_eq!(findings(&entry(more), &Choices::default()), left, "{more}");
    }
    for more in [", kind: Gateway", ", namespace: cart", ", name: c", ", paths: ['*.yaml']"] {
        let unused = ["unused-suppression warning", "unknown-field error", "unknown-host error"];
        assert_eq!(reported(&entry(more)), unused, "{more}");
    }
    let no_ignores = Choices { no_ignores: true, ..Choices::default() };
    assert_eq!(findings(&entry(""), &no_ignores).0, ["unknown-field error", "unknown-host error"]);
}

/// An entry is not unused because its findings are not selected.
#[test]
fn selections_do_not_make_entries_unused() {
    let entry = "suppress: [{rules: unknown-host, reason: known}]\n";
    assert_eq!(findings(&format!("{entry}ignore: unknown-host\n"), &Choices::default()).0, ["unknown-field error"]);
    let other = "suppress: [{rules: no-effect, reason: known}]\nignore: unknown-host\n";
    assert_eq!(reported(other), ["unused-suppression warning", "unknown-field error"]);
    let info = "suppress: [{rules: unknown-host, reason: known}]\nrules: {unknown-host: info}\nminSeverity: warning\n";
    assert_eq!(findings(info, &Choices::default()), (vec!["unknown-field error".to_owned()], 1));
}

#[test]
fn entries_end() {
    let entry = |until: &str| format!("suppress: [{{rules: unknown-host, reason: known, until: {until}}}]\n");
    assert_eq!(reported(&entry("2026-07-01")), ["unknown-field error"]);
    assert_eq!(
        reported(&entry("2026-06-30")),
        ["unused-suppression warning", "unknown-field error", "unknown-host error"]
    );
}

#[test]
fn mistakes_in_the_configuration_are_findings() {
    let select = "select: unknown-host\nwombat: 1\n";
    assert_eq!(reported(select), ["invalid-configuration error", "unknown-host error"]);
    assert_eq!(reported("ignore: [configuration, reference, schema]\nwombat: 1\n"), [""; 0]);
    assert_eq!(reported("rules: {configuration: warning}\nwombat: 1\n")[0], "invalid-configuration warning");
    assert_eq!(reported("select: wombat\n"), ["invalid-configuration error"]);
}

#[test]
fn findings_touch_files_by_their_related_places() {
    let one = ROUTES.replace("timeOut", "timeout");
    let other = one.replace("name: cart", "name: other");
    let manifests = Manifests::of_texts([("a.yaml", one), ("b.yaml", other), ("c.yaml", "a: b\n".to_owned())]);
    let meshes = layout::find(&manifests, &[]);
    let worlds = world::resolve(&meshes, &[0], &crate::config::Config::default(), None);
    let touching = |file: &str| {
        let mut report = run_meshes(&worlds, &Reporting::default());
        let file = manifests.file_at(file).unwrap();
        report.keep_touching(|id| id == file);
        let rules: BTreeSet<&str> = report.diagnostics.iter().map(|it| it.rule.name).collect();
        (rules.contains("duplicate-host"), report.diagnostics.len() + report.summary.unchanged, rules.is_empty())
    };
    let all = run_meshes(&worlds, &Reporting::default()).diagnostics.len();
    assert_eq!((touching("a.yaml"), touching("b.yaml")), ((true, all, false), (true, all, false)));
    assert_eq!(touching("c.yaml"), (false, all, true));
}
