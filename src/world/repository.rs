//! The meshes of a repository, each resolved with the others as its surroundings.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Definitions, PartialNamespace, Settings, Surroundings, World};
use crate::config::{Config, InventoryMode};
use crate::layout::Mesh;
use crate::load::ManifestProblem;

/// Resolves the selected meshes. All meshes count as surroundings. `inventory` overrides what the configuration says.
pub fn resolve<'m>(
    meshes: &'m [Mesh],
    selected: &[usize],
    config: &Config,
    inventory: Option<InventoryMode>,
) -> Vec<(&'m Mesh, World<'m>)> {
    let settings: Vec<Settings> = (0..meshes.len()).map(|index| settings(meshes, index, config, inventory)).collect();
    let mut definitions = Definitions::default();
    for (mesh, settings) in meshes.iter().zip(&settings) {
        definitions.add(mesh.name.as_str(), &mesh.snapshot, settings);
    }
    let definitions = Arc::new(definitions);
    let world = |&index: &usize| {
        let apart: BTreeSet<usize> = (0..meshes.len()).filter(|other| are_apart(meshes, index, *other)).collect();
        let beside = meshes.iter().enumerate().filter(|(other, _)| *other == index || !apart.contains(other));
        let partial = beside.flat_map(|(_, mesh)| partial_namespaces(mesh)).collect();
        let surroundings = Surroundings { definitions: Arc::clone(&definitions), apart: Arc::new(apart), partial };
        let mesh = &meshes[index];
        (mesh, World::with_surroundings(&mesh.snapshot, settings[index].clone(), surroundings))
    };
    selected.par_iter().map(world).collect()
}

/// Whether a mesh is never applied beside another: it is the same, or an alternative that replaces it. The steps of a
/// tutorial build on each other.
fn are_apart(meshes: &[Mesh], index: usize, other: usize) -> bool {
    let set = |index: usize| meshes[index].alternatives.filter(|it| it.is_exclusive).map(|it| it.set);
    index == other || (set(index).is_some() && set(index) == set(other))
}

/// The settings of a mesh. Its MeshConfig may be in another mesh that is applied to the same cluster.
fn settings(meshes: &[Mesh], index: usize, config: &Config, inventory: Option<InventoryMode>) -> Settings {
    let mesh = &meshes[index];
    let beside = || meshes.iter().enumerate().filter(|(other, _)| !are_apart(meshes, index, *other));
    let mut settings = if mesh.snapshot.mesh_configs.is_empty() {
        Settings::of(config, beside().flat_map(|(_, mesh)| &mesh.snapshot.mesh_configs))
    } else {
        Settings::of(config, &mesh.snapshot.mesh_configs)
    };
    if let Some(namespace) = &mesh.namespace {
        settings.default_namespace.clone_from(namespace);
        settings.is_namespace_assumed = false;
    }
    settings.inventory = inventory.or(mesh.inventory).or(settings.inventory);
    settings
}

/// The namespaces to which a mesh may add what could not be rendered.
fn partial_namespaces(mesh: &Mesh) -> Vec<PartialNamespace> {
    let snapshot = &mesh.snapshot;
    let unrendered = snapshot.unrendered.iter().zip(mesh.partial());
    let unrendered = unrendered.map(|(part, reason)| PartialNamespace { namespace: part.namespace.clone(), reason });
    let everywhere = |reason: String| PartialNamespace { namespace: None, reason };
    let broken = snapshot.problems.iter().any(|problem| match problem {
        ManifestProblem::Build(problem) => problem.kind.stops_build(),
        _ => false,
    });
    let broken = broken.then(|| everywhere(format!("the kustomization of mesh `{}` cannot be built", mesh.name)));
    let templates = snapshot.templates.iter().filter(|(_, template)| template.is_rendered_by_program());
    let unnamed = templates.map(|(span, _)| snapshot.sources.file(span.file).path()).map(|path| {
        match path.split_once("/templates/") {
            Some((chart, _)) => format!("chart `{chart}` is not rendered"),
            None => format!("template `{path}` is not rendered"),
        }
    });
    let unnamed: BTreeSet<String> = unnamed.collect();
    unrendered.chain(broken).chain(unnamed.into_iter().map(everywhere)).collect()
}
