//! The three lists of patches of a kustomization.

use super::InputFile;
use super::entries::{PatchEntry, Text};
use super::inline::Inline;
use super::json_patch;
use super::kustomization::Kustomization;
use super::lost_entries;
use super::manifest::Manifest;
use super::merge::{self, DIRECTIVE, Misfit};
use super::metadata_texts;
use super::patch_target;
use super::paths;
use super::place::Place;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use super::resources;
use crate::source::Span;
use crate::yaml::{Entry, Node, SharedList, Value};

/// Where the text of a patch is.
enum PatchText<'f> {
    File(InputFile<'f>),
    Inline(Inline<'f>),
}

/// The parts of an identity that a strategic merge may change.
#[derive(Debug, Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

/// `patchesStrategicMerge`.
pub(super) fn strategic_merges(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for entry in &kustomization.patches_strategic_merge {
        let text = if paths::is_inline(entry.value) {
            PatchText::Inline(Inline::parse(*entry, kustomization.text))
        } else {
            match place.read_known(set, *entry)? {
                Some(file) => PatchText::File(file),
                None => continue,
            }
        };
        let patches = text.objects(entry.span)?;
        if patches.is_empty() {
            return Err(broken(entry.span, "the patch is empty").help("remove it from `patchesStrategicMerge`"));
        }
        for patch in &patches {
            merge_by_id(set, &metadata_texts::copy_of_patch(patch), Allowed::default())?;
        }
    }
    set.drop_deleted();
    Ok(())
}

/// `patches`.
pub(super) fn patches(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for entry in &kustomization.patches {
        let Some(text) = PatchText::of(entry, set, kustomization, place)? else { continue };
        match text.operations()? {
            Some(patch) => {
                let Some(target) = &entry.target else {
                    return Err(broken(entry.span, "a JSON patch needs a `target`")
                        .help("add `target` with the kind and the name of the object"));
                };
                let operations = json_patch::read(&patch)?;
                patch_target::warn_of_paths(set, &operations);
                for at in patch_target::select(set, target, kustomization)? {
                    set.manifests[at].remember();
                    patch_json(&mut set.manifests[at], &operations, true)?;
                }
            }
            None => {
                let patches = text.objects(entry.span)?;
                let allowed = Allowed { name: entry.allow_name_change, kind: entry.allow_kind_change };
                let Some(first) = patches.first() else {
                    return Err(broken(entry.span, "the patch is empty").help("remove the entry, or write the patch"));
                };
                match &entry.target {
                    Some(_) if patches.len() > 1 => {
                        let message = "a patch with a `target` must be one document";
                        return Err(
                            broken(patches[1].span, message).help("use an entry of `patches` for each document")
                        );
                    }
                    Some(target) => {
                        let patch = metadata_texts::copy_of_patch(first);
                        for at in patch_target::select(set, target, kustomization)? {
                            merge_into(&mut set.manifests[at], &patch, allowed)?;
                            lost_entries::warn(set, at, &patch);
                        }
                    }
                    None => patches.iter().try_for_each(|patch| merge_by_id(set, patch, allowed))?,
                }
                patch_target::warn_of_directives(set, &patches);
            }
        }
        set.drop_deleted();
    }
    Ok(())
}

/// `patchesJson6902`.
pub(super) fn json_patches(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for entry in &kustomization.patches_json6902 {
        let Some(text) = PatchText::of(entry, set, kustomization, place)? else { continue };
        let Some(target) = entry.target.as_ref().filter(|target| target.name.is_some()) else {
            return Err(broken(entry.span, "an entry of `patchesJson6902` needs `target.name`")
                .help("add `target` with the kind and the name of the object"));
        };
        let Some(patch) = text.operations()? else {
            return Err(broken(entry.span, "an entry of `patchesJson6902` must be a list of operations")
                .help("move a patch that looks like the object to `patches`"));
        };
        let operations = json_patch::read(&patch)?;
        patch_target::warn_of_paths(set, &operations);
        for at in patch_target::select(set, target, kustomization)? {
            // kustomize keeps the former identities in annotations.
            let has_annotations = !set.manifests[at].former.is_empty();
            patch_json(&mut set.manifests[at], &operations, has_annotations)?;
        }
        set.drop_deleted();
    }
    Ok(())
}

impl<'f> PatchText<'f> {
    /// The text of an entry. `None` if it is in a file that cannot be read here.
    fn of(
        entry: &PatchEntry<'f>,
        set: &mut ResourceSet,
        kustomization: &Kustomization<'f>,
        place: Place<'f>,
    ) -> Step<Option<Self>> {
        match (entry.path, entry.patch) {
            (Some(path), None) => Ok(place.read_known(set, path)?.map(Self::File)),
            (None, Some(patch)) => Ok(Some(Self::Inline(Inline::parse(patch, kustomization.text)))),
            (Some(path), Some(Text { span, .. })) => {
                Err(broken(span, "a patch has either `path` or `patch`").related(path.span, "the other one"))
            }
            (None, None) => Err(broken(entry.span, "a patch needs `path` or `patch`")),
        }
    }

    fn file(&self) -> InputFile<'_> {
        match self {
            Self::File(file) => *file,
            Self::Inline(inline) => inline.as_file(),
        }
    }

    /// The list of operations, if the text is a JSON patch. Later documents are ignored, as kustomize does.
    fn operations(&self) -> Step<Option<Node>> {
        let documents = self.file().documents;
        let mut broken_documents = documents.iter().filter(|document| document.root.is_none());
        if let Some(problem) = broken_documents.find_map(|document| document.problems.first()) {
            let kind = self.kind_of_problem(BuildProblemKind::Yaml);
            return Err(BuildProblem::new(kind, self.place(problem.span), problem.message.clone()));
        }
        let Some(root) = documents.iter().find_map(|document| document.root.as_ref()) else { return Ok(None) };
        if !matches!(root.value, Value::Sequence(_)) {
            return Ok(None);
        }
        let mut root = root.clone();
        self.settle(&mut root);
        if root.items().is_empty() {
            return Err(broken(root.span, "the patch has no operations").help("remove the entry"));
        }
        Ok(Some(root))
    }

    /// The objects of a strategic merge. A patch without objects has the place of its entry.
    fn objects(&self, entry: Span) -> Step<Vec<Node>> {
        let objects = resources::read(self.file()).map_err(|mut problem| {
            problem.kind = self.kind_of_problem(problem.kind);
            problem.span = self.place(problem.span);
            problem.related.iter_mut().for_each(|(span, _)| *span = self.place(*span));
            if problem.span.is_empty() {
                problem.span = entry;
            }
            problem
        })?;
        let settle = |node: &Node| {
            let mut node = node.clone();
            self.settle(&mut node);
            node
        };
        Ok(objects.iter().map(|object| settle(&object.node)).collect())
    }

    /// The kind of a problem of the text. A file that is not YAML has the problem itself.
    fn kind_of_problem(&self, kind: BuildProblemKind) -> BuildProblemKind {
        match (self, kind) {
            (Self::File(_), BuildProblemKind::Yaml) => kind,
            _ => BuildProblemKind::Patch,
        }
    }

    fn place(&self, span: Span) -> Span {
        match self {
            Self::File(_) => span,
            Self::Inline(inline) => inline.place(span),
        }
    }

    fn settle(&self, node: &mut Node) {
        if let Self::Inline(inline) = self {
            inline.settle(node);
        }
    }
}

