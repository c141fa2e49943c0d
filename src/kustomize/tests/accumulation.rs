//! Resources, bases and components.

use super::Tree;
use crate::kustomize::{ReferenceKind, UnrenderedReason, references};

#[test]
fn a_missing_file_is_an_error_at_its_entry() {
    let tree = Tree::new("-- kustomization.yaml --\nresources:\n- missing.yaml\n");
    assert_eq!(tree.error(""), "MissingFile kustomization.yaml:2 `missing.yaml` does not exist");
    let tree = Tree::new("-- kustomization.yaml --\nresources: [d]\n-- d/a.yaml --\n");
    assert_eq!(tree.error(""), "MissingFile kustomization.yaml:1 directory `d` has no `kustomization.yaml`");
}

#[test]
fn an_error_in_a_base_is_at_its_place_in_the_base() {
    let tree = Tree::new(
        "-- o/kustomization.yaml --
resources: [../b]
-- p/kustomization.yaml --
resources: [../b]
-- b/kustomization.yaml --
resources: [a.yaml]
-- b/other.yaml --
",
    );
    let wanted = "MissingFile b/kustomization.yaml:1 `a.yaml` does not exist";
    assert_eq!(tree.error("o"), wanted);
    assert_eq!(tree.error("p"), wanted);
    let build = tree.build("o");
    assert_eq!(build.files.len(), 2, "the files of a broken kustomization belong to it");
    assert_eq!(build.directories.into_iter().collect::<Vec<_>>(), ["b", "o"]);
}

#[test]
fn one_identity_twice_is_an_error() {
    let tree = Tree::new(
        "-- kustomization.yaml --
resources: [a.yaml, b.yaml]
-- a.yaml --
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}}
-- b.yaml --
{apiVersion: v1, kind: Service, metadata: {name: a}}
",
    );
    let wanted = "DuplicateResource b.yaml:1 Service `default/a` is already defined, so kustomize rejects the \
                  kustomization; a.yaml:1 first defined here; kustomization.yaml:1 added here";
    assert_eq!(tree.error(""), wanted);
}

#[test]
fn versions_of_one_kind_are_different_objects() {
    let tree = Tree::new(
        "-- kustomization.yaml --
resources: [a.yaml]
-- a.yaml --
{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: a}}
---
{apiVersion: networking.istio.io/v1beta1, kind: Gateway, metadata: {name: a}}
",
    );
    assert_eq!(tree.names(""), ["Gateway /a", "Gateway /a"]);
}

const DIAMOND: &str = "-- kustomization.yaml --
resources:
- l
- r
-- b/kustomization.yaml --
resources: [a.yaml]
-- b/a.yaml --
{apiVersion: v1, kind: Service, metadata: {name: a}}
";

#[test]
fn a_base_that_is_reached_twice_is_an_error() {
    let tree = Tree::new(&format!(
        "{DIAMOND}-- l/kustomization.yaml --\nresources: [../b]\n-- r/kustomization.yaml --\nresources: [../b]\n"
    ));
    let wanted = "DuplicateResource kustomization.yaml:3 this adds Service `default/a` a second time, which kustomize \
                  rejects; b/a.yaml:1 defined here";
    assert_eq!(tree.error(""), wanted);
}

#[test]
fn copies_of_a_base_with_different_names_are_different_objects() {
    let tree = Tree::new(&format!(
        "{DIAMOND}-- l/kustomization.yaml --\nresources: [../b]\nnamePrefix: l-\n\
         -- r/kustomization.yaml --\nresources: [../b]\nnamespace: r\n"
    ));
    assert_eq!(tree.names(""), ["Service /l-a", "Service r/a"]);
}

#[test]
fn cycles_are_errors() {
    let table = [
        (
            "-- kustomization.yaml --\nresources: [.]\n",
            "",
            "kustomization.yaml:1 `.` leads back to `.`, so kustomize rejects the cycle",
        ),
        (
            "-- a/kustomization.yaml --\nresources: [../b]\n-- b/kustomization.yaml --\nresources: [../a]\n",
            "a",
            "b/kustomization.yaml:1 `../a` leads back to `a`, so kustomize rejects the cycle",
        ),
        (
            "-- a/b/kustomization.yaml --\nresources: [..]\n-- a/kustomization.yaml --\nnamespace: x\n",
            "a/b",
            "a/b/kustomization.yaml:1 `..` is `a`, which contains `a/b`; kustomize rejects this as a cycle",
        ),
    ];
    for (text, directory, message) in table {
        assert_eq!(Tree::new(text).error(directory), format!("Cycle {message}"));
    }
}

#[test]
fn a_long_chain_of_bases_is_an_error() {
    let layer = |at: usize| format!("-- d{at}/kustomization.yaml --\nresources: [../d{}]\n", at + 1);
    let tree = Tree::new(&(0..1000).map(layer).collect::<String>());
    assert!(tree.error("d0").contains("more than 100 kustomizations are nested here"));
}

const COMPONENTS: &str = "-- over/kustomization.yaml --
resources: [d.yaml]
components: [../c1]
namePrefix: o-
-- over/d.yaml --
{apiVersion: v1, kind: Service, metadata: {name: d}}
-- c1/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
components: [../c2]
resources: [../b]
namePrefix: c1-
-- c2/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
namePrefix: c2-
namespace: two
-- b/kustomization.yaml --
resources: [e.yaml]
namePrefix: b-
-- b/e.yaml --
{apiVersion: v1, kind: Service, metadata: {name: e}}
";

