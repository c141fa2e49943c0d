//! The meshes that the configuration declares.

use std::collections::BTreeSet;

use super::{Mesh, MeshSource, Plan, Plans};
use crate::config::InventorySetting;
use crate::source::path;

/// An entry of `meshes` in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclaredMesh {
    /// The name.
    pub name: String,
    /// Its files and directories, as output shows paths. A directory with a kustomization is built.
    pub paths: Vec<String>,
    /// The namespace of resources that do not name one.
    pub namespace: Option<String>,
    /// Whether the resources are complete.
    pub inventory: Option<InventorySetting>,
}

impl Plans<'_> {
    /// Takes the declared meshes. Several of them can share files. Only those count of which the command names a part.
    pub(super) fn take_declared(&mut self, declared: &[DeclaredMesh]) {
        let mut taken = BTreeSet::new();
        let mut built = BTreeSet::new();
        for declared in declared {
            let holds = |shown: &str| declared.paths.iter().any(|path| path::is_within(shown, path));
            let all = self.manifests.sources.iter();
            let is_manifest = |file| !self.manifests.is_kustomized(file) && !self.manifests.is_silent(file);
            let of_mesh = all.filter(|(file, source)| is_manifest(*file) && holds(source.path()));
            let files: Vec<_> = of_mesh.map(|(file, _)| file).collect();
            let kustomizations: Vec<String> = self.kustomizations_of(&declared.paths);
            let is_named = files.iter().any(|file| self.free.contains(file))
                || kustomizations.iter().any(|directory| self.roots.contains(directory));
            if !is_named {
                continue;
            }
            taken.extend(files.iter().copied());
            built.extend(kustomizations.iter().cloned());
            let mesh = Mesh {
                name: declared.name.clone(),
                source: MeshSource::Config,
                namespace: declared.namespace.clone(),
                inventory: declared.inventory.clone(),
                ..Mesh::default()
            };
            self.meshes.push(Plan { mesh, files, kustomizations, ..Plan::default() });
        }
        self.free.retain(|file| !taken.contains(file));
        self.roots.retain(|directory| !built.contains(directory));
    }

    /// The kustomizations that some paths mean: those of the directories themselves, else the roots below them.
    fn kustomizations_of(&self, paths: &[String]) -> Vec<String> {
        let mut found = BTreeSet::new();
        for path in paths {
            if super::kustomizations::file_of(self.manifests, path).is_some() {
                found.insert(path.clone());
            } else {
                found.extend(self.roots.iter().filter(|root| path::is_within(root, path)).cloned());
            }
        }
        found.into_iter().collect()
    }
}
