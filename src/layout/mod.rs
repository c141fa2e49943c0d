//! The meshes of a repository: the sets of resources that are applied together.
//!
//! [`find`] takes them from, in this order: the `meshes` of the configuration, rendered Helm charts, the paths of Argo CD
//! and Flux, Kustomize, and alternatives among the files that are left. What remains is one mesh. Each mesh is resolved and
//! checked on its own.

mod alternatives;
mod charts;
mod declared;
mod gitops;
mod kustomizations;
mod relation;
mod rendered;

pub use declared::DeclaredMesh;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::config::InventorySetting;
use crate::kustomize::{Renderer, Unrendered, UnrenderedReason};
use crate::load::{ManifestProblem, Manifests, STDIN, SharedBodies, Snapshot};
use crate::source::{FileId, path};

/// A set of resources that are applied together.
#[derive(Debug, Default)]
pub struct Mesh {
    /// The name: its directory, or as the configuration says.
    pub name: String,
    /// How it was found.
    pub source: MeshSource,
    /// The file that makes it a mesh: the kustomization, `Chart.yaml`, or the Argo CD or Flux resource.
    pub file: Option<FileId>,
    /// The namespace of resources that do not name one, if the mesh says so.
    pub namespace: Option<String>,
    /// Whether the resources are complete, if the configuration says so.
    pub inventory: Option<InventorySetting>,
    /// The resources.
    pub snapshot: Snapshot,
    /// The files that its alternatives do not have.
    pub own: BTreeSet<FileId>,
    /// The alternatives that the mesh belongs to.
    pub alternatives: Option<Alternatives>,
}

impl MeshSource {
    /// A word for the source in names of meshes.
    fn word(self) -> &'static str {
        match self {
            Self::Config => "declared",
            Self::Helm => "chart",
            Self::Kustomize => "kustomization",
            Self::ArgoCd => "Argo CD",
            Self::Flux => "Flux",
            Self::Alternatives => "alternative",
            Self::Directory => "other files",
        }
    }

    /// Whether meshes of this kind are applied separately from the others. The files that are left are not.
    fn is_separate(self) -> bool {
        !matches!(self, Self::Alternatives | Self::Directory)
    }
}

impl Mesh {
    /// A phrase for each part that could not be rendered, and so may add resources.
    pub fn partial(&self) -> Vec<String> {
        let unrendered = self.snapshot.unrendered.iter().map(|part| self.describe(part));
        let charts = self.snapshot.charts.iter().map(|chart| format!("the Helm chart in `{}`", shown(chart)));
        let broken = self.snapshot.problems.iter().filter_map(|problem| match problem {
            ManifestProblem::Build(problem) if problem.kind.stops_build() => {
                Some("a kustomization that cannot be built")
            }
            _ => None,
        });
        let broken = broken.take(1).map(str::to_owned);
        unrendered.chain(charts).chain(broken).collect()
    }

    /// A phrase for a part that could not be rendered, with its place.
    pub fn describe(&self, part: &Unrendered) -> String {
        let sources = &self.snapshot.sources;
        let file = sources.file(part.span.file).path();
        format!("{} in {file}:{}", described(part.reason), sources.start(part.span).line)
    }
}

fn described(reason: UnrenderedReason) -> &'static str {
    match reason {
        UnrenderedReason::Remote => "a remote resource",
        UnrenderedReason::HelmChart => "a Helm chart",
        UnrenderedReason::Plugin => "a plugin",
        UnrenderedReason::UnreadFile => "a file that cannot be read here",
        UnrenderedReason::Schema => "a schema",
    }
}

/// A set of meshes that are not applied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternatives {
    /// The number of the set.
    pub set: usize,
    /// Whether the mesh replaces the others completely, as an environment does. Otherwise what the others define may still
    /// be there, as in the steps of a tutorial.
    pub is_exclusive: bool,
}

/// How a mesh was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MeshSource {
    /// The configuration declares it.
    Config,
    /// Helm renders it from a chart.
    Helm,
    /// A kustomization builds it.
    Kustomize,
    /// An Argo CD Application applies it.
    ArgoCd,
    /// A Flux Kustomization applies it.
    Flux,
    /// Its files define the same resources as those of other meshes.
    Alternatives,
    /// All other files.
    #[default]
    Directory,
}

/// Finds the meshes, in the order of their names.
pub fn find(manifests: &Manifests, declared: &[DeclaredMesh]) -> Vec<Mesh> {
    let renderer = Renderer::new(manifests);
    let bodies = SharedBodies::default();
    let mut plans = Plans::new(manifests);
    plans.take_declared(declared);
    plans.take_charts();
    plans.take_gitops();
    plans.take_kustomizations();
    plans.take_rest();
    let carry_out = |plan: Plan| plan.carry_out(manifests, &renderer, &bodies);
    let mut meshes: Vec<Mesh> = plans.meshes.into_par_iter().map(carry_out).collect();
    relation::set_alternatives(&mut meshes);
    meshes.sort_by(|a, b| a.name.cmp(&b.name));
    make_names_unique(&mut meshes);
    meshes
}

