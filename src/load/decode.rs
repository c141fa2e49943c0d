//! Decoding of files.

use std::sync::Arc;

use rayon::prelude::*;

use super::placeholder::{self, Placeholder, Placeholders};
use super::snapshot::ManifestProblem;
use super::{Template, files, foreign, template};
use crate::model::{self, ForeignResource, Resource, mesh_config::MeshConfig};
use crate::source::{FileId, Sources, Span};
use crate::yaml;

/// The contents of a file, decoded.
#[derive(Debug, Default, Clone)]
pub struct FileContents {
    /// The resources of known kinds.
    pub resources: Vec<Arc<Resource>>,
    /// The MeshConfigs.
    pub mesh_configs: Vec<MeshConfig>,
    /// The MeshConfigs in the values of Helm charts.
    pub mesh_config_layers: Vec<MeshConfig>,
    /// The resources of other kinds whose controllers may make resources.
    pub foreign: Vec<Arc<ForeignResource>>,
    /// The mistakes.
    pub problems: Vec<ManifestProblem>,
    /// Documents that are templates, with the kind of template.
    pub templates: Vec<(Span, Template)>,
    /// The places of resources of other kinds.
    pub skipped: Vec<Span>,
    /// The number of documents among the skipped ones that are not resources.
    pub untyped: usize,
    /// The values that are unknown, because a tool or a person fills them in later.
    pub placeholders: Vec<Placeholder>,
    /// The directories of charts that are not rendered, or not for all their releases.
    pub charts: Vec<String>,
    /// The number of documents that are YAML.
    pub documents: usize,
}

impl FileContents {
    /// The contents of a file that is not UTF-8.
    pub(super) fn not_utf8(span: Span, message: String) -> Self {
        let help = Some("save the file as UTF-8".to_owned());
        let problem = yaml::YamlProblem { kind: yaml::YamlProblemKind::Syntax, span, message, help, related: None };
        Self { problems: vec![ManifestProblem::Yaml(problem)], ..Self::default() }
    }

    /// The contents of a file that is a template as a whole.
    pub(super) fn template(sources: &Sources, file: FileId, template: Template) -> Self {
        let whole = Span::new(file, 0, sources.file(file).text().len());
        Self { templates: vec![(whole, template)], documents: 1, ..Self::default() }
    }

    fn append(&mut self, other: Self) {
        self.resources.extend(other.resources);
        self.mesh_configs.extend(other.mesh_configs);
        self.mesh_config_layers.extend(other.mesh_config_layers);
        self.foreign.extend(other.foreign);
        self.problems.extend(other.problems);
        self.templates.extend(other.templates);
        self.placeholders.extend(other.placeholders);
        self.skipped.extend(other.skipped);
        self.charts.extend(other.charts);
        self.untyped += other.untyped;
        self.documents += other.documents;
    }
}

/// Parses the documents of a file, side by side, without those that are empty: kustomize ignores them, for example when a
/// file begins with a comment and `---`.
pub(super) fn parse_file(sources: &Sources, file: FileId) -> Vec<yaml::Document> {
    let source = sources.file(file);
    let text = source.text();
    if files::is_json(source.path(), text) {
        return vec![yaml::parse_json(file, text)];
    }
    let documents = yaml::split(file, text).into_par_iter().map(|chunk| yaml::parse(&chunk, text));
    documents.filter(|document| document.root.is_some() || !document.problems.is_empty()).collect()
}

/// Parses a file that a kustomization names. Documents that placeholders keep from being YAML become empty, as if something
/// else provided them.
pub(super) fn parse_named_file(sources: &Sources, file: FileId) -> (Vec<yaml::Document>, FileContents) {
    let mut contents = FileContents::default();
    let mut documents = parse_file(sources, file);
    for document in &mut documents {
        if let Some(template) = Template::of_broken(sources.text(document.span), document) {
            contents.templates.push((document.span, template));
            document.root = None;
            document.problems.clear();
        }
    }
    (documents, contents)
}

/// Parses and decodes a file. `reads_dumps` says whether saved output of `kubectl get` counts as manifests.
pub(super) fn decode_file(sources: &Sources, file: FileId, reads_dumps: bool) -> FileContents {
    let source = sources.file(file);
    let text = source.text();
    let mut contents = FileContents::default();
    if files::is_json(source.path(), text) {
        contents.append(decode_document(yaml::parse_json(file, text), sources, reads_dumps));
        return contents;
    }
    let decode = |chunk: yaml::Chunk| decode_document(yaml::parse(&chunk, text), sources, reads_dumps);
    let documents: Vec<FileContents> = yaml::split(file, text).into_par_iter().map(decode).collect();
    documents.into_iter().for_each(|document| contents.append(document));
    contents
}

fn decode_document(mut document: yaml::Document, sources: &Sources, reads_dumps: bool) -> FileContents {
    let chunk = sources.text(document.span);
    if !reads_dumps && foreign::is_dump(&document) {
        return FileContents { skipped: vec![document.span], untyped: 1, documents: 1, ..FileContents::default() };
    }
    if let Some(template) = template::recognise(chunk, &document) {
        return FileContents { templates: vec![(document.span, template)], documents: 1, ..FileContents::default() };
    }
    if foreign::is_foreign(sources.file(document.span.file).path(), chunk, &document) {
        document.problems.clear();
    }
    let placeholders = document.root.as_mut().map(|root| placeholder::mark(root, sources)).unwrap_or_default();
    let read = |root: &yaml::Node| model::read(root, document.span, sources);
    let mut model = document.root.as_ref().map(read).unwrap_or_default();
    if document.problems.iter().any(|problem| problem.kind == yaml::YamlProblemKind::Syntax) {
        // A field may only be missing because its line could not be parsed.
        model.problems.retain(|problem| !problem.kind.is_of_schema());
    }
    let mut contents = FileContents { documents: usize::from(document.root.is_some()), ..FileContents::default() };
    contents.problems.extend(document.problems.into_iter().map(ManifestProblem::Yaml));
    contents.add_decoded(model, placeholders);
    contents
}

impl FileContents {
    /// Adds the resources of a document, with its unknown values.
    pub(super) fn add_decoded(&mut self, document: model::DocumentContents, placeholders: Vec<Placeholder>) {
        self.resources.extend(document.resources.into_iter().map(Arc::new));
        self.mesh_configs.extend(document.mesh_configs);
        self.mesh_config_layers.extend(document.mesh_config_layers);
        self.foreign.extend(document.foreign.into_iter().map(Arc::new));
        // A value that is still unknown is not a mistake, whatever its type.
        let known = Placeholders::new(placeholders.clone());
        let problems = document.problems.into_iter().filter(|problem| !known.touch(problem.span));
        self.problems.extend(problems.map(ManifestProblem::Model));
        self.placeholders.extend(placeholders);
        self.skipped.extend(document.skipped);
        self.untyped += document.untyped;
    }
}
