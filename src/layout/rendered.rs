//! The resources that a kustomization builds.

use std::sync::Arc;

use crate::kustomize::{Build, BuildProblem, BuildProblemKind};
use crate::load::{ManifestProblem, Manifests, SharedBodies, Snapshot};
use crate::model::KindScope;
use crate::source::Spanned;

/// Adds what a kustomization builds to a mesh.
pub(super) fn add(snapshot: &mut Snapshot, manifests: &Manifests, bodies: &SharedBodies, build: Build) {
    for rendered in &build.resources {
        snapshot.add_rendered(rendered, bodies);
    }
    let mut templates = Vec::new();
    for file in &build.files {
        let documents = manifests.documents(*file);
        let problems = documents.iter().flat_map(|document| document.problems.iter().cloned());
        snapshot.problems.extend(problems.map(ManifestProblem::Yaml));
        snapshot.documents += documents.len();
        templates.extend_from_slice(&manifests.contents(*file).templates);
    }
    snapshot.files.extend(build.files);
    // An object that a kustomization does not find may be in a document that cannot be read yet.
    let is_sure = |problem: &BuildProblem| {
        let is_in_template = || templates.iter().any(|(document, _)| document.contains(problem.span));
        templates.is_empty() || !(problem.kind == BuildProblemKind::NoMatch || is_in_template())
    };
    let problems = build.problems.into_iter().filter(is_sure);
    snapshot.problems.extend(problems.map(ManifestProblem::Build));
    snapshot.templates.extend(templates);
    snapshot.unrendered.extend(build.unrendered);
}

/// Moves all resources to a namespace.
pub(super) fn move_to(snapshot: &mut Snapshot, namespace: &str) {
    for resource in snapshot.resources.iter_mut().filter(|resource| resource.kind.scope() == KindScope::Namespaced) {
        let resource = Arc::make_mut(resource);
        let place = resource.metadata.namespace.as_ref().map_or(resource.span, |written| written.span);
        resource.metadata.namespace = Some(Spanned::new(namespace.to_owned(), place));
    }
}
