//! Reading of kustomizations and of files of resources.

use serde_json::json;

use super::Tree;

const SERVICE: &str = "-- a.yaml --\n{apiVersion: v1, kind: Service, metadata: {name: a}}\n";

/// A tree with one kustomization and one Service in `a.yaml`.
fn tree(kustomization: &str) -> Tree {
    Tree::new(&format!("-- kustomization.yaml --\n{kustomization}\n{SERVICE}"))
}

#[test]
fn names_of_fields_are_read_in_any_case() {
    assert_eq!(tree("Resources: [a.yaml]\nnameprefix: p-").names(""), ["Service /p-a"]);
}

#[test]
fn unknown_fields_are_errors_at_their_place() {
    let table = [
        ("resources: [a.yaml]\nnamePrefx: p-", 2, "namePrefx"),
        ("resources: [a.yaml]\nlabels:\n- pairs: {a: b}\n  includeSelector: true", 4, "includeSelector"),
        ("resources: [a.yaml]\npatches:\n- target: {names: a}\n  path: a.yaml", 3, "names"),
        ("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {path: x}", 3, "spec"),
        ("secretGenerator: [{name: a, typ: x}]", 1, "typ"),
        ("metadata: {foo: x}\nnamespace: x", 1, "foo"),
    ];
    for (text, line, field) in table {
        let wanted = format!("Invalid kustomization.yaml:{line} kustomize rejects the unknown field `{field}`");
        assert_eq!(tree(text).error(""), wanted);
    }
    let build = tree("resources: [a.yaml]\nnamePrefx: p-").build("");
    assert_eq!(build.problems[0].help.as_deref(), Some("did you mean `namePrefix`?"));
}

#[test]
fn wrong_types_are_errors() {
    let table = [
        ("namespace: n", "`namespace`: it must be a string, not a boolean"),
        ("namePrefix: 1", "`namePrefix`: it must be a string, not a number"),
        ("resources: a.yaml", "`resources`: it must be a list, not a string"),
        ("resources: [a.yaml, null]", "`resources`: it must be a string, not null"),
        ("labels: [{pairs: {a: 1}}]", "`a`: it must be a string, not a number"),
        ("images: [{name: a, newTag: 1.10}]", "`newTag`: it must be a string, not a number"),
        ("replicas: [{name: a, count: x}]", "`count`: it must be an integer, not a string"),
        ("patches: [a.yaml]", "`patches`: it must be a list of mappings, not a string"),
    ];
    for (text, message) in table {
        assert_eq!(tree(text).error(""), format!("Invalid kustomization.yaml:1 kustomize rejects {message}"));
    }
    assert_eq!(
        tree("- a").error(""),
        "Invalid kustomization.yaml:1 a kustomization must be a mapping, but this is a list"
    );
}

#[test]
fn fields_that_are_null_or_empty_are_as_good_as_missing() {
    let text = "resources: [a.yaml]\nnamespace: ~\nnamePrefix: ''\npatches: null\nlabels: [null, {pairs: null}]\n";
    assert_eq!(tree(text).names(""), ["Service /a"]);
}

#[test]
fn an_empty_kustomization_is_an_error() {
    for text in ["", "# nothing", "kind: Kustomization", "{}", "apiVersion: kustomize.config.k8s.io/v1beta1"] {
        assert_eq!(tree(text).error(""), "Invalid kustomization.yaml:1 the kustomization is empty", "{text}");
    }
    for text in ["resources: []", "namespace: x"] {
        assert!(tree(text).names("").is_empty());
    }
}

#[test]
fn kind_and_version_must_fit() {
    let version = "kustomize.config.k8s.io";
    let table = [
        ("kind: Foo\nnamespace: x".to_owned(), "1 kustomize rejects `kind: Foo`".to_owned()),
        (
            format!("kind: Component\napiVersion: {version}/v1beta1\nnamespace: x"),
            format!("2 kustomize rejects `apiVersion: {version}/v1beta1`"),
        ),
        (
            format!("apiVersion: {version}/v1alpha1\nnamespace: x"),
            format!("1 kustomize rejects `apiVersion: {version}/v1alpha1`"),
        ),
    ];
    for (text, message) in table {
        assert_eq!(tree(&text).error(""), format!("Invalid kustomization.yaml:{message}"));
    }
}