#[test]
fn components_transform_all_that_is_there() {
    let tree = Tree::new(COMPONENTS);
    assert_eq!(tree.names("over"), ["Service two/o-c1-c2-b-e", "Service two/o-c1-c2-d"]);
    let directories: Vec<String> = tree.build("over").directories.into_iter().collect();
    assert_eq!(directories, ["b", "c1", "c2", "over"]);
    assert_eq!(tree.names("c1"), ["Service two/c1-c2-b-e"], "a component can be built by itself");
}

#[test]
fn components_and_bases_are_not_interchangeable() {
    let tree = Tree::new(&format!(
        "{COMPONENTS}-- r/kustomization.yaml --\nresources: [../c2]\n-- c/kustomization.yaml --\ncomponents: [../b]\n"
    ));
    let wanted = "Invalid r/kustomization.yaml:1 the kustomization in `../c2` is a Component; \
                  c2/kustomization.yaml:2 the kind is set here";
    assert_eq!(tree.error("r"), wanted);
    let wanted = "Invalid c/kustomization.yaml:1 the kustomization in `../b` is not a Component; \
                  b/kustomization.yaml:1 the kind is set here";
    assert_eq!(tree.error("c"), wanted);
}

#[test]
fn what_is_not_here_is_unrendered() {
    let mut tree = Tree::new(
        "-- kustomization.yaml --
resources:
- https://example.com/a.yaml
- git@example.com:org/repo.git
- generated.yaml
- a.yaml
namespace: here
helmCharts: [{name: chart, namespace: elsewhere}]
generators: [secrets.yaml]
-- secrets.yaml --
{apiVersion: viaduct.ai/v1, kind: ksops, metadata: {name: x}}
-- a.yaml --
{apiVersion: v1, kind: Service, metadata: {name: a}}
",
    );
    tree.ignored.insert("generated.yaml".into());
    let build = tree.build("");
    let found: Vec<_> = build.unrendered.iter().map(|part| (tree.line(part.span), part.reason, part.kind)).collect();
    let at = |line: usize| format!("kustomization.yaml:{line}");
    let wanted = [
        (at(2), UnrenderedReason::Remote, None),
        (at(3), UnrenderedReason::Remote, None),
        (at(4), UnrenderedReason::UnreadFile, None),
        (at(7), UnrenderedReason::HelmChart, None),
        (at(8), UnrenderedReason::Plugin, Some("Secret")),
    ];
    assert_eq!(found, wanted);
    assert!(build.unrendered.iter().all(|part| part.namespace.as_deref() == Some("here")));
    assert_eq!(tree.names(""), ["Service here/a"]);
}

#[test]
fn files_outside_of_the_directory_are_read_with_a_warning() {
    let tree = Tree::new(
        "-- a/kustomization.yaml --
resources: [../b/x.yaml]
-- b/x.yaml --
{apiVersion: v1, kind: Service, metadata: {name: a}}
",
    );
    assert_eq!(tree.names("a"), ["Service /a"]);
    let wanted =
        "OutsideRoot a/kustomization.yaml:1 file `../b/x.yaml` is outside of the directory of the kustomization";
    assert_eq!(tree.problems("a"), [wanted]);
}

#[test]
fn local_configuration_is_not_rendered() {
    let object = |name: &str, value: &str| {
        format!(
            "{{apiVersion: v1, kind: A, metadata: {{name: {name}, annotations: {{config.kubernetes.io/local-config: '{value}'}}}}}}\n"
        )
    };
    let text = format!(
        "-- kustomization.yaml --\nresources: [a.yaml]\n-- a.yaml --\n{}---\n{}---\n{}",
        object("a", "true"),
        object("b", "false"),
        object("c", "")
    );
    assert_eq!(Tree::new(&text).names(""), ["A /b"]);
}

#[test]
fn references_are_the_paths_that_a_kustomization_names() {
    let tree = Tree::new(
        "-- a/kustomization.yaml --
resources: [x.yaml, ../b, 'https://example.com/x', '']
components: [c]
patches: [{path: p.yaml}, {patch: x}]
patchesStrategicMerge: [s.yaml, 'kind: A']
configMapGenerator: [{name: a, files: [f.txt, key=../g.txt], envs: [h.env], env: i.env}]
configurations: [j.yaml]
replacements: [{path: k.yaml}]
unknown: [1]
-- other --
",
    );
    let found = references("a", &tree.files["a/kustomization.yaml"].1);
    let found: Vec<(&str, ReferenceKind)> = found.iter().map(|found| (found.path.as_str(), found.kind)).collect();
    let wanted = [
        ("a/c", ReferenceKind::Directory),
        ("a/f.txt", ReferenceKind::Content),
        ("a/h.env", ReferenceKind::Content),
        ("a/i.env", ReferenceKind::Content),
        ("a/j.yaml", ReferenceKind::File),
        ("a/k.yaml", ReferenceKind::File),
        ("a/p.yaml", ReferenceKind::File),
        ("a/s.yaml", ReferenceKind::File),
        ("a/x.yaml", ReferenceKind::FileOrDirectory),
        ("b", ReferenceKind::FileOrDirectory),
        ("g.txt", ReferenceKind::Content),
    ];
    assert_eq!(found, wanted);
}