/// Merges a patch into the one object that it names.
fn merge_by_id(set: &mut ResourceSet, patch: &Node, allowed: Allowed) -> Step {
    match patch_target::find(set, patch)? {
        Some(at) => {
            merge_into(&mut set.manifests[at], patch, allowed)?;
            lost_entries::warn(set, at, patch);
            Ok(())
        }
        // A part that could not be rendered may have it.
        None => Ok(()),
    }
}

/// Merges a patch into an object. The object keeps its API version and namespace.
fn merge_into(manifest: &mut Manifest, patch: &Node, allowed: Allowed) -> Step {
    if manifest.is_deleted() {
        return Ok(());
    }
    if allowed.name || allowed.kind {
        manifest.remember();
    }
    let node = manifest.node();
    let field = |field: &str| node.entry(field).cloned();
    let metadata = |field: &str| node.get("metadata").and_then(|metadata| metadata.entry(field)).cloned();
    let (api_version, kind) = (field("apiVersion"), field("kind"));
    let (name, namespace) = (metadata("name"), metadata("namespace"));
    let written = node.get("metadata").cloned();
    let null = Node { span: node.span, value: Value::Null };
    let object = std::mem::replace(manifest.node_mut(), null);
    let Some(mut merged) = merge::object(object, patch).map_err(|misfit| problem(misfit, patch))? else {
        manifest.delete();
        return Ok(());
    };
    restore(&mut merged, "apiVersion", api_version);
    if !allowed.kind {
        restore(&mut merged, "kind", kind);
    }
    if let Value::Mapping(entries) = &mut merged.value {
        if !entries.iter().any(|entry| &*entry.key.text == "metadata") {
            let span = written.as_ref().map_or(merged.span, |node| node.span);
            entries.push(Entry::new("metadata", span, Node { span, value: Value::Mapping(SharedList::default()) }));
        }
        if let Some(metadata) = entries.iter_mut().find(|entry| &*entry.key.text == "metadata") {
            if !allowed.name {
                restore(&mut metadata.value, "name", name);
            }
            restore(&mut metadata.value, "namespace", namespace);
        }
    }
    *manifest.node_mut() = merged;
    Ok(())
}

/// Sets a field to an entry that it had, or removes it.
fn restore(mapping: &mut Node, field: &str, former: Option<Entry>) {
    let Value::Mapping(entries) = &mut mapping.value else { return };
    let at = entries.iter().position(|entry| &*entry.key.text == field);
    match (at, former) {
        (Some(at), Some(former)) => entries[at] = former,
        (Some(at), None) => drop(entries.remove(at)),
        (None, Some(former)) => entries.push(former),
        (None, None) => {}
    }
}

fn patch_json(manifest: &mut Manifest, operations: &[json_patch::Operation<'_>], has_annotations: bool) -> Step {
    let written_in = manifest.written_in;
    json_patch::apply(manifest.node_mut(), operations, has_annotations)
        .map_err(|problem| problem.related(written_in, "the object"))?;
    let missing = if manifest.kind().is_empty() {
        "kind"
    } else if manifest.name().is_empty() {
        "metadata.name"
    } else {
        return Ok(());
    };
    let span = operations.last().map_or(written_in, json_patch::Operation::span);
    Err(broken(span, format!("the patch leaves the object without `{missing}`")).related(written_in, "the object"))
}

fn problem(misfit: Misfit, patch: &Node) -> Box<BuildProblem> {
    match misfit {
        Misfit::Shape { patch, found, object, expected } => {
            broken(patch, format!("the patch has {found}, but the object has {expected}")).related(object, "the object")
        }
        Misfit::Directive { patch: span, found } => {
            let kind = patch.get("kind").and_then(Node::as_str).unwrap_or("object");
            broken(span, format!("kustomize rejects `{DIRECTIVE}: {found}` in the patch of a {kind}"))
                .help("use `delete`, `merge` or `replace`")
        }
    }
}

fn broken(span: Span, message: impl Into<String>) -> Box<BuildProblem> {
    BuildProblem::new(BuildProblemKind::Patch, span, message)
}
