//! Reading of manifests: [`Manifests`] finds the files, reads them, and parses and decodes every document. A [`Snapshot`]
//! has the resources of one mesh. Each step runs on all cores, and the result is deterministic. A failure becomes part of
//! the result and does not stop the rest.

mod charts;
mod decode;
mod exclusion;
mod files;
mod foreign;
mod named;
mod placeholder;
mod read;
mod shared_body;
mod snapshot;
mod template;

pub use charts::{Chart, ChartFailure, ChartRelease, RenderedCharts};
pub use decode::FileContents;
pub use exclusion::{Exclude, SkipReason, Skipped};
pub use files::{Input, STDIN, any_manifest};
pub use placeholder::{Notation, Placeholder, Placeholders, is_in_name, is_in_text};
pub use shared_body::SharedBodies;
pub use snapshot::{ManifestProblem, Snapshot};
pub use template::Template;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use charts::Charts;

use crate::kustomize;
use crate::source::{FileId, Sources, Span};
use crate::yaml;

/// All files that a command reads.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The files, in the order of their paths.
    pub sources: Arc<Sources>,
    /// The contents of each file, in the same order.
    contents: Vec<FileContents>,
    /// The documents of the files that kustomizations name, and of the kustomizations.
    trees: BTreeMap<FileId, Vec<yaml::Document>>,
    /// The files that the command does not name: a kustomization outside their directory does.
    outside: Arc<BTreeSet<FileId>>,
    by_path: BTreeMap<String, FileId>,
    /// The paths that kustomizations name, that do not exist, and that an ignore file excludes.
    ignored: BTreeSet<String>,
    /// The files with the output of Helm.
    releases: BTreeMap<FileId, ChartRelease>,
    /// The files of charts that do not define resources by themselves: values, CRDs, and templates that are rendered.
    silent: BTreeSet<FileId>,
    /// The paths that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// The paths that were skipped, in order.
    pub skipped: Vec<Skipped>,
    /// The charts that could not be rendered.
    pub chart_failures: Vec<ChartFailure>,
}

/// A path that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path, as output shows it.
    pub path: String,
    /// The reason.
    pub reason: String,
}

impl Unreadable {
    /// The same with a text before the path.
    pub fn with_prefix(&self, prefix: &str) -> Self {
        Self { path: format!("{prefix}{}", self.path), reason: self.reason.clone() }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.reason)
    }
}

/// A file with its text.
struct Text {
    path: String,
    text: String,
    /// The byte that is not UTF-8, with a message.
    not_utf8: Option<(usize, String)>,
    is_outside: bool,
    /// Whether an argument names the file itself, or standard input.
    is_argument: bool,
}

impl Text {
    /// The output of Helm.
    fn rendered(release: &ChartRelease, text: &str) -> Self {
        Self {
            path: release.shown(),
            text: release.with_paths(text),
            not_utf8: None,
            is_outside: false,
            is_argument: false,
        }
    }
}

impl Manifests {
    /// Reads files, directories and standard input, and the files outside of them that kustomizations name.
    pub fn read(inputs: &[Input], exclude: Exclude<'_>) -> Self {
        Self::read_with_charts(Path::new(""), inputs, &[], exclude, &BTreeMap::new(), |_| RenderedCharts::default())
    }

    /// Reads the same, and what `render` makes from the charts among the files. `beside` has the paths that belong to a mesh of
    /// which `inputs` name a part. All paths are relative to `root`, which is empty for the working directory. `changed` has the
    /// texts that stand for those of some files, by the paths that output shows.
    pub fn read_with_charts(
        root: &Path,
        inputs: &[Input],
        beside: &[Input],
        exclude: Exclude<'_>,
        changed: &BTreeMap<String, String>,
        render: impl FnOnce(&[Chart]) -> RenderedCharts,
    ) -> Self {
        let (mut unreadable, mut skipped) = (Vec::new(), Vec::new());
        let found = files::find(root, inputs, exclude, &mut unreadable, &mut skipped);
        let named: BTreeSet<String> = found.iter().map(|file| file.shown.clone()).collect();
        let beside = files::find(root, beside, exclude, &mut unreadable, &mut skipped);
        skipped.sort();
        skipped.dedup();
        let beside = beside.into_iter().filter(|file| !named.contains(&file.shown)).map(|file| (file, true));
        let mut found: Vec<_> = found.into_iter().map(|file| (file, false)).chain(beside).collect();
        found.sort_by(|(a, _), (b, _)| a.shown.cmp(&b.shown));
        let read = |(file, is_outside): (files::File, bool)| {
            let text = changed.get(&file.shown).map_or_else(|| read::read(&file), |text| Ok(text.clone()));
            (text, file.shown, file.is_argument, is_outside)
        };
        let read: Vec<_> = found.into_par_iter().map(read).collect();
        let mut texts = Vec::new();
        for (text, path, is_argument, is_outside) in read {
            match text {
                Ok(text) => texts.push(Text { path, text, not_utf8: None, is_outside, is_argument }),
                Err(read::ReadFailure::Unreadable(reason)) => unreadable.push(Unreadable { path, reason }),
                Err(read::ReadFailure::NotUtf8 { readable: text, at, message }) => {
                    let not_utf8 = Some((at, message));
                    texts.push(Text { path, text, not_utf8, is_outside, is_argument });
                }
            }
        }
        let mut charts = Charts::find(texts.iter().map(|text| (text.path.as_str(), text.text.as_str())));
        let RenderedCharts { releases, failures } = render(&charts.installable());
        charts.note(releases.iter().map(|(release, _)| release), &failures);
        let rendered = releases.iter().map(|(release, text)| Text::rendered(release, text));
        texts.extend(rendered);
        let ignored = named::read_outside(root, &mut texts);
        let mut manifests = Self { unreadable, skipped, ignored, chart_failures: failures, ..Self::of(texts, &charts) };
        let file_of = |release: &ChartRelease| manifests.file_at(&release.shown());
        manifests.releases = releases.into_iter().filter_map(|(it, _)| Some((file_of(&it)?, it))).collect();
        manifests
    }

