//! The order of all steps, and the cache of bases.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::affixes::{self, Affix};
use super::entries::Text;
use super::fields::invalid;
use super::kustomization::{Kustomization, Role, ignored_documents};
use super::manifest::Manifest;
use super::paths::KUSTOMIZATION_FILES;
use super::place::{Place, claim};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::{IdIndex, ResourceSet};
use super::{
    Build, Files, InputFile, Unrendered, UnrenderedReason, configurations, generators, hash, images, labels,
    metadata_texts, name_references, namespace, patches, plugins, replacements, replicas, resources, vars,
};
use crate::source::{Span, path};

/// The longest chain of bases and components.
const MAX_DEPTH: usize = 100;

/// Objects with this annotation take part in the build, but are not rendered.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// Renders kustomizations. What a base yields is kept, so that many overlays can share it. Threads can share a renderer.
pub struct Renderer<'f> {
    files: &'f dyn Files,
    bases: Mutex<BTreeMap<String, Base>>,
}

/// The result of building a base.
#[derive(Clone)]
enum Base {
    Built(Arc<ResourceSet>),
    Broken(Box<BuildProblem>),
}

/// The directories that led to a kustomization, the last one first.
#[derive(Clone, Copy)]
struct Chain<'c> {
    directory: &'c str,
    parent: Option<&'c Chain<'c>>,
}

impl<'c> Chain<'c> {
    fn iter(&'c self) -> impl Iterator<Item = &'c str> {
        std::iter::successors(Some(self), |chain| chain.parent).map(|chain| chain.directory)
    }
}

impl<'f> Renderer<'f> {
    /// A renderer for kustomizations among some files.
    pub fn new(files: &'f dyn Files) -> Self {
        Self { files, bases: Mutex::default() }
    }

    /// Renders the kustomization of a directory. A directory without a kustomization renders nothing.
    pub fn build(&self, directory: &str) -> Build {
        let directory = path::join("", directory);
        let mut set = ResourceSet::default();
        let mut problems = Vec::new();
        if let Err(problem) = self.build_top(&mut set, &directory) {
            problems.push(*problem);
            set.manifests.clear();
            // The rest of the kustomization belongs to it all the same.
            claim(self.files, &directory, &mut set.files, &mut set.directories);
        }
        problems.append(&mut set.warnings);
        Build {
            resources: set.manifests.into_iter().map(Manifest::into_rendered).collect(),
            problems,
            unrendered: set.unrendered,
            files: set.files,
            directories: set.directories,
        }
    }

    fn build_top(&self, set: &mut ResourceSet, directory: &str) -> Step {
        let Some(kustomization) = self.open(set, directory)? else { return Ok(()) };
        if let Some(order) = kustomization.sort_order.filter(|order| !matches!(order.value, "fifo" | "legacy")) {
            return Err(invalid(order.span, format!("kustomize rejects `order: {}`", order.value))
                .help("write `fifo` or `legacy`"));
        }
        self.accumulate(set, &kustomization, &Chain { directory, parent: None })?;
        finish(set)
    }

    /// Reads the kustomization of a directory. `None` if there is none.
    fn open(&self, set: &mut ResourceSet, directory: &str) -> Step<Option<Kustomization<'f>>> {
        let files = KUSTOMIZATION_FILES.iter().filter_map(|name| self.files.file(&path::join(directory, name)));
        let files: Vec<InputFile<'f>> = files.collect();
        set.files.extend(files.iter().map(|file| file.id));
        let Some(file) = files.first() else { return Ok(None) };
        set.directories.insert(directory.to_owned());
        if let Some(second) = files.get(1) {
            let start = |file: &InputFile<'_>| Span::new(file.id, 0, file.text.find('\n').unwrap_or(file.text.len()));
            let problem = invalid(start(second), "kustomize rejects 2 kustomizations in one directory");
            return Err(problem.help("merge them into one file").related(start(file), "the other kustomization"));
        }
        let kustomization = Kustomization::read(file.id, file.text, file.documents)?;
        for root in ignored_documents(file.documents) {
            let message = "kustomize ignores this document, because it reads only the first one of the file";
            set.warn(BuildProblem::new(BuildProblemKind::NoEffect, root.span, message).help("merge the documents"));
        }
        Ok(Some(kustomization))
    }