/// Adds the source to the names that several meshes have, such as a kustomization and the files beside it.
fn make_names_unique(meshes: &mut [Mesh]) {
    let mut taken = BTreeSet::new();
    for mesh in meshes {
        let plain = mesh.name.clone();
        let mut number = 1;
        while !taken.insert(mesh.name.clone()) {
            mesh.name = match number {
                1 => format!("{plain} ({})", mesh.source.word()),
                number => format!("{plain} ({} {number})", mesh.source.word()),
            };
            number += 1;
        }
    }
}

/// A mesh whose resources are not yet built.
#[derive(Debug, Default)]
struct Plan {
    mesh: Mesh,
    files: Vec<FileId>,
    /// The directories of the kustomizations that it builds.
    kustomizations: Vec<String>,
    /// The namespace of all resources, also of those that name another.
    target_namespace: Option<String>,
}

/// The meshes so far, and what belongs to none yet.
struct Plans<'m> {
    manifests: &'m Manifests,
    meshes: Vec<Plan>,
    /// The files that no mesh has, and that no kustomization names.
    free: BTreeSet<FileId>,
    /// The directories of the kustomizations that the command names, and that no mesh builds.
    roots: BTreeSet<String>,
}

impl<'m> Plans<'m> {
    fn new(manifests: &'m Manifests) -> Self {
        let files = manifests.sources.iter().map(|(file, _)| file);
        let is_free =
            |file: &FileId| manifests.is_named(*file) && !manifests.is_kustomized(*file) && !manifests.is_silent(*file);
        Self {
            manifests,
            meshes: Vec::new(),
            free: files.filter(is_free).collect(),
            roots: kustomizations::roots(manifests),
        }
    }

    /// The path of a file, as output shows it.
    fn path(&self, file: FileId) -> &'m str {
        self.manifests.sources.file(file).path()
    }

    /// Each kustomization that no other one includes is a mesh.
    fn take_kustomizations(&mut self) {
        for directory in self.roots.clone() {
            let mesh = Mesh {
                name: shown(&directory).to_owned(),
                source: MeshSource::Kustomize,
                file: kustomizations::file_of(self.manifests, &directory),
                ..Mesh::default()
            };
            self.meshes.push(Plan { mesh, kustomizations: vec![directory], ..Plan::default() });
        }
    }

    /// The files that are left are one mesh, or several alternatives.
    fn take_rest(&mut self) {
        let files: Vec<FileId> = std::mem::take(&mut self.free).into_iter().collect();
        let first_set = self.meshes.len();
        if files.is_empty() {
            return;
        }
        let rest = common_directory(files.iter().map(|file| self.path(*file))).to_owned();
        for variant in alternatives::split(self.manifests, &files) {
            let is_alternative = variant.name.is_some();
            let mesh = Mesh {
                name: variant.name.unwrap_or_else(|| shown(&rest).to_owned()),
                source: if is_alternative { MeshSource::Alternatives } else { MeshSource::Directory },
                own: variant.own,
                alternatives: is_alternative
                    .then_some(Alternatives { set: first_set + variant.set, is_exclusive: variant.is_exclusive }),
                ..Mesh::default()
            };
            self.meshes.push(Plan { mesh, files: variant.files, ..Plan::default() });
        }
    }
}

impl Plan {
    fn carry_out(self, manifests: &Manifests, renderer: &Renderer<'_>, bodies: &SharedBodies) -> Mesh {
        let mut mesh = self.mesh;
        mesh.snapshot = Snapshot::of_files(manifests, self.files);
        mesh.snapshot.applied_together = mesh.source.is_separate();
        for directory in &self.kustomizations {
            let build = renderer.build(directory);
            if build.problems.iter().any(|problem| problem.kind.stops_build()) {
                mesh.snapshot.broken_namespaces.push(kustomizations::namespace(manifests, directory));
            }
            rendered::add(&mut mesh.snapshot, manifests, bodies, build);
        }
        if let Some(namespace) = &self.target_namespace {
            rendered::move_to(&mut mesh.snapshot, namespace);
        }
        mesh
    }
}

/// The name of a directory; `.` for the working directory.
fn shown(directory: &str) -> &str {
    if directory.is_empty() { "." } else { directory }
}

/// The deepest directory that contains all paths; `""` if there is none, because some are absolute and others are not.
fn common_directory<'p>(mut paths: impl Iterator<Item = &'p str>) -> &'p str {
    let Some(first) = paths.next() else { return "" };
    if first == STDIN {
        return STDIN;
    }
    paths.fold(path::directory(first), |common, other| {
        let mut common = common;
        while !common.is_empty() && !path::is_within(other, common) {
            common = if common == "/" { "" } else { path::directory(common) };
        }
        common
    })
}

#[cfg(test)]
mod tests {
    use super::common_directory;

    #[test]
    fn paths_may_have_no_directory_in_common() {
        for (paths, common) in [
            (&["a/b/x.yaml", "a/c/y.yaml"][..], "a"),
            (&["/tmp/x.yaml", "a/y.yaml"], ""),
            (&["a/y.yaml", "/tmp/x.yaml"], ""),
            (&["/a/x.yaml", "/b/y.yaml"], "/"),
            (&["../x.yaml", "y.yaml"], ".."),
            (&["y.yaml", "../x.yaml"], ""),
        ] {
            assert_eq!(common_directory(paths.iter().copied()), common, "{paths:?}");
        }
    }
}
