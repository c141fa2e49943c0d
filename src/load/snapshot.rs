//! The resources of a mesh.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::placeholder::{self, Placeholders};
use super::shared_body::{SharedBodies, SharedContents};
use super::{ChartRelease, FileContents, Manifests, Template};
use crate::kustomize::{BuildProblem, Rendered, Unrendered};
use crate::model::{self, ForeignResource, Resource, mesh_config::MeshConfig};
use crate::source::{FileId, Sources, Span};
use crate::yaml::{self, Document, Node};

/// The resources that are applied together, with the mistakes in their files.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    /// All files that were read. Meshes share them.
    pub sources: Arc<Sources>,
    /// The files that the command does not name, of all meshes: only other meshes may need what is in them.
    pub outside: Arc<BTreeSet<FileId>>,
    /// The files that the resources come from.
    pub files: BTreeSet<FileId>,
    /// The resources of known kinds, in the order of the files and of their texts.
    pub resources: Vec<Arc<Resource>>,
    /// The MeshConfigs among the manifests, in the same order.
    pub mesh_configs: Vec<MeshConfig>,
    /// The MeshConfigs in the values of Helm charts, which other values can override.
    pub mesh_config_layers: Vec<MeshConfig>,
    /// The resources of other kinds whose controllers may make resources, in the same order.
    pub foreign: Vec<Arc<ForeignResource>>,
    /// Whether the resources are certainly applied together: a tool or the user says so. Files beside each other may be for
    /// different namespaces.
    pub applied_together: bool,
    /// The mistakes in the manifests.
    pub problems: Vec<ManifestProblem>,
    /// Documents that are templates, with the kind of template.
    pub templates: Vec<(Span, Template)>,
    /// The number of documents among the skipped ones that are not resources.
    pub untyped: usize,
    /// The values that are unknown, because a tool or a person fills them in later.
    pub placeholders: Placeholders,
    /// The places of resources of other kinds.
    pub skipped: Vec<Span>,
    /// The number of documents that are YAML.
    pub documents: usize,
    /// The directories of charts that are not rendered, or not for all their releases.
    pub charts: Vec<String>,
    /// The charts that are rendered for a namespace that nobody names.
    pub movable_charts: Vec<ChartRelease>,
    /// The namespaces of the kustomizations that cannot be built. `None` if a kustomization does not say.
    pub broken_namespaces: Vec<Option<String>>,
    /// The parts of kustomizations that cannot be rendered here.
    pub unrendered: Vec<Unrendered>,
}

/// A mistake in a document.
#[derive(Debug, Clone, PartialEq)]
pub enum ManifestProblem {
    /// In its YAML.
    Yaml(yaml::YamlProblem),
    /// In the resource.
    Model(model::DecodeProblem),
    /// In a kustomization.
    Build(BuildProblem),
}

impl Snapshot {
    /// A snapshot of texts that are applied together, each with the path that output shows for it.
    pub fn of_texts<P: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let manifests = Manifests::of_texts(texts);
        Self::of_files(&manifests, manifests.sources.iter().map(|(file, _)| file))
    }

    /// Parses a document again. Its problems have been reported before.
    pub fn parse_again(&self, document: Span) -> Document {
        let chunk = yaml::Chunk { span: document, problem: None };
        yaml::parse(&chunk, self.sources.file(document.file).text())
    }

    /// The tree of a resource, as it is applied. A resource that a tool has rendered keeps its tree, others are parsed again.
    pub fn tree_of(&self, resource: &Resource) -> Option<Node> {
        if let Some(rendered) = &resource.rendered {
            return Some(Node::clone(rendered));
        }
        // A resource can be an item of a List.
        self.parse_again(resource.document).root?.at(resource.span).cloned()
    }

    /// A snapshot of some files, in their order.
    pub fn of_files(manifests: &Manifests, files: impl IntoIterator<Item = FileId>) -> Self {
        let (sources, outside) = (Arc::clone(&manifests.sources), Arc::clone(&manifests.outside));
        let mut snapshot = Self { sources, outside, ..Self::default() };
        for file in files {
            snapshot.files.insert(file);
            snapshot.add(manifests.contents(file));
            let movable = manifests.release_of(file).filter(|release| release.is_namespace_assumed);
            snapshot.movable_charts.extend(movable.cloned());
        }
        snapshot
    }

    fn add(&mut self, contents: &FileContents) {
        self.resources.extend(contents.resources.iter().map(Arc::clone));
        self.mesh_configs.extend(contents.mesh_configs.iter().cloned());
        self.mesh_config_layers.extend(contents.mesh_config_layers.iter().cloned());
        self.foreign.extend(contents.foreign.iter().map(Arc::clone));
        self.problems.extend(contents.problems.iter().cloned());
        self.templates.extend(contents.templates.iter().copied());
        self.placeholders.extend(contents.placeholders.iter().copied());
        self.skipped.extend(contents.skipped.iter().copied());
        self.charts.extend(contents.charts.iter().cloned());
        self.untyped += contents.untyped;
        self.documents += contents.documents;
    }

    /// The resources of known kinds, in the order of the files and of their texts.
    pub fn resources(&self) -> impl DoubleEndedIterator<Item = &Resource> + ExactSizeIterator + Clone {
        self.resources.iter().map(|resource| &**resource)
    }

    /// Adds a resource that a kustomization has rendered. `bodies` has what other meshes have of it, too.
    pub fn add_rendered(&mut self, rendered: &Rendered, bodies: &SharedBodies) {
        match bodies.contents(rendered, &self.sources) {
            Some(SharedContents::Resource(resource)) => self.resources.push(resource),
            Some(SharedContents::Skipped { span, untyped }) => {
                self.skipped.push(span);
                self.untyped += untyped;
            }
            None => self.add_decoded(Arc::clone(&rendered.node), rendered.written_in, rendered.is_changed),
        }
    }

    fn add_decoded(&mut self, mut root: Arc<Node>, document: Span, is_changed: bool) {
        let placeholders = placeholder::mark(Arc::make_mut(&mut root), &self.sources);
        let decoded = match is_changed {
            true => model::read_rendered(&root, document, &self.sources),
            false => model::read(&root, document, &self.sources),
        };
        let mut contents = FileContents::default();
        contents.add_decoded(decoded, placeholders);
        self.add(&contents);
    }

    /// Whether two resources have the same definition.
    pub fn are_equal(&self, one: &Resource, other: &Resource) -> bool {
        match (&one.rendered, &other.rendered) {
            (None, None) => self.sources.text(one.span).trim_end() == self.sources.text(other.span).trim_end(),
            (Some(one), Some(other)) => one.value == other.value,
            _ => false,
        }
    }
}
