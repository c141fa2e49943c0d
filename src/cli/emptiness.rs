//! Inputs without anything to check. A mistyped path must not look like success.

use std::path::Path;

use crate::layout::{Mesh, MeshSource};
use crate::load::{self, Input, Manifests, STDIN, SkipReason};
use crate::model::wording;

/// The reason why nothing was checked, as a message.
///
/// Something was checked if the inputs have a Kubernetes resource of any kind, a MeshConfig, a kustomization or a
/// mistake, or a document with placeholders. Other documents, such as the values of a chart, and the templates of Helm and
/// ytt are not manifests.
pub fn reason(
    root: &Path,
    inputs: &[Input],
    no_ignore: bool,
    manifests: &Manifests,
    meshes: &[Mesh],
) -> Option<String> {
    let reason = match manifests.sources.len() {
        0 if !manifests.unreadable.is_empty() => return None,
        0 if manifests.skipped.iter().any(|skipped| skipped.reason == SkipReason::Pattern) => {
            "patterns of `--exclude` or of `exclude` in the configuration exclude the files".to_owned()
        }
        0 if !no_ignore && load::any_manifest(root, inputs) => {
            "every .yaml, .yml and .json file is ignored; use `--no-ignore` to read them".to_owned()
        }
        0 => without_files(inputs),
        _ if meshes.iter().any(holds_manifest) || manifests.kustomizations().next().is_some() => return None,
        _ => without_manifests(manifests, meshes),
    };
    Some(format!("no manifests found: {reason}"))
}

fn holds_manifest(mesh: &Mesh) -> bool {
    let snapshot = &mesh.snapshot;
    let of_other_kinds = snapshot.skipped.len() - snapshot.untyped;
    let resources = snapshot.resources.len() + of_other_kinds + snapshot.mesh_configs.len();
    let is_part = |template: load::Template| !template.is_rendered_by_program();
    resources > 0
        || !snapshot.problems.is_empty()
        || snapshot.templates.iter().any(|(_, template)| is_part(*template))
        || mesh.source == MeshSource::Kustomize
}

fn without_files(inputs: &[Input]) -> String {
    let paths: Vec<_> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Path(path) => Some(path.display()),
            Input::Stdin { .. } => None,
        })
        .collect();
    let have = if paths.len() == 1 { "has" } else { "have" };
    format!("{} {have} no .yaml, .yml or .json file", wording::list(paths, "and"))
}

fn without_manifests(manifests: &Manifests, meshes: &[Mesh]) -> String {
    let untyped: usize = meshes.iter().map(|mesh| mesh.snapshot.untyped).sum();
    let has_templates = meshes.iter().any(|mesh| !mesh.snapshot.templates.is_empty());
    let files: Vec<_> = manifests.sources.iter().map(|(_, file)| file).collect();
    let (subject, have, are) = match files.as_slice() {
        [file] if file.path() == STDIN => ("standard input".to_owned(), "has", "is"),
        [file] => (format!("`{}`", file.path()), "has", "is"),
        files => (format!("the {} files", files.len()), "have", "are"),
    };
    if files.iter().all(|file| file.text().trim().is_empty()) {
        format!("{subject} {are} empty")
    } else if untyped == 0 && has_templates {
        format!("{subject} {have} only templates, which have to be rendered first")
    } else {
        format!("{subject} {have} no Kubernetes resource, which is a document with `apiVersion` and `kind`")
    }
}
