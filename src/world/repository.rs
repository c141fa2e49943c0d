//! The meshes of a repository, each resolved with the others as its surroundings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::{Definitions, PartialNamespace, Settings, Surroundings, World};
use crate::config::{Config, InventoryMode, InventorySetting};
use crate::layout::Mesh;

/// Resolves the selected meshes. All meshes count as surroundings. `inventory` overrides what the configuration says.
pub fn resolve<'m>(
    meshes: &'m [Mesh],
    selected: &[usize],
    config: &Config,
    inventory: Option<InventoryMode>,
) -> Vec<(&'m Mesh, World<'m>)> {
    let repository = Repository::new(meshes, config, inventory);
    selected.par_iter().map(|&index| (&meshes[index], repository.world(index))).collect()
}

/// The knowledge that the meshes of a repository share.
struct Repository<'m> {
    meshes: &'m [Mesh],
    settings: Vec<Settings>,
    definitions: Arc<Definitions>,
    /// For each mesh, those that are never applied beside it: itself, and the alternatives that replace it. The steps of a
    /// tutorial build on each other.
    apart: Vec<Arc<BTreeSet<usize>>>,
    /// The namespaces that meshes may fill with what could not be rendered.
    partial: Vec<(usize, PartialNamespace)>,
    has_movable_charts: bool,
}

impl<'m> Repository<'m> {
    fn new(meshes: &'m [Mesh], config: &Config, inventory: Option<InventoryMode>) -> Self {
        let apart = apart(meshes);
        let configured: Vec<usize> =
            (0..meshes.len()).filter(|&index| !meshes[index].snapshot.mesh_configs.is_empty()).collect();
        let mesh_configs = configured.iter().flat_map(|&index| &meshes[index].snapshot.mesh_configs);
        let names = mesh_configs.flat_map(|it| &it.extension_providers).filter_map(|provider| provider.name.as_ref());
        let providers: BTreeSet<String> = names.map(|name| name.value.clone()).collect();
        let settings = |index: usize| {
            let mesh = &meshes[index];
            // The MeshConfig may be in another mesh that is applied to the same cluster.
            let beside = || configured.iter().filter(|other| !apart[index].contains(other));
            let mut settings = match mesh.snapshot.mesh_configs.is_empty() {
                true => Settings::of(
                    config,
                    &mesh.snapshot.mesh_config_layers,
                    beside().flat_map(|&other| &meshes[other].snapshot.mesh_configs),
                ),
                false => Settings::of(config, &[], &mesh.snapshot.mesh_configs),
            };
            settings.providers_of_repository.clone_from(&providers);
            if let Some(namespace) = &mesh.namespace {
                settings.default_namespace.clone_from(namespace);
                settings.is_namespace_assumed = false;
            }
            if let Some(declared) = inventory.map(InventorySetting::from).or_else(|| mesh.inventory.clone()) {
                settings.inventory = declared;
            }
            settings
        };
        let settings: Vec<Settings> = (0..meshes.len()).map(settings).collect();
        let mut definitions = Definitions::default();
        for (mesh, settings) in meshes.iter().zip(&settings) {
            definitions.add(mesh.name.as_str(), &mesh.snapshot, settings);
        }
        let partial = meshes.iter().enumerate();
        let partial = partial.flat_map(|(index, mesh)| partial_namespaces(mesh).into_iter().map(move |it| (index, it)));
        let has_movable_charts = meshes.iter().any(|mesh| !mesh.snapshot.movable_charts.is_empty());
        let partial = partial.collect();
        Self { meshes, settings, definitions: Arc::new(definitions), partial, apart, has_movable_charts }
    }

    fn world(&self, index: usize) -> World<'m> {
        let beside = self.partial.iter().filter(|(mesh, _)| *mesh == index || !self.apart[index].contains(mesh));
        // One reason for each namespace is enough.
        let mut seen = BTreeSet::new();
        let partial: Vec<PartialNamespace> = beside
            .filter(|(_, partial)| seen.insert(&partial.namespace))
            .map(|(_, partial)| partial.clone())
            .chain(self.movable_charts(index))
            .collect();
        // A mesh that is declared to be complete needs no other.
        let declared = self.meshes[index].inventory.as_ref();
        let apart = match declared.is_some_and(|it| it.is_everywhere(InventoryMode::Complete)) {
            true => Arc::new((0..self.meshes.len()).collect()),
            false => Arc::clone(&self.apart[index]),
        };
        let mut surroundings = Surroundings::new(Arc::clone(&self.definitions), apart, partial);
        surroundings.own = Some(index);
        World::with_surroundings(&self.meshes[index].snapshot, self.settings[index].clone(), surroundings)
    }

    /// The namespaces to which charts may add something because nobody says in which namespace they are installed: all for the
    /// other meshes, and that of the chart for its own mesh, since other resources may be in it.
    fn movable_charts(&self, index: usize) -> Vec<PartialNamespace> {
        if !self.has_movable_charts {
            return Vec::new();
        }
        let own = &self.meshes[index].snapshot.movable_charts;
        let meshes = self.meshes.iter().enumerate();
        let beside = || meshes.clone().filter(|(other, _)| !self.apart[index].contains(other));
        let is_fixed = |mesh: &Mesh| mesh.snapshot.movable_charts.is_empty() && mesh.snapshot.resources().len() > 0;
        let has_others = beside().any(|(_, mesh)| is_fixed(mesh));
        let others = beside().filter(|_| own.is_empty()).flat_map(|(_, mesh)| &mesh.snapshot.movable_charts);
        let own = own.iter().filter(|_| has_others).map(|release| (release, Some(release.namespace.clone())));
        let partial = own.chain(others.map(|release| (release, None))).map(|(release, namespace)| {
            let reason = format!("the namespace of chart `{}` is not configured", named(&release.chart.directory));
            PartialNamespace { namespace, reason }
        });
        partial.collect()
    }
}

/// The sets of meshes that are never applied beside each mesh. Alternatives share one.
fn apart(meshes: &[Mesh]) -> Vec<Arc<BTreeSet<usize>>> {
    let set = |index: usize| meshes[index].alternatives.filter(|it| it.is_exclusive).map(|it| it.set);
    let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for index in 0..meshes.len() {
        if let Some(set) = set(index) {
            members.entry(set).or_default().insert(index);
        }
    }
    let members: BTreeMap<usize, Arc<BTreeSet<usize>>> =
        members.into_iter().map(|(set, members)| (set, Arc::new(members))).collect();
    let of_mesh = |index: usize| match set(index).and_then(|set| members.get(&set)) {
        Some(members) => Arc::clone(members),
        None => Arc::new(BTreeSet::from([index])),
    };
    (0..meshes.len()).map(of_mesh).collect()
}

/// The namespaces to which a mesh may add what could not be rendered.
fn partial_namespaces(mesh: &Mesh) -> Vec<PartialNamespace> {
    let snapshot = &mesh.snapshot;
    let unrendered = snapshot.unrendered.iter();
    let unrendered =
        unrendered.map(|part| PartialNamespace { namespace: part.namespace.clone(), reason: mesh.describe(part) });
    let everywhere = |reason: String| PartialNamespace { namespace: None, reason };
    let broken = snapshot.broken_namespaces.iter().map(|namespace| {
        let reason = format!("the kustomization of mesh `{}` cannot be built", mesh.name);
        PartialNamespace { namespace: namespace.clone(), reason }
    });
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

/// The name of a directory; `.` for the working directory.
fn named(directory: &str) -> &str {
    if directory.is_empty() { "." } else { directory }
}
