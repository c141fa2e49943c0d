//! Bases that several kustomizations share.

use std::sync::Arc;

use rayon::prelude::*;

use super::Tree;
use crate::kustomize::Renderer;

const OVERLAYS: usize = 50;

/// Overlays on a base with two objects, of which each changes one.
fn tree() -> Tree {
    let overlay = |at: usize| {
        format!(
            "-- o{at}/kustomization.yaml --\nresources: [../base]\nreplicas: [{{name: d, count: {at}}}]\n\
             -- p{at}/kustomization.yaml --\nresources: [../base]\nnamePrefix: p{at}-\n"
        )
    };
    let base = "-- base/kustomization.yaml --
resources: [a.yaml]
-- base/a.yaml --
{apiVersion: v1, kind: Service, metadata: {name: s}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}
";
    Tree::new(&((0..OVERLAYS).map(overlay).collect::<String>() + base))
}

#[test]
fn overlays_share_what_they_do_not_change() {
    let tree = tree();
    let renderer = Renderer::new(&tree);
    let builds: Vec<_> = (0..OVERLAYS).map(|at| renderer.build(&format!("o{at}"))).collect();
    for build in &builds {
        assert!(Arc::ptr_eq(&build.resources[0].node, &builds[0].resources[0].node));
        assert!(!build.resources[0].is_changed && build.resources[1].is_changed);
    }
}

#[test]
fn builds_do_not_depend_on_each_other_or_on_threads() {
    let tree = tree();
    let directories: Vec<String> =
        ["o", "p"].iter().flat_map(|name| (0..OVERLAYS).map(move |at| format!("{name}{at}"))).collect();
    let renderer = Renderer::new(&tree);
    let together: Vec<_> = directories.par_iter().map(|directory| renderer.build(directory).resources).collect();
    for (directory, resources) in directories.iter().zip(together) {
        let alone = Renderer::new(&tree).build(directory).resources;
        let nodes =
            |resources: &[crate::kustomize::Rendered]| resources.iter().map(|it| it.node.clone()).collect::<Vec<_>>();
        assert_eq!(nodes(&resources), nodes(&alone), "{directory}");
    }
}

/// A base that was built from elsewhere is still a cycle for a directory that it contains.
#[test]
fn a_known_base_can_be_a_cycle() {
    let tree = Tree::new(
        "-- ok/kustomization.yaml --
resources: [../mid]
-- base/over/kustomization.yaml --
resources: [../../mid]
-- mid/kustomization.yaml --
resources: [../base]
-- base/kustomization.yaml --
namespace: x
",
    );
    let renderer = Renderer::new(&tree);
    assert_eq!(renderer.build("ok").problems, []);
    let problems = renderer.build("base/over").problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("which contains `base/over`"), "{problems:?}");
}
