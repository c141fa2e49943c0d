//! The relations between meshes: which are alternatives.

use std::collections::BTreeMap;

use super::{Alternatives, Mesh, MeshSource};
use crate::model::{Kind, Resource};
use crate::source::path;

/// The part of the smaller mesh's resources that two meshes must share to be alternatives.
const SHARED_PART: f64 = 0.3;

/// Marks the meshes that are built, or that the user declares, as alternatives of each other: those that build most of
/// their resources from the same directory, such as overlays of one base, or that define the same resources.
pub(super) fn set_alternatives(meshes: &mut [Mesh]) {
    let mut sets = Sets((0..meshes.len()).collect());
    let mut of_directory: BTreeMap<&str, usize> = BTreeMap::new();
    let mut of_identity: BTreeMap<(Kind, &str, &str), usize> = BTreeMap::new();
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let candidates =
        || meshes.iter().enumerate().filter(|(_, mesh)| mesh.alternatives.is_none() && mesh.source.is_separate());
    for (index, mesh) in candidates() {
        let mut written: BTreeMap<&str, usize> = BTreeMap::new();
        for resource in mesh.snapshot.resources.iter().filter(|it| it.kind != Kind::Namespace) {
            *written.entry(path::directory(mesh.snapshot.sources.file(resource.span.file).path())).or_default() += 1;
            if let Some(previous) =
                of_identity.insert((resource.kind, namespace(mesh, resource), resource.name()), index)
                && previous != index
            {
                *shared.entry((previous, index)).or_default() += 1;
            }
        }
        let total: usize = written.values().sum();
        // All releases of a chart come from its directory, in whatever cluster they are.
        if mesh.source == MeshSource::Helm {
            continue;
        }
        for (directory, _) in written.into_iter().filter(|(_, count)| count * 2 >= total) {
            match of_directory.get(directory) {
                Some(&other) => sets.join(other, index),
                None => drop(of_directory.insert(directory, index)),
            }
        }
    }
    for ((one, other), count) in shared {
        let smaller = meshes[one].snapshot.resources.len().min(meshes[other].snapshot.resources.len());
        if count as f64 >= SHARED_PART * smaller as f64 {
            sets.join(one, other);
        }
    }
    let of_mesh: Vec<(usize, usize)> = candidates().map(|(index, _)| (index, sets.of(index))).collect();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    of_mesh.iter().for_each(|(_, set)| *sizes.entry(*set).or_default() += 1);
    for (index, set) in of_mesh.into_iter().filter(|(_, set)| sizes[set] > 1) {
        meshes[index].alternatives = Some(Alternatives { set, is_exclusive: true });
    }
}

fn namespace<'m>(mesh: &'m Mesh, resource: &'m Resource) -> &'m str {
    let written = resource.metadata.namespace.as_ref().map(|namespace| namespace.as_str());
    written.or(mesh.namespace.as_deref()).unwrap_or_default()
}

/// Disjoint sets of meshes, by the index of their parent.
struct Sets(Vec<usize>);

impl Sets {
    fn of(&self, mut index: usize) -> usize {
        while self.0[index] != index {
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}
