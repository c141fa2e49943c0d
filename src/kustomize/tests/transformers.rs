//! `namespace`, `namePrefix`, `nameSuffix`, labels, annotations, images, replicas, and built-in plugins.

use serde_json::json;

use super::Tree;

/// A tree with one kustomization and one file of resources.
fn tree(kustomization: &str, resources: &str) -> Tree {
    Tree::new(&format!("-- kustomization.yaml --\nresources: [a.yaml]\n{kustomization}\n-- a.yaml --\n{resources}\n"))
}

#[test]
fn namespace_moves_all_but_known_cluster_scoped_objects() {
    let tree = tree(
        "namespace: new",
        "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: old}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: old}}
---
{apiVersion: x/v1, kind: Namespace, metadata: {name: old}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: b}}
---
{apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {name: b}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: c}, spec: {hosts: [a.old.svc.cluster.local]}}",
    );
    let wanted = [
        "ClusterIssuer new/b",
        "ClusterRole /b",
        "Namespace /new",
        "Namespace new/old",
        "Service new/a",
        "VirtualService new/c",
    ];
    assert_eq!(tree.names(""), wanted);
    assert_eq!(tree.resource("", "c")["spec"]["hosts"], json!(["a.old.svc.cluster.local"]));
}

#[test]
fn namespace_moves_subjects_named_default() {
    let tree = tree(
        "namespace: new",
        "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: a}
subjects:
- {kind: ServiceAccount, name: default, namespace: old}
- {kind: ServiceAccount, name: other, namespace: old}
- {kind: User, name: default}",
    );
    let namespaces = tree.resource("", "a")["subjects"].clone();
    let namespaces: Vec<_> =
        namespaces.as_array().unwrap().iter().map(|subject| subject["namespace"].clone()).collect();
    assert_eq!(namespaces, ["new", "old", "new"]);
}

#[test]
fn objects_that_become_equal_are_an_error() {
    let tree = tree(
        "namespace: new",
        "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: x}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: y}}",
    );
    let wanted = "DuplicateResource kustomization.yaml:2 `namespace` turns 2 objects into Service `new/a`, so kustomize \
                  rejects them; a.yaml:1 the first is defined here; a.yaml:3 the second is defined here";
    assert_eq!(tree.error(""), wanted);
}

#[test]
fn prefix_and_suffix_rename_all_but_some_kinds() {
    let tree = tree(
        "namePrefix: p-\nnameSuffix: -s",
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b}}
---
{apiVersion: x/v1, kind: CustomResourceDefinition, metadata: {name: c}}
---
{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: d}}
---
{apiVersion: x/v1, kind: APIService, metadata: {name: e}}",
    );
    let wanted =
        ["APIService /d", "APIService /p-e-s", "CustomResourceDefinition /c", "Namespace /b", "ServiceAccount /p-a-s"];
    assert_eq!(tree.names(""), wanted);
}

#[test]
fn inner_prefixes_come_first() {
    let tree = Tree::new(
        "-- over/kustomization.yaml --
{resources: [../base], namePrefix: o-, nameSuffix: -o}
-- base/kustomization.yaml --
{resources: [a.yaml], namePrefix: b-, nameSuffix: -b}
-- base/a.yaml --
{apiVersion: v1, kind: Service, metadata: {name: a}}
",
    );
    assert_eq!(tree.names("over"), ["Service /o-b-a-b-o"]);
}

const WORKLOADS: &str = "{apiVersion: v1, kind: Service, metadata: {name: service}, spec: {type: ExternalName}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: deployment, labels: {l: old}}, spec: {selector: {matchLabels: {l: old}}}}
---
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: gateway}, spec: {selector: {istio: ingressgateway}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: policy}, spec: {podSelector: {}}}";

#[test]
fn labels_are_added_to_metadata() {
    let tree = tree("labels: [{pairs: {l: new}}]", WORKLOADS);
    assert_eq!(tree.resource("", "service")["metadata"]["labels"], json!({"l": "new"}));
    assert_eq!(tree.resource("", "service")["spec"], json!({"type": "ExternalName"}));
    let deployment = tree.resource("", "deployment");
    assert_eq!(deployment["metadata"]["labels"], json!({"l": "new"}));
    assert_eq!(deployment["spec"], json!({"selector": {"matchLabels": {"l": "old"}}}));
}

#[test]
fn labels_are_added_to_templates() {
    let tree = tree("labels: [{pairs: {l: new}, includeTemplates: true}]", WORKLOADS);
    let template = json!({"metadata": {"labels": {"l": "new"}}});
    let wanted = json!({"selector": {"matchLabels": {"l": "old"}}, "template": template});
    assert_eq!(tree.resource("", "deployment")["spec"], wanted);
}

#[test]
fn common_labels_are_added_to_selectors() {
    for field in ["commonLabels: {l: new}", "labels: [{pairs: {l: new}, includeSelectors: true}]"] {
        let tree = tree(field, WORKLOADS);
        assert_eq!(tree.resource("", "service")["spec"]["selector"], json!({"l": "new"}), "also without a selector");
        let template = json!({"metadata": {"labels": {"l": "new"}}});
        let wanted = json!({"selector": {"matchLabels": {"l": "new"}}, "template": template});
        assert_eq!(tree.resource("", "deployment")["spec"], wanted);
        assert_eq!(tree.resource("", "gateway")["spec"], json!({"selector": {"istio": "ingressgateway"}}));
        assert_eq!(tree.resource("", "policy")["spec"], json!({"podSelector": {}}));
    }
}