    /// Whether the command does not name a file, but a kustomization outside its directory does.
    pub fn is_outside(&self, file: FileId) -> bool {
        self.outside.contains(&file)
    }

    /// Manifests from texts, each with the path that output shows for it.
    pub fn of_texts<P: Into<String>, T: Into<String>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let text = |(path, text): (P, T)| Text {
            path: path.into(),
            text: text.into(),
            not_utf8: None,
            is_outside: false,
            is_argument: false,
        };
        let texts: Vec<Text> = texts.into_iter().map(text).collect();
        let charts = Charts::find(texts.iter().map(|text| (text.path.as_str(), text.text.as_str())));
        Self::of(texts, &charts)
    }

    fn of(texts: Vec<Text>, charts: &Charts) -> Self {
        let mut sources = Sources::default();
        let mut manifests = Self::default();
        let mut not_utf8 = BTreeMap::new();
        let mut arguments = BTreeSet::new();
        let mut outside = BTreeSet::new();
        for Text { path, text, not_utf8: problem, is_outside, is_argument } in texts {
            let file = sources.add(path.clone(), text);
            if let Some((at, message)) = problem {
                not_utf8.insert(file, FileContents::not_utf8(Span::new(file, at, at), message));
            }
            if is_outside {
                outside.insert(file);
            }
            if is_argument {
                arguments.insert(file);
            }
            manifests.by_path.insert(path, file);
        }
        let named = named::by_kustomizations(&sources, &manifests.by_path);
        let path = |file: FileId| sources.file(file).path();
        // A kustomization can use the values of a chart.
        let is_of_chart = |file: &FileId| !named.contains_key(file) || charts.is_template(path(*file));
        let decode = |file: FileId| {
            if named.get(&file) == Some(&named::NamedContent::Any) {
                return (Some(Vec::new()), FileContents::default());
            }
            if let Some(contents) = not_utf8.get(&file) {
                return (None, contents.clone());
            }
            if let Some(contents) = Some(file).filter(is_of_chart).and_then(|file| charts.contents(&sources, file)) {
                return (None, contents);
            }
            // The renderer decodes the resources of these files.
            if named.contains_key(&file) {
                let (trees, contents) = decode::parse_named_file(&sources, file);
                return (Some(trees), contents);
            }
            // Who names a dump wants the state of the cluster to be checked.
            (None, decode::decode_file(&sources, file, arguments.contains(&file)))
        };
        let files: Vec<FileId> = sources.iter().map(|(file, _)| file).collect();
        manifests.silent =
            files.iter().copied().filter(|file| is_of_chart(file) && charts.is_silent(path(*file))).collect();
        let decoded: Vec<_> = files.par_iter().map(|&file| decode(file)).collect();
        for (file, (trees, contents)) in files.into_iter().zip(decoded) {
            manifests.contents.push(contents);
            manifests.trees.extend(trees.map(|trees| (file, trees)));
        }
        manifests.outside = Arc::new(outside);
        manifests.sources = Arc::new(sources);
        manifests
    }

    /// The contents of a file. Those of files that a kustomization names have only the templates: their resources belong to
    /// the meshes that it builds.
    pub fn contents(&self, file: FileId) -> &FileContents {
        &self.contents[file.index()]
    }

    /// Whether the command names the file, or a directory that contains it.
    pub fn is_named(&self, file: FileId) -> bool {
        !self.outside.contains(&file)
    }

    /// Whether the file is a part of a chart, but not a manifest: values, a CRD, or a template that is rendered.
    pub fn is_silent(&self, file: FileId) -> bool {
        self.silent.contains(&file)
    }

    /// The files with the output of Helm, each with its release.
    pub fn releases(&self) -> impl Iterator<Item = (FileId, &ChartRelease)> {
        self.releases.iter().map(|(file, release)| (*file, release))
    }

    /// The release whose output the file is.
    pub fn release_of(&self, file: FileId) -> Option<&ChartRelease> {
        self.releases.get(&file)
    }

    /// Whether a kustomization names the file, or the file is one.
    pub fn is_kustomized(&self, file: FileId) -> bool {
        self.trees.contains_key(&file)
    }

    /// The file at a path.
    pub fn file_at(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The documents of a file that a kustomization names, or that is one. Empty for other files.
    pub fn documents(&self, file: FileId) -> &[yaml::Document] {
        self.trees.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The kustomizations, with their documents.
    pub fn kustomizations(&self) -> impl Iterator<Item = (FileId, &[yaml::Document])> {
        let is_kustomization = |file: FileId| kustomize::is_kustomization_file(self.sources.file(file).path());
        self.trees
            .iter()
            .filter(move |(file, _)| is_kustomization(**file))
            .map(|(file, trees)| (*file, trees.as_slice()))
    }
}

impl kustomize::Files for Manifests {
    fn file(&self, path: &str) -> Option<kustomize::InputFile<'_>> {
        let id = self.file_at(path)?;
        let documents = self.trees.get(&id)?;
        Some(kustomize::InputFile { id, text: self.sources.file(id).text(), documents })
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.ignored.contains(path)
    }

    fn is_directory(&self, directory: &str) -> bool {
        let below = if directory.is_empty() { String::new() } else { format!("{}/", directory.trim_end_matches('/')) };
        let first = self.by_path.range(below.clone()..).next();
        first.is_some_and(|(path, _)| path.starts_with(&below))
    }
}