    /// Adds what a kustomization names and generates to a set, and transforms the whole set.
    fn accumulate(&self, set: &mut ResourceSet, kustomization: &Kustomization<'f>, chain: &Chain<'_>) -> Step {
        let place = Place { files: self.files, directory: chain.directory };
        let mut index = IdIndex::of(&set.manifests);
        for entry in &kustomization.resources {
            self.add_resource(set, *entry, &mut index, chain)?;
        }
        configurations::add(set, kustomization, place)?;
        note_schemas(set, kustomization);
        generators::add(set, kustomization, place)?;
        note_charts(set, kustomization);
        plugins::generate(set, kustomization, place)?;
        for entry in &kustomization.components {
            self.add_component(set, *entry, chain)?;
        }
        transform(set, kustomization, place)?;
        vars::declare(set, kustomization)
    }

    /// Adds an entry of `resources`: a file, a base or a URL.
    fn add_resource(&self, set: &mut ResourceSet, entry: Text<'f>, index: &mut IdIndex, chain: &Chain<'_>) -> Step {
        let place = Place { files: self.files, directory: chain.directory };
        if let Some(reason) = place.gap(entry.value) {
            set.unrendered.push(unrendered(entry.span, reason));
            return Ok(());
        }
        let path = path::join(chain.directory, entry.value);
        if self.files.file(&path).is_some() {
            let file = place.read(set, entry)?;
            let written = resources::read(file).map_err(|problem| problem.related(entry.span, "named here"))?;
            return written.into_iter().try_for_each(|written| set.add(Manifest::new(written), index, entry.span));
        }
        if self.files.is_directory(&path) {
            let base = self.base(entry, &path, chain)?;
            return set.append(&base, index, entry.span);
        }
        let message = format!("`{}` does not exist", entry.value);
        Err(BuildProblem::new(BuildProblemKind::MissingFile, entry.span, message))
    }

    /// Builds a base, or gets it from the cache.
    fn base(&self, entry: Text<'_>, directory: &str, chain: &Chain<'_>) -> Step<Arc<ResourceSet>> {
        check_chain(entry, directory, chain)?;
        let known = self.bases.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned();
        match known {
            // Whether a directory is in a cycle depends on the chain.
            Some(Base::Built(set))
                if set.directories.iter().all(|inner| chain.iter().all(|outer| !path::is_within(outer, inner))) =>
            {
                return Ok(set);
            }
            Some(Base::Broken(problem)) => return Err(problem),
            _ => {}
        }
        let mut set = ResourceSet::default();
        let result = self.build_base(&mut set, entry, directory, chain);
        let base = match &result {
            Ok(()) => Base::Built(Arc::new(set)),
            // These depend on the entry or on the chain.
            Err(problem) if problem.span == entry.span || problem.kind == BuildProblemKind::Cycle => {
                return Err(problem.clone());
            }
            Err(problem) => Base::Broken(problem.clone()),
        };
        self.bases.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.to_owned(), base.clone());
        match base {
            Base::Built(set) => Ok(set),
            Base::Broken(problem) => Err(problem),
        }
    }

    fn build_base(&self, set: &mut ResourceSet, entry: Text<'_>, directory: &str, chain: &Chain<'_>) -> Step {
        let kustomization = self.open(set, directory)?.ok_or_else(|| no_kustomization(entry))?;
        if kustomization.role == Role::Component {
            return Err(wrong_role(entry, &kustomization, "is a Component", "list it under `components`"));
        }
        self.accumulate(set, &kustomization, &Chain { directory, parent: Some(chain) })
    }

    /// Continues a set with a component.
    fn add_component(&self, set: &mut ResourceSet, entry: Text<'f>, chain: &Chain<'_>) -> Step {
        let place = Place { files: self.files, directory: chain.directory };
        if let Some(reason) = place.gap(entry.value) {
            set.unrendered.push(unrendered(entry.span, reason));
            return Ok(());
        }
        let directory = path::join(chain.directory, entry.value);
        if self.files.file(&directory).is_some() {
            let message = format!("`{}` is a file, but a component is a directory", entry.value);
            return Err(BuildProblem::new(BuildProblemKind::MissingFile, entry.span, message));
        }
        if !self.files.is_directory(&directory) {
            let message = format!("directory `{}` does not exist", entry.value);
            return Err(BuildProblem::new(BuildProblemKind::MissingFile, entry.span, message));
        }
        check_chain(entry, &directory, chain)?;
        let kustomization = self.open(set, &directory)?.ok_or_else(|| no_kustomization(entry))?;
        if kustomization.role == Role::Base {
            let help = "list it under `resources`, or write `kind: Component` in it";
            return Err(wrong_role(entry, &kustomization, "is not a Component", help));
        }
        self.accumulate(set, &kustomization, &Chain { directory: &directory, parent: Some(chain) })
    }
}

