//! The objects of a kustomization while it is built, with all that travels upward with them.

use std::collections::BTreeSet;

use super::configurations::Configuration;
use super::manifest::{Manifest, ManifestId};
use super::vars::Var;
use super::{BuildProblem, Unrendered};
use crate::source::FileId;

/// The objects of a kustomization while it is built. What a base yields is a set, and an overlay continues a copy of it.
#[derive(Debug, Clone, Default)]
pub(super) struct ResourceSet {
    /// The objects, in order.
    pub manifests: Vec<Manifest>,
    /// What could not be rendered. If there is any, an object that is not found may be there all the same.
    pub unrendered: Vec<Unrendered>,
    /// Mistakes that kustomize does not report.
    pub warnings: Vec<BuildProblem>,
    /// The files that were used.
    pub files: BTreeSet<FileId>,
    /// The directories whose kustomizations were used.
    pub directories: BTreeSet<String>,
    /// The fields that `configurations` files add to the tables of the transformers.
    pub configuration: Configuration,
    /// The vars of all layers.
    pub vars: Vec<Var>,
}

impl ResourceSet {
    /// Whether objects may exist that are not in the set.
    pub fn is_partial(&self) -> bool {
        self.unrendered.iter().any(|part| part.reason != super::UnrenderedReason::Schema)
    }

    /// Takes out the objects that the last transformer deleted.
    pub fn drop_deleted(&mut self) {
        self.manifests.retain(|manifest| !manifest.is_deleted());
    }

    /// Indices of the objects with a former or current identity that fits.
    pub fn find(&self, fits: impl Fn(ManifestId<'_>) -> bool) -> Vec<usize> {
        let has = |manifest: &Manifest| manifest.ids().any(&fits);
        (0..self.manifests.len()).filter(|&at| has(&self.manifests[at])).collect()
    }

    /// Adds a mistake that kustomize does not report.
    pub fn warn(&mut self, problem: Box<BuildProblem>) {
        if !self.warnings.contains(&problem) {
            self.warnings.push(*problem);
        }
    }
}
