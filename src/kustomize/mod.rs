//! `kustomize build` in memory, on span trees: every value of a rendered resource keeps the file and the line where it
//! was written.
//!
//! [`Renderer::build`] does what kustomize 5.5 does, without commands, plugins and the network. What it cannot render is
//! [`Unrendered`]. A mistake that stops kustomize stops the build and is one [`BuildProblem`] at its place.
//!
//! - `kustomization`, `entries`, `fields`: strict reading of the file.
//! - `paths`, `place`: the paths that it names, and the files there.
//! - `resources`, `resource_set`, `manifest`: the objects, their identities and former identities.
//! - `build`: the order of all steps, and the cache of bases.
//! - `patches`, `inline`, `patch_target`, `select`, `label_selector`: patches and their targets.
//! - `merge`, `merge_list`, `schema`, `metadata_texts`, `json_patch`: the application of a patch to one object.
//! - `namespace`, `affixes`, `labels`, `images`, `replicas`, `generators`, `hash`, `plugins`: the built-in
//!   transformers and generators.
//! - `replacements`, `configurations`, `name_references`, `vars`: values that follow other values; `field_spec` and
//!   `field_path` are the two notations of their fields.

mod affixes;
mod build;
mod configurations;
mod entries;
mod field_path;
mod field_spec;
mod fields;
mod generator_data;
mod generators;
mod hash;
mod images;
mod inline;
mod json_patch;
mod kustomization;
mod label_selector;
mod labels;
mod lost_entries;
mod manifest;
mod merge;
mod merge_list;
mod metadata_texts;
mod name_reference_table;
mod name_references;
mod namespace;
mod patch_target;
mod patches;
mod paths;
mod place;
mod plugins;
mod problem;
mod replacement;
mod replacements;
mod replicas;
mod resource_set;
mod resources;
mod scalar;
mod schema;
mod select;
#[cfg(test)]
mod test_yaml;
#[cfg(test)]
mod tests;
mod var_fields;
mod vars;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use build::Renderer;
pub use paths::{KUSTOMIZATION_FILES, Reference, ReferenceKind, is_kustomization_file, references};
pub use problem::{BuildProblem, BuildProblemKind};

use crate::source::{FileId, Span};
use crate::yaml::{Document, Node};

/// The files that a build may read, by normalised path: `a/b/../c` is `a/c`. A path may start with `../` or `/`. The
/// directory of the paths themselves is the empty path.
pub trait Files: Sync {
    /// A file that was read.
    fn file(&self, path: &str) -> Option<InputFile<'_>>;
    /// Whether a file exists. It may be one that was not read, because it is not text.
    fn is_file(&self, path: &str) -> bool {
        self.file(path).is_some()
    }
    /// Whether a directory exists.
    fn is_directory(&self, path: &str) -> bool;
    /// Whether git ignores a path. A file that is missing for this reason is probably generated.
    fn is_ignored(&self, _path: &str) -> bool {
        false
    }
}

/// A file that a build may read.
#[derive(Debug, Clone, Copy)]
pub struct InputFile<'f> {
    /// Its identity.
    pub id: FileId,
    /// Its text.
    pub text: &'f str,
    /// Its documents. Empty for files that are not YAML or JSON.
    pub documents: &'f [Document],
}

/// The result of rendering a kustomization.
#[derive(Debug, Default)]
pub struct Build {
    /// The resources. Empty if a problem stopped the build.
    pub resources: Vec<Rendered>,
    /// The mistakes.
    pub problems: Vec<BuildProblem>,
    /// The parts that could not be rendered.
    pub unrendered: Vec<Unrendered>,
    /// All files that were used, including the kustomizations.
    pub files: BTreeSet<FileId>,
    /// All directories whose kustomizations were used, normalised: the one that was built, its bases and components.
    pub directories: BTreeSet<String>,
}

/// A rendered resource.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The whole object. Its values may lie in several files.
    pub node: Arc<Node>,
    /// The same object but for its `metadata.name` and `metadata.namespace`, if other builds probably have it too.
    pub body: Option<Arc<Node>>,
    /// The document, the item of a List or the entry of a generator where it was written.
    pub written_in: Span,
    /// Whether the object differs from what is written there.
    pub is_changed: bool,
    /// Further places, with labels: what renamed the object, or moved it to another namespace.
    pub causes: Vec<(Span, String)>,
}

/// A part of a kustomization that cannot be rendered here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrendered {
    /// The entry that names it.
    pub span: Span,
    /// Why it could not be rendered.
    pub reason: UnrenderedReason,
    /// The namespace of what it would add. `None` if that is not known.
    pub namespace: Option<String>,
    /// The only kind that it can add, such as `Secret`.
    pub kind: Option<&'static str>,
}

/// The reasons why a part is not rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnrenderedReason {
    /// Its files are somewhere else: a URL.
    Remote,
    /// `helmCharts` and the like.
    HelmChart,
    /// A generator or transformer that is a program.
    Plugin,
    /// A file that git ignores, and that something else generates, or a file that is not text.
    UnreadFile,
    /// `openapi` or `crds`: schemas, which change how lists are merged.
    Schema,
}
