//! The objects of a kustomization while it is built, with all that travels upward with them.

use std::collections::{BTreeMap, BTreeSet};

use super::configurations::Configuration;
use super::manifest::{Manifest, ManifestId};
use super::problem::{BuildProblemKind, Step};
use super::vars::{self, Var};
use super::{BuildProblem, Unrendered};
use crate::source::{FileId, Span};

/// The objects of a kustomization while it is built. What a base yields is a set, and an overlay continues a copy of it.
#[derive(Debug, Clone, Default)]
pub(super) struct ResourceSet {
    /// The objects, in order.
    pub manifests: Vec<Manifest>,
    /// The parts that could not be rendered. If there is any, an object that is not found may be there all the same.
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

    /// Adds an object that `entry` of a kustomization names. Its identity must be new.
    pub fn add(&mut self, manifest: Manifest, index: &mut IdIndex, entry: Span) -> Step {
        if let Some(known) = index.insert(manifest.id(), self.manifests.len()) {
            return Err(duplicate(&self.manifests[known], &manifest, entry));
        }
        self.manifests.push(manifest);
        Ok(())
    }

    /// Adds all that a base yields.
    pub fn append(&mut self, base: &Self, index: &mut IdIndex, entry: Span) -> Step {
        for manifest in &base.manifests {
            self.add(manifest.clone(), index, entry)?;
        }
        self.absorb(base);
        self.configuration.append(&base.configuration)?;
        vars::append(&mut self.vars, &base.vars)
    }

    /// Adds the files, warnings and gaps of a base, which hold even if the build stops.
    fn absorb(&mut self, base: &Self) {
        self.unrendered.extend(base.unrendered.iter().cloned());
        for warning in &base.warnings {
            self.warn(Box::new(warning.clone()));
        }
        self.files.extend(&base.files);
        self.directories.extend(base.directories.iter().cloned());
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

/// The objects of a set by their current identities, while objects are added.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    by_id: BTreeMap<String, usize>,
}

impl IdIndex {
    /// The index of the objects so far.
    pub fn of(manifests: &[Manifest]) -> Self {
        let mut index = Self::default();
        for (at, manifest) in manifests.iter().enumerate() {
            index.insert(manifest.id(), at);
        }
        index
    }

    /// Adds an object, and returns the one that has its identity already.
    fn insert(&mut self, id: ManifestId<'_>, at: usize) -> Option<usize> {
        let ManifestId { group, version, kind, name, namespace } = id;
        self.by_id.insert([group, version, kind, namespace, name].join("\n"), at)
    }
}

/// The problem of two objects with one identity. A base that is reached twice yields the same object twice.
fn duplicate(known: &Manifest, new: &Manifest, entry: Span) -> Box<BuildProblem> {
    let id = new.id().describe();
    if known.written_in == new.written_in {
        let message = format!("this adds {id} a second time, which kustomize rejects");
        return BuildProblem::new(BuildProblemKind::DuplicateResource, entry, message)
            .help("remove the entry, or give the copies different prefixes or namespaces")
            .related(new.name_span(), "defined here");
    }
    let message = format!("{id} is already defined, so kustomize rejects the kustomization");
    BuildProblem::new(BuildProblemKind::DuplicateResource, new.name_span(), message)
        .help("remove one of them, or change the other one with a patch")
        .related(known.name_span(), "first defined here")
        .related(entry, "added here")
}
