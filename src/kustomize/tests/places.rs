//! Where each value is written.

use super::{Tree, value};
use crate::kustomize::Rendered;

const TREE: &str = "-- over/kustomization.yaml --
resources:
- ../base
namespace: new
namePrefix: p-
labels:
- pairs:
    env: prod
images:
- name: nginx
  newTag: '2'
replicas:
- name: a
  count: 3
configMapGenerator:
- name: config
  literals:
  - a=1
-- base/kustomization.yaml --
resources: [a.yaml]
-- base/a.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  namespace: old
spec:
  template:
    spec:
      containers:
      - name: main
        image: nginx
";

fn rendered(tree: &Tree, kind: &str) -> Rendered {
    let build = tree.build("over");
    let found = build.resources.into_iter().find(|resource| resource.node.get("kind").unwrap().as_str() == Some(kind));
    found.expect("a resource of this kind")
}

#[test]
fn values_keep_the_place_where_they_are_written() {
    let tree = Tree::new(TREE);
    let deployment = rendered(&tree, "Deployment");
    let table = [
        ("kind", "base/a.yaml:2"),
        ("metadata/name", "base/a.yaml:4"),
        ("metadata/namespace", "over/kustomization.yaml:3"),
        ("metadata/labels/env", "over/kustomization.yaml:7"),
        ("spec/replicas", "over/kustomization.yaml:13"),
        ("spec/template/spec/containers/0/name", "base/a.yaml:10"),
        ("spec/template/spec/containers/0/image", "over/kustomization.yaml:10"),
    ];
    for (path, place) in table {
        assert_eq!(tree.line(value(&deployment.node, path).span), place, "{path}");
    }
    assert_eq!(value(&deployment.node, "metadata/name").as_str(), Some("p-a"));
    assert_eq!(tree.line(deployment.written_in), "base/a.yaml:1");
    assert!(deployment.is_changed);
}

#[test]
fn causes_are_the_places_that_renamed_or_moved_an_object() {
    let tree = Tree::new(TREE);
    let causes: Vec<String> = rendered(&tree, "Deployment")
        .causes
        .iter()
        .map(|(span, label)| format!("{} {label}", tree.line(*span)))
        .collect();
    let wanted = [
        "base/a.yaml:5 written here with `namespace: old`",
        "over/kustomization.yaml:3 moved by `namespace: new`",
        "over/kustomization.yaml:4 renamed by `namePrefix: p-`",
    ];
    assert_eq!(causes, wanted);
}

#[test]
fn generated_objects_are_at_their_entry() {
    let tree = Tree::new(TREE);
    let config_map = rendered(&tree, "ConfigMap");
    assert_eq!(tree.line(config_map.written_in), "over/kustomization.yaml:15");
    assert_eq!(tree.line(value(&config_map.node, "metadata/name").span), "over/kustomization.yaml:15");
    assert_eq!(tree.line(value(&config_map.node, "data/a").span), "over/kustomization.yaml:17");
}

#[test]
fn an_object_that_nothing_changes_is_not_changed() {
    let tree = Tree::new(TREE);
    let build = tree.build("base");
    assert!(!build.resources[0].is_changed && build.resources[0].causes.is_empty());
    assert_eq!(build.files.len(), 2);
}
