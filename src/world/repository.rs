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
    // Most meshes are complete.
    let partial: Vec<(usize, Vec<PartialNamespace>)> =
        meshes.iter().map(partial_namespaces).enumerate().filter(|(_, partial)| !partial.is_empty()).collect();
    let world = |&index: &usize| {
        let apart: BTreeSet<usize> = (0..meshes.len()).filter(|other| are_apart(meshes, index, *other)).collect();
        let beside = partial.iter().filter(|(other, _)| *other == index || !apart.contains(other));
        let partial = beside.flat_map(|(_, partial)| partial).cloned();
        let partial = partial.chain(movable_charts(meshes, index)).collect();
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
    let charts = snapshot.charts.iter().map(|chart| format!("chart `{}` is not rendered", named(chart)));
    let unnamed: BTreeSet<String> = unnamed.chain(charts).collect();
    unrendered.chain(broken).chain(unnamed.into_iter().map(everywhere)).collect()
}

/// The namespaces to which charts may add something because nobody says in which namespace they are installed: all for the
/// other meshes, and that of the chart for its own mesh, since other resources may be in it.
fn movable_charts(meshes: &[Mesh], index: usize) -> Vec<PartialNamespace> {
    let beside = || meshes.iter().enumerate().filter(|(other, _)| !are_apart(meshes, index, *other));
    let is_fixed = |mesh: &Mesh| mesh.snapshot.movable_charts.is_empty() && mesh.snapshot.resources().len() > 0;
    let has_others = beside().any(|(_, mesh)| is_fixed(mesh));
    let own = meshes[index].snapshot.movable_charts.iter().filter(|_| has_others);
    let own = own.map(|release| (release, Some(release.namespace.clone())));
    let others = beside().filter(|_| meshes[index].snapshot.movable_charts.is_empty());
    let others = others.flat_map(|(_, mesh)| &mesh.snapshot.movable_charts).map(|release| (release, None));
    let partial = own.chain(others).map(|(release, namespace)| {
        let reason = format!("the namespace of chart `{}` is not configured", named(&release.chart.directory));
        PartialNamespace { namespace, reason }
    });
    partial.collect()
}

/// The name of a directory; `.` for the working directory.
fn named(directory: &str) -> &str {
    if directory.is_empty() { "." } else { directory }
}
