//! Files that cannot be read here, and values that are easily taken for missing ones.

use serde_json::json;

use super::super::UnrenderedReason::{Remote, UnreadFile};
use super::Tree;

/// The reasons why parts of a build without problems are not rendered, with their lines.
fn gaps(tree: &Tree) -> Vec<String> {
    let build = tree.build("");
    assert!(build.problems.is_empty(), "{:?}", build.problems);
    build.unrendered.iter().map(|part| format!("{:?} {}", part.reason, tree.line(part.span))).collect()
}

#[test]
fn every_path_can_be_a_url() {
    for entry in [
        "resources: [URL]",
        "components: [URL]",
        "configurations: [URL]",
        "patches: [{path: URL}]",
        "patchesStrategicMerge: [URL]",
        "patchesJson6902: [{path: URL, target: {kind: Service, name: a}}]",
        "replacements: [{path: URL}]",
        "configMapGenerator: [{name: a, files: [URL]}]",
        "configMapGenerator: [{name: a, files: ['key=URL']}]",
        "secretGenerator: [{name: a, envs: [URL]}]",
    ] {
        let entry = entry.replace("URL", "https://example.com/x/main/a.yaml");
        let tree = Tree::new(&format!("-- kustomization.yaml --\n{entry}\n"));
        assert_eq!(gaps(&tree), [format!("{Remote:?} kustomization.yaml:1")], "{entry}");
    }
}

#[test]
fn files_that_git_ignores_are_generated() {
    for (entry, path) in [
        ("resources: [a.yaml]", "a.yaml"),
        ("resources: [a]", "a/kustomization.yaml"),
        ("components: [a]", "a/kustomization.yml"),
        ("patches: [{path: a.yaml}]", "a.yaml"),
        ("configurations: [a.yaml]", "a.yaml"),
    ] {
        let mut tree = Tree::new(&format!("-- kustomization.yaml --\n{entry}\n-- a/kustomization.template.yaml --\n"));
        assert_eq!(tree.build("").problems.len(), 1, "{entry}");
        tree.ignored.insert(path.to_owned());
        assert_eq!(gaps(&tree), [format!("{UnreadFile:?} kustomization.yaml:1")], "{entry}");
    }
}

#[test]
fn an_ignored_kustomization_beside_another_one_does_not_matter() {
    let mut tree = Tree::new(
        "-- kustomization.yaml --
resources: [a]
-- a/kustomization.yaml --
configMapGenerator: [{name: g}]
",
    );
    tree.ignored.insert("a/kustomization.yml".to_owned());
    assert!(gaps(&tree).is_empty());
}

#[test]
fn vars_follow_a_generated_object_that_an_overlay_merges() {
    let tree = Tree::new(
        "-- over/kustomization.yaml --
resources: [../base]
namespace: ns
configMapGenerator: [{name: g, behavior: merge, literals: [HOST=over]}]
-- base/kustomization.yaml --
resources: [a.yaml]
configMapGenerator: [{name: g, literals: [HOST=base]}]
vars: [{name: HOST, objref: {apiVersion: v1, kind: ConfigMap, name: g}, fieldref: {fieldPath: data.HOST}}]
-- base/a.yaml --
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, args: [$(HOST)]}]}
",
    );
    assert_eq!(tree.resource("over", "p")["spec"]["containers"][0]["args"], json!(["over"]));
    assert_eq!(tree.resource("base", "p")["spec"]["containers"][0]["args"], json!(["base"]));
}

#[test]
fn an_empty_text_is_a_value() {
    let tree = Tree::new(
        "-- kustomization.yaml --
resources: [a.yaml]
configMapGenerator: [{name: g, envs: [e.env]}]
replacements:
- source: {kind: ConfigMap, name: g, fieldPath: data.PREFIX}
  targets: [{select: {kind: Pod}, fieldPaths: [spec.hostname]}]
-- e.env --
PREFIX=
-- a.yaml --
{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostname: x}}
",
    );
    assert_eq!(tree.resource("", "p")["spec"], json!({"hostname": ""}));
}