#[test]
fn only_the_first_document_counts() {
    assert_eq!(tree("resources: [a.yaml]\n---\nresources: [missing.yaml]").names(""), ["Service /a"]);
    assert_eq!(tree("# comment\n---\nresources: [a.yaml]").names(""), ["Service /a"]);
    let error = "Invalid kustomization.yaml:1 the kustomization is empty";
    assert_eq!(tree("---\n# comment\n---\nresources: [a.yaml]").error(""), error);
}

#[test]
fn two_kustomizations_in_one_directory_are_an_error() {
    let tree = Tree::new("-- kustomization.yaml --\nnamespace: x\n-- kustomization.yml --\nnamespace: x\n");
    let wanted = "Invalid kustomization.yml:1 kustomize rejects 2 kustomizations in one directory; \
                  kustomization.yaml:1 the other kustomization";
    assert_eq!(tree.error(""), wanted);
}

#[test]
fn lists_are_replaced_by_their_items() {
    let tree = Tree::new(
        "-- kustomization.yaml --
resources: [a.yaml, empty.yaml, comment.yaml]
-- empty.yaml --
-- comment.yaml --
# nothing
-- a.yaml --
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a}}
- apiVersion: networking.istio.io/v1
  kind: VirtualServiceList
  items:
  - {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b}}
---
{apiVersion: v1, kind: Service, metadata: {name: c}}
---
{apiVersion: v1, kind: XList, metadata: {name: d}, items: []}
---
{apiVersion: x/v1, kind: AllowList, metadata: {name: e}, spec: {x: 1}}
",
    );
    let build = tree.build("");
    let places: Vec<String> = build.resources.iter().map(|resource| tree.line(resource.written_in)).collect();
    assert_eq!(places, ["a.yaml:10", "a.yaml:14", "a.yaml:4", "a.yaml:8"]);
    assert_eq!(tree.names(""), ["AllowList /e", "Service /a", "Service /c", "VirtualService /b"]);
}

#[test]
fn scalars_of_resources_follow_yaml_1_2() {
    let tree = Tree::new(
        "-- kustomization.yaml --
resources: [a.yaml, b.yaml]
-- a.yaml --
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: yes, b: 'no', c: true, d: 010, e: 2020-1-02, on: x}}
-- b.yaml --
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {a: 'yes', 'true': '2020-01-02'}}
",
    );
    let wanted = json!({"a": "yes", "b": "no", "c": true, "d": 8, "e": "2020-01-02T00:00:00Z", "on": "x"});
    assert_eq!(tree.resource("", "a")["data"], wanted);
    assert_eq!(tree.resource("", "b")["data"], json!({"a": "yes", "true": "2020-01-02"}));
    let is_changed: Vec<bool> = tree.build("").resources.iter().map(|resource| resource.is_changed).collect();
    assert_eq!(is_changed, [true, false]);
}

#[test]
fn documents_that_are_no_objects_are_errors() {
    let table = [
        ("- {kind: A}", "NotResource a.yaml:1 a Kubernetes object must be a mapping, not a list"),
        ("metadata: {name: a}", "NotResource a.yaml:1 this object has no `kind`, so kustomize rejects it"),
        (
            "kind: A\nmetadata: {generateName: a}",
            "NotResource a.yaml:1 this A has no `metadata.name`, so kustomize rejects it",
        ),
        ("kind: A\nmetadata: {name: [}", "Yaml a.yaml:2 `[` is closed by `}`"),
    ];
    for (text, message) in table {
        let tree = Tree::new(&format!("-- kustomization.yaml --\n\nresources: [a.yaml]\n-- a.yaml --\n{text}\n"));
        assert_eq!(tree.error(""), format!("{message}; kustomization.yaml:2 named here"));
    }
}