/// The transformers of a kustomization, in the order of kustomize.
fn transform(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    patches::strategic_merges(set, kustomization, place)?;
    set.drop_deleted();
    patches::patches(set, kustomization, place)?;
    set.drop_deleted();
    if let Some(name) = kustomization.namespace {
        namespace::apply(set, name)?;
    }
    if let Some(prefix) = kustomization.name_prefix {
        affixes::apply(set, Affix::Prefix, prefix)?;
    }
    if let Some(suffix) = kustomization.name_suffix {
        affixes::apply(set, Affix::Suffix, suffix)?;
    }
    for entry in &kustomization.labels {
        labels::add_labels(set, entry)?;
    }
    labels::add_annotations(set, &kustomization.common_annotations)?;
    patches::json_patches(set, kustomization, place)?;
    set.drop_deleted();
    for entry in &kustomization.replicas {
        replicas::apply(set, entry)?;
    }
    for entry in &kustomization.images {
        images::apply(set, entry)?;
    }
    replacements::apply(set, kustomization, place)?;
    plugins::transform(set, kustomization, place)
}

/// The steps that happen once, after all layers.
fn finish(set: &mut ResourceSet) -> Step {
    hash::add_suffixes(set);
    name_references::update(set)?;
    vars::apply(set)?;
    set.manifests.retain(|manifest| manifest.annotation(LOCAL_CONFIG).is_none_or(|value| value == "false"));
    for manifest in &mut set.manifests {
        // kustomize drops them together with its own annotations.
        if manifest.metadata("annotations").is_some_and(|annotations| annotations.entries().is_empty()) {
            manifest.remove_annotations();
        } else if metadata_texts::is_unfinished(manifest.node()) {
            metadata_texts::finish(manifest.node_mut());
        }
    }
    Ok(())
}

/// A part without a known namespace.
pub(super) fn unrendered(span: Span, reason: UnrenderedReason) -> Unrendered {
    Unrendered { span, reason, namespace: None, kind: None }
}

/// `crds` and `openapi`.
fn note_schemas(set: &mut ResourceSet, kustomization: &Kustomization<'_>) {
    for entry in kustomization.crds.iter().chain(&kustomization.openapi_path) {
        set.unrendered.push(unrendered(entry.span, UnrenderedReason::Schema));
    }
}

/// `helmCharts`.
fn note_charts(set: &mut ResourceSet, kustomization: &Kustomization<'_>) {
    for chart in &kustomization.helm_charts {
        let namespace = chart.get("namespace").and_then(crate::yaml::Node::as_str).map(str::to_owned);
        let span = chart.get("name").map_or(chart.span, |name| name.span);
        set.unrendered.push(Unrendered { namespace, ..unrendered(span, UnrenderedReason::HelmChart) });
    }
}

/// A directory must not contain one of those that led to it.
fn check_chain(entry: Text<'_>, directory: &str, chain: &Chain<'_>) -> Step {
    if let Some(visited) = chain.iter().find(|visited| path::is_within(visited, directory)) {
        let shown = |path: &str| if path.is_empty() { ".".to_owned() } else { path.to_owned() };
        let message = if visited == directory {
            format!("`{}` leads back to `{}`, so kustomize rejects the cycle", entry.value, shown(directory))
        } else {
            let (directory, visited) = (shown(directory), shown(visited));
            format!("`{}` is `{directory}`, which contains `{visited}`; kustomize rejects this as a cycle", entry.value)
        };
        return Err(BuildProblem::new(BuildProblemKind::Cycle, entry.span, message)
            .help("name a directory that does not depend on this one"));
    }
    if chain.iter().count() >= MAX_DEPTH {
        let message = format!("more than {MAX_DEPTH} kustomizations are nested here");
        return Err(BuildProblem::new(BuildProblemKind::Cycle, entry.span, message));
    }
    Ok(())
}

fn no_kustomization(entry: Text<'_>) -> Box<BuildProblem> {
    let message = format!("directory `{}` has no `kustomization.yaml`", entry.value);
    BuildProblem::new(BuildProblemKind::MissingFile, entry.span, message)
        .help("add one, or list the files of the directory")
}

fn wrong_role(entry: Text<'_>, kustomization: &Kustomization<'_>, what: &str, help: &str) -> Box<BuildProblem> {
    let message = format!("the kustomization in `{}` {what}", entry.value);
    let at = kustomization.kind_span.unwrap_or(Span::new(kustomization.file, 0, 0));
    invalid(entry.span, message).help(help).related(at, "the kind is set here")
}