#[test]
fn fields_of_labels_are_created() {
    let fields = "fields: [{kind: Gateway, path: spec/a/b, create: true}, {kind: Service, path: spec/c}]";
    let tree = tree(&format!("labels: [{{pairs: {{l: new}}, {fields}}}]"), WORKLOADS);
    assert_eq!(tree.resource("", "gateway")["spec"]["a"], json!({"b": {"l": "new"}}));
    assert_eq!(tree.resource("", "service")["spec"], json!({"type": "ExternalName"}));
}

#[test]
fn a_scalar_in_place_of_labels_is_an_error() {
    let tree = tree("labels: [{pairs: {l: new}}]", "apiVersion: v1\nkind: A\nmetadata: {name: a, labels: x}");
    assert_eq!(tree.error(""), "NotResource a.yaml:3 kustomize needs a mapping here to add `l`");
}

#[test]
fn annotations_are_added_to_metadata_and_templates() {
    let tree = tree("commonAnnotations: {a: b}", WORKLOADS);
    assert_eq!(tree.resource("", "gateway")["metadata"]["annotations"], json!({"a": "b"}));
    let template = json!({"metadata": {"annotations": {"a": "b"}}});
    assert_eq!(tree.resource("", "deployment")["spec"]["template"], template);
}

#[test]
fn empty_annotations_are_dropped() {
    let tree = tree("", "{apiVersion: v1, kind: A, metadata: {name: a, labels: {}, annotations: {}}}");
    assert_eq!(tree.resource("", "a")["metadata"], json!({"name": "a", "labels": {}}));
}

#[test]
fn images_are_changed_in_all_containers() {
    let images = "images:
- {name: nginx, newTag: '2'}
- {name: 'registry.io:5000/app', newName: other, digest: 'sha256:0'}
- {name: both, newTag: t, digest: 'sha256:0'}
- {name: suffix, tagSuffix: -x}
";
    let pod = |image: &str| {
        format!(
            "{{apiVersion: x/v1, kind: X, metadata: {{name: a}}, deep: [{{initContainers: [{{image: '{image}'}}]}}]}}"
        )
    };
    let table = [
        ("nginx", "nginx:2"),
        ("nginx:1@sha256:1", "nginx:2"),
        ("nginx-x", "nginx-x"),
        ("registry.io:5000/app:1", "other@sha256:0"),
        ("both", "both:t@sha256:0"),
        ("suffix:1", "suffix:1-x"),
    ];
    for (before, after) in table {
        let found = tree(images, &pod(before)).resource("", "a");
        assert_eq!(found["deep"][0]["initContainers"][0]["image"], after);
    }
    let definition = pod("nginx").replace("kind: X", "kind: CustomResourceDefinition");
    assert_eq!(tree(images, &definition).resource("", "a")["deep"][0]["initContainers"][0]["image"], "nginx");
}

#[test]
fn replicas_are_set_by_any_name() {
    let tree = Tree::new(
        "-- over/kustomization.yaml --
{resources: [../base], replicas: [{name: a, count: 3}]}
-- bad/kustomization.yaml --
{resources: [../base], replicas: [{name: b, count: 3}]}
-- base/kustomization.yaml --
{resources: [a.yaml], namePrefix: p-}
-- base/a.yaml --
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}
---
{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: a}, spec: {replicas: 1}}
",
    );
    let replicas = |at: usize| tree.resources("over")[at]["spec"]["replicas"].clone();
    assert_eq!((replicas(0), replicas(1)), (json!(3), json!(1)));
    let wanted = "NoMatch bad/kustomization.yaml:1 no Deployment, StatefulSet, ReplicaSet or ReplicationController is \
                  called `b`";
    assert_eq!(tree.error("bad"), wanted);
}

#[test]
fn built_in_transformers_run_with_their_own_fields() {
    let tree = Tree::new(
        "-- kustomization.yaml --
resources: [a.yaml]
transformers:
- t.yaml
- |-
  apiVersion: builtin
  kind: PrefixTransformer
  metadata: {name: x}
  prefix: p-
  fieldSpecs: [{path: spec/reference}]
- other.yaml
-- t.yaml --
apiVersion: builtin
kind: NamespaceTransformer
metadata: {name: x, namespace: new}
unsetOnly: true
---
apiVersion: builtin
kind: LabelTransformer
metadata: {name: x}
labels: {l: new}
fieldSpecs: [{path: spec/labels, create: true}]
-- other.yaml --
{apiVersion: x/v1, kind: Program, metadata: {name: x}}
-- a.yaml --
{apiVersion: v1, kind: A, metadata: {name: a}, spec: {reference: r}}
---
{apiVersion: v1, kind: A, metadata: {name: b, namespace: old}}
",
    );
    assert_eq!(tree.names(""), ["A new/a", "A old/b"]);
    assert_eq!(tree.resource("", "a")["spec"], json!({"reference": "p-r", "labels": {"l": "new"}}));
    let build = tree.build("");
    let unrendered: Vec<String> = build.unrendered.iter().map(|part| tree.line(part.span)).collect();
    assert_eq!(unrendered, ["kustomization.yaml:10"]);
}
