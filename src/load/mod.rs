//! Paths to a [`Snapshot`]: find the files, read them, parse and decode every document. Each step runs on all
//! cores; the result does not depend on it. Whatever goes wrong becomes part of the snapshot, and the rest goes on.

mod files;
mod patches;
mod read;
mod template;

pub use files::{Input, STDIN};
pub use template::Template;

use rayon::prelude::*;

use crate::model::{self, Resource, mesh_config::MeshConfig};
use crate::source::{FileId, Sources, Span};
use crate::yaml;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The files.
    pub sources: Sources,
    /// The resources of kinds that are read, in the order of files and of their texts.
    pub resources: Vec<Resource>,
    /// Mesh-wide settings found among the manifests, in the same order.
    pub mesh_configs: Vec<MeshConfig>,
    /// What is wrong with the manifests.
    pub problems: Vec<Problem>,
    /// Documents that only a tool can turn into manifests, with the tool.
    pub templates: Vec<(Span, Template)>,
    /// The number of resources of other kinds.
    pub skipped: usize,
    /// The number of documents that were YAML.
    pub documents: usize,
    /// What could not be read at all.
    pub unreadable: Vec<Unreadable>,
}

/// Something that is wrong with a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// As YAML.
    Yaml(yaml::Problem),
    /// As a resource.
    Model(model::DecodeProblem),
}

/// A path that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path as it is shown.
    pub path: String,
    /// Why, and what to do about it.
    pub reason: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read {}: {}", self.path, self.reason)
    }
}

impl Snapshot {
    /// Reads files, directories and standard input.
    pub fn read(inputs: &[Input]) -> Self {
        let mut snapshot = Self::default();
        let found = files::find(inputs, &mut snapshot.unreadable);
        let texts: Vec<_> = found.into_par_iter().map(|file| (read::read(&file), file)).collect();
        let mut decoded = Vec::new();
        for (text, file) in texts {
            match text {
                Ok(text) => drop(snapshot.sources.add(file.shown, text)),
                Err(read::Failure::Unreadable(reason)) => {
                    snapshot.unreadable.push(Unreadable { path: file.shown, reason });
                }
                Err(read::Failure::NotText { readable, at, message }) => {
                    let id = snapshot.sources.add(file.shown, readable);
                    decoded.push(Contents::not_text(Span::new(id, at, at), message));
                }
            }
        }
        snapshot.decode(decoded);
        snapshot
    }

    /// Reads texts that are already at hand, each under the path that is shown for it.
    pub fn of_texts<P: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut snapshot = Self::default();
        for (path, text) in texts {
            snapshot.sources.add(path, text);
        }
        snapshot.decode(Vec::new());
        snapshot
    }

    /// Parses all files but those whose `Contents` are known already.
    fn decode(&mut self, known: Vec<Contents>) {
        let patches = patches::named_by_kustomizations(&self.sources);
        let is_known = |file: FileId| known.iter().any(|contents| contents.file == file);
        let files: Vec<FileId> = self.sources.iter().map(|(id, _)| id).filter(|id| !is_known(*id)).collect();
        let sources = &self.sources;
        let mut all: Vec<Contents> = files
            .into_par_iter()
            .flat_map_iter(|file| {
                if patches.contains(&file) { vec![Contents::patch(sources, file)] } else { decode_file(sources, file) }
            })
            .collect();
        all.extend(known);
        all.sort_by_key(|contents| contents.file);
        for contents in all {
            self.resources.extend(contents.model.resources);
            self.mesh_configs.extend(contents.model.mesh_configs);
            self.skipped += contents.model.skipped;
            self.documents += contents.documents;
            self.problems.extend(contents.problems);
            self.problems.extend(contents.model.problems.into_iter().map(Problem::Model));
            self.templates.extend(contents.template);
        }
    }
}

/// What one document gave.
struct Contents {
    file: FileId,
    model: model::DocumentContents,
    problems: Vec<Problem>,
    template: Option<(Span, Template)>,
    documents: usize,
}

impl Contents {
    fn empty(file: FileId) -> Self {
        Self { file, model: model::DocumentContents::default(), problems: Vec::new(), template: None, documents: 0 }
    }

    fn not_text(span: Span, message: String) -> Self {
        let help = Some("save the file as UTF-8".to_owned());
        let problem = yaml::Problem { kind: yaml::ProblemKind::Syntax, span, message, help, related: None };
        Self { problems: vec![Problem::Yaml(problem)], ..Self::empty(span.file) }
    }

    fn patch(sources: &Sources, file: FileId) -> Self {
        let whole = Span::new(file, 0, sources.file(file).text().len());
        Self { template: Some((whole, Template::KustomizePatch)), documents: 1, ..Self::empty(file) }
    }
}

/// Parses and decodes the documents of a file, side by side.
fn decode_file(sources: &Sources, file: FileId) -> Vec<Contents> {
    let source = sources.file(file);
    let text = source.text();
    if files::is_json(source.path(), text) {
        return vec![decode_document(file, yaml::parse_json(file, text), text)];
    }
    let chunks = yaml::split(file, text);
    chunks.into_par_iter().map(|chunk| decode_document(file, yaml::parse(&chunk, text), text)).collect()
}

fn decode_document(file: FileId, document: yaml::Document, text: &str) -> Contents {
    let chunk = text.get(document.span.range()).unwrap_or_default();
    if let Some(template) = template::recognise(chunk, &document) {
        return Contents { template: Some((document.span, template)), documents: 1, ..Contents::empty(file) };
    }
    let mut model = document.root.as_ref().map(|root| model::read(root, document.span, text)).unwrap_or_default();
    if document.problems.iter().any(|problem| problem.kind == yaml::ProblemKind::Syntax) {
        // What is missing may be what could not be parsed.
        model.problems.retain(|problem| !matches!(problem.kind, model::DecodeProblemKind::SchemaViolation { .. }));
    }
    let problems = document.problems.into_iter().map(Problem::Yaml).collect();
    Contents { problems, model, documents: usize::from(document.root.is_some()), ..Contents::empty(file) }
}
