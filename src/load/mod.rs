//! A [`Snapshot`] of the manifests below some paths: it finds the files, reads them, and parses and decodes every
//! document. Each step runs on all cores, and the result is deterministic. A failure becomes part of the snapshot and does
//! not stop the rest.

mod charts;
mod exclusion;
mod files;
mod patches;
mod placeholder;
mod read;
mod template;

pub use exclusion::Exclude;
pub use files::{Input, STDIN, any_manifest};
pub use placeholder::{Notation, Placeholder, Placeholders, is_in_name, is_in_text};
pub use template::Template;

use rayon::prelude::*;

use crate::model::{self, Resource, mesh_config::MeshConfig};
use crate::source::{FileId, Sources, Span};
use crate::yaml;

/// The manifests, parsed and decoded.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The files.
    pub sources: Sources,
    /// The resources of known kinds, in the order of the files and of their texts.
    pub resources: Vec<Resource>,
    /// The MeshConfigs among the manifests, in the same order.
    pub mesh_configs: Vec<MeshConfig>,
    /// The mistakes in the manifests.
    pub problems: Vec<ManifestProblem>,
    /// Documents that are templates, with the kind of template.
    pub templates: Vec<(Span, Template)>,
    /// The values that are unknown, because a tool or a person fills them in later.
    pub placeholders: Placeholders,
    /// The number of resources of other kinds.
    pub skipped: usize,
    /// The number of documents that are YAML.
    pub documents: usize,
    /// The paths that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A mistake in a document.
#[derive(Debug, Clone, PartialEq)]
pub enum ManifestProblem {
    /// In its YAML.
    Yaml(yaml::YamlProblem),
    /// In the resource.
    Model(model::DecodeProblem),
}

/// A path that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path, as output shows it.
    pub path: String,
    /// The reason.
    pub reason: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.reason)
    }
}

impl Snapshot {
    /// Reads files, directories and standard input.
    pub fn read(inputs: &[Input], exclude: Exclude) -> Self {
        let mut snapshot = Self::default();
        let found = files::find(inputs, exclude, &mut snapshot.unreadable);
        let texts: Vec<_> = found.into_par_iter().map(|file| (read::read(&file), file)).collect();
        let mut decoded = Vec::new();
        for (text, file) in texts {
            match text {
                Ok(text) => drop(snapshot.sources.add(file.shown, text)),
                Err(read::ReadFailure::Unreadable(reason)) => {
                    snapshot.unreadable.push(Unreadable { path: file.shown, reason });
                }
                Err(read::ReadFailure::NotUtf8 { readable, at, message }) => {
                    let id = snapshot.sources.add(file.shown, readable);
                    decoded.push(DecodedDocument::not_utf8(Span::new(id, at, at), message));
                }
            }
        }
        snapshot.decode(decoded);
        snapshot
    }

    /// Makes a snapshot of texts, each with the path that output shows for it.
    pub fn of_texts<P: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut snapshot = Self::default();
        for (path, text) in texts {
            snapshot.sources.add(path, text);
        }
        snapshot.decode(Vec::new());
        snapshot
    }

    /// Parses and decodes all files except those whose contents are already known.
    fn decode(&mut self, known: Vec<DecodedDocument>) {
        let patches = patches::named_by_kustomizations(&self.sources);
        let charts = charts::templates(&self.sources);
        let is_known = |file: FileId| known.iter().any(|contents| contents.file == file);
        let files: Vec<FileId> = self.sources.iter().map(|(id, _)| id).filter(|id| !is_known(*id)).collect();
        let sources = &self.sources;
        let mut all: Vec<DecodedDocument> = files
            .into_par_iter()
            .flat_map_iter(|file| {
                if patches.contains(&file) {
                    vec![DecodedDocument::template(sources, file, Template::KustomizePatch)]
                } else if charts.contains(&file) {
                    vec![DecodedDocument::template(sources, file, Template::Helm)]
                } else {
                    decode_file(sources, file)
                }
            })
            .collect();
        all.extend(known);
        all.sort_by_key(|contents| contents.file);
        let placeholders = all.iter().flat_map(|contents| contents.placeholders.iter().copied()).collect();
        self.placeholders = Placeholders::new(placeholders);
        for contents in all {
            self.resources.extend(contents.model.resources);
            self.mesh_configs.extend(contents.model.mesh_configs);
            self.skipped += contents.model.skipped;
            self.documents += contents.documents;
            self.problems.extend(contents.problems);
            // A value that is still unknown is not a mistake, whatever its type.
            let problems = contents.model.problems.into_iter().filter(|it| !self.placeholders.touch(it.span));
            self.problems.extend(problems.map(ManifestProblem::Model));
            self.templates.extend(contents.template);
        }
    }
}

/// The contents of one document.
struct DecodedDocument {
    file: FileId,
    model: model::DocumentContents,
    problems: Vec<ManifestProblem>,
    template: Option<(Span, Template)>,
    placeholders: Vec<Placeholder>,
    documents: usize,
}

impl DecodedDocument {
    fn empty(file: FileId) -> Self {
        let model = model::DocumentContents::default();
        Self { file, model, problems: Vec::new(), template: None, placeholders: Vec::new(), documents: 0 }
    }

    fn not_utf8(span: Span, message: String) -> Self {
        let help = Some("save the file as UTF-8".to_owned());
        let problem = yaml::YamlProblem { kind: yaml::YamlProblemKind::Syntax, span, message, help, related: None };
        Self { problems: vec![ManifestProblem::Yaml(problem)], ..Self::empty(span.file) }
    }

    fn template(sources: &Sources, file: FileId, template: Template) -> Self {
        let whole = Span::new(file, 0, sources.file(file).text().len());
        Self { template: Some((whole, template)), documents: 1, ..Self::empty(file) }
    }
}

/// Parses and decodes the documents of a file, side by side.
fn decode_file(sources: &Sources, file: FileId) -> Vec<DecodedDocument> {
    let source = sources.file(file);
    let text = source.text();
    if files::is_json(source.path(), text) {
        return vec![decode_document(sources, file, yaml::parse_json(file, text))];
    }
    let chunks = yaml::split(file, text);
    chunks.into_par_iter().map(|chunk| decode_document(sources, file, yaml::parse(&chunk, text))).collect()
}

fn decode_document(sources: &Sources, file: FileId, mut document: yaml::Document) -> DecodedDocument {
    let text = sources.file(file).text();
    let chunk = text.get(document.span.range()).unwrap_or_default();
    if let Some(template) = template::recognise(chunk, &document) {
        return DecodedDocument {
            template: Some((document.span, template)),
            documents: 1,
            ..DecodedDocument::empty(file)
        };
    }
    let placeholders = document.root.as_mut().map(|root| placeholder::mark(root, sources)).unwrap_or_default();
    let mut model = document.root.as_ref().map(|root| model::read(root, document.span, text)).unwrap_or_default();
    if document.problems.iter().any(|problem| problem.kind == yaml::YamlProblemKind::Syntax) {
        // A field may only be missing because its line could not be parsed.
        model.problems.retain(|problem| !matches!(problem.kind, model::DecodeProblemKind::SchemaViolation { .. }));
    }
    let problems = document.problems.into_iter().map(ManifestProblem::Yaml).collect();
    let documents = usize::from(document.root.is_some());
    DecodedDocument { problems, model, placeholders, documents, ..DecodedDocument::empty(file) }
}
