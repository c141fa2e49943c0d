//! Files that a `kustomization.yaml` among the manifests names as patches. They hold parts of resources.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::source::{FileId, Sources};

/// The fields of a Kustomization that name patch files.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Kustomization {
    patches: Vec<serde_yaml::Value>,
    patches_strategic_merge: Vec<serde_yaml::Value>,
    patches_json6902: Vec<serde_yaml::Value>,
}

/// The files that Kustomizations name as patches.
pub(super) fn named_by_kustomizations(sources: &Sources) -> BTreeSet<FileId> {
    let by_path: BTreeMap<&str, FileId> = sources.iter().map(|(id, file)| (file.path(), id)).collect();
    sources
        .iter()
        .filter(|(_, file)| is_kustomization(file.path()))
        .filter_map(|(_, file)| {
            // The document itself is checked elsewhere, so a mistake is not reported twice.
            let kustomization: Kustomization = serde_yaml::from_str(file.text()).ok()?;
            let directory = file.path().rsplit_once('/').map_or("", |(directory, _)| directory);
            Some(kustomization.paths().iter().map(|path| join(directory, path)).collect::<Vec<_>>())
        })
        .flatten()
        .filter_map(|path| by_path.get(path.as_str()).copied())
        .collect()
}

/// Whether a path is that of a kustomization.
pub fn is_kustomization(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

impl Kustomization {
    fn paths(&self) -> Vec<String> {
        let entries = self.patches.iter().chain(&self.patches_strategic_merge).chain(&self.patches_json6902);
        let path = |entry: &serde_yaml::Value| {
            entry.as_str().or_else(|| entry.get("path").and_then(serde_yaml::Value::as_str)).map(str::to_owned)
        };
        entries.filter_map(path).collect()
    }
}

/// Joins a path to a directory, and resolves `.` and `..`.
fn join(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    if directory.starts_with('/') { format!("/{joined}") } else { joined }
}
