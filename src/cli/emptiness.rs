//! Inputs without anything to check. A mistyped path must not look like success.

use crate::load::{self, Exclude, Input, STDIN, Snapshot};
use crate::model::wording;

/// The reason why nothing was checked, as a message.
///
/// Something was checked if the inputs have a Kubernetes resource of any kind, a MeshConfig, a kustomization or a
/// mistake, or a document with placeholders. Other documents, such as the values of a chart, and the templates of Helm and
/// ytt are not manifests.
pub fn reason(inputs: &[Input], exclude: Exclude, snapshot: &Snapshot) -> Option<String> {
    let reason = match snapshot.sources.len() {
        0 if !snapshot.unreadable.is_empty() => return None,
        0 if exclude == Exclude::Ignored && load::any_manifest(inputs) => {
            "every .yaml, .yml and .json file is ignored; use `--no-ignore` to read them".to_owned()
        }
        0 => without_files(inputs),
        _ if holds_manifest(snapshot) => return None,
        _ => without_manifests(snapshot),
    };
    Some(format!("no manifests found: {reason}"))
}

fn holds_manifest(snapshot: &Snapshot) -> bool {
    let of_other_kinds = snapshot.skipped - snapshot.untyped;
    let resources = snapshot.resources.len() + of_other_kinds + snapshot.mesh_configs.len();
    let is_part = |template: load::Template| !template.is_rendered_by_program();
    resources > 0
        || !snapshot.problems.is_empty()
        || snapshot.templates.iter().any(|(_, template)| is_part(*template))
        || snapshot.sources.iter().any(|(_, file)| load::is_kustomization(file.path()))
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

fn without_manifests(snapshot: &Snapshot) -> String {
    let files: Vec<_> = snapshot.sources.iter().map(|(_, file)| file).collect();
    let (subject, have, are) = match files.as_slice() {
        [file] if file.path() == STDIN => ("standard input".to_owned(), "has", "is"),
        [file] => (format!("`{}`", file.path()), "has", "is"),
        files => (format!("the {} files", files.len()), "have", "are"),
    };
    if files.iter().all(|file| file.text().trim().is_empty()) {
        format!("{subject} {are} empty")
    } else if snapshot.untyped == 0 && !snapshot.templates.is_empty() {
        format!("{subject} {have} only templates, which have to be rendered first")
    } else {
        format!("{subject} {have} no Kubernetes resource, which is a document with `apiVersion` and `kind`")
    }
}
