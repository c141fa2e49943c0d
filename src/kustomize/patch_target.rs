//! The objects that a patch changes, and the patches that change nothing.

use super::json_patch::Operation;
use super::kustomization::{Kustomization, Role};
use super::manifest::{CLUSTER, ManifestId, effective, is_cluster_scoped, split_api_version};
use super::merge::DIRECTIVE;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use super::schema::Schema;
use super::select::Target;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// The objects that a target selects. A target that names an object which does not exist is a mistake that kustomize does
/// not report. Components are for several overlays, which need not have all objects.
pub(super) fn select(
    set: &mut ResourceSet,
    target: &Target<'_>,
    kustomization: &Kustomization<'_>,
) -> Step<Vec<usize>> {
    let selected = target.matcher()?.select(set);
    if let Some(name) = target.name
        && selected.is_empty()
        && kustomization.role == Role::Base
        && !set.is_partial()
    {
        let kind = target.kind.map_or("object", |kind| kind.value);
        let message = format!("the patch has no effect: no {kind} `{}` is selected", name.value);
        let mut problem = BuildProblem::new(BuildProblemKind::NoEffect, name.span, message);
        let same = |id: ManifestId<'_>| target.kind.is_none_or(|kind| kind.value == id.kind);
        let has_name = |id: ManifestId<'_>| same(id) && id.name == name.value;
        let had_name = set.manifests.iter().find(|manifest| manifest.ids().any(has_name));
        let help = match had_name {
            Some(manifest) if manifest.name() == name.value || manifest.original_id().name == name.value => {
                Some("correct the other fields of the target: the name exists".to_owned())
            }
            Some(manifest) => Some(format!("write `{}`, the current name of the object", manifest.name())),
            None => similar(set, name.value, same),
        };
        if let Some(help) = help {
            problem = problem.help(help);
        }
        set.warn(problem);
    }
    Ok(selected)
}

/// The one object that a strategic merge names. `None` if it may be in a part that could not be rendered.
///
/// kustomize: `GetById`. The object may have had the identity in any layer.
pub(super) fn find(set: &ResourceSet, patch: &Node) -> Step<Option<usize>> {
    let wanted = id(patch);
    let found = set.find(|id| id == wanted);
    let name = patch.get("metadata").and_then(|metadata| metadata.get("name"));
    let span = name.map_or(patch.span, |name| name.span);
    match *found.as_slice() {
        [at] => Ok(Some(at)),
        [] if set.is_partial() => Ok(None),
        [] => {
            let message = format!("the patch finds no {}", wanted.describe());
            let problem = BuildProblem::new(BuildProblemKind::NoMatch, span, message);
            Err(match reason(set, wanted) {
                Some(help) => problem.help(help),
                None => problem,
            })
        }
        [first, ..] => {
            let message = format!("the patch finds {} objects that are or were {}", found.len(), wanted.describe());
            Err(BuildProblem::new(BuildProblemKind::SeveralMatches, span, message)
                .help("add a `target` to the entry of `patches`: it may select several objects")
                .related(set.manifests[first].written_in, "the first one")
                .related(set.manifests[found[1]].written_in, "the second one"))
        }
    }
}

/// The identity of an object that is not part of a set.
pub(super) fn id(object: &Node) -> ManifestId<'_> {
    let root = |field: &str| object.get(field).and_then(Node::as_str).unwrap_or_default();
    let metadata = |field: &str| object.get("metadata").and_then(|metadata| metadata.get(field)?.as_str());
    let (group, version) = split_api_version(root("apiVersion"));
    let kind = root("kind");
    let namespace = if is_cluster_scoped(group, version, kind) {
        CLUSTER
    } else {
        effective(metadata("namespace").unwrap_or_default())
    };
    ManifestId { group, version, kind, name: metadata("name").unwrap_or_default(), namespace }
}

/// Why no object has an identity, as a help.
fn reason(set: &ResourceSet, wanted: ManifestId<'_>) -> Option<String> {
    let named =
        set.manifests.iter().find(|manifest| manifest.ids().any(|id| id.kind == wanted.kind && id.name == wanted.name));
    let Some(manifest) = named else { return similar(set, wanted.name, |id| id.kind == wanted.kind) };
    let same = manifest.ids().find(|id| id.kind == wanted.kind && id.name == wanted.name)?;
    if (same.group, same.version) != (wanted.group, wanted.version) {
        let group = if same.group.is_empty() { String::new() } else { format!("{}/", same.group) };
        return Some(format!("write `apiVersion: {group}{}`, as in the object", same.version));
    }
    if same.namespace == "default" {
        return Some("remove `namespace` from the patch: the object has none when the patch is applied".into());
    }
    Some(format!("write `namespace: {}`: patches are applied before `namespace` of the same file", same.namespace))
}

/// The name that a patch was probably meant for, as a help.
fn similar(set: &ResourceSet, name: &str, fits: impl Fn(ManifestId<'_>) -> bool) -> Option<String> {
    let ids = || set.manifests.iter().flat_map(|manifest| manifest.ids()).filter(|id| fits(*id));
    let close = ids().map(|id| (strsim::damerau_levenshtein(id.name, name), id.name)).min()?;
    let found = if close.0 <= 2 {
        Some(close.1)
    } else {
        ids().map(|id| id.name).find(|other| other.contains(name) || name.contains(other))
    };
    found.map(|found| format!("did you mean `{found}`?"))
}

/// Paths whose first part kustomize drops.
pub(super) fn warn_of_paths(set: &mut ResourceSet, operations: &[Operation<'_>]) {
    for path in operations.iter().filter_map(Operation::path_without_slash) {
        let (first, rest) = path.value.split_once('/').unwrap_or((path.value, ""));
        let message = format!("kustomize ignores `{first}` and applies the operation to `/{rest}`");
        set.warn(
            BuildProblem::new(BuildProblemKind::NoEffect, path.span, message)
                .help(format!("write `/{}`: a path starts with a slash", path.value)),
        );
    }
}

/// Directives of strategic merges that kustomize does not obey.
pub(super) fn warn_of_directives(set: &mut ResourceSet, patches: &[Node]) {
    for patch in patches {
        if let Some(directive) = patch.get(DIRECTIVE).filter(|directive| directive.as_str() == Some("replace")) {
            let message = "the patch has no effect: kustomize ignores `$patch: replace` at the top of a patch";
            set.warn(
                BuildProblem::new(BuildProblemKind::NoEffect, directive.span, message)
                    .help("replace fields: put `$patch: replace` into `spec`"),
            );
        }
        let mut found = Vec::new();
        directives_in_lists(patch, Schema::of(patch), false, &mut found);
        for (span, text) in found {
            let message =
                format!("kustomize copies `{DIRECTIVE}: {text}` into the object, because this list is replaced");
            set.warn(
                BuildProblem::new(BuildProblemKind::NoEffect, span, message)
                    .help("write the whole list, or use a JSON patch to change one item"),
            );
        }
    }
}

/// The directives in lists that are replaced, which are no directives there.
fn directives_in_lists(node: &Node, schema: Schema, is_replaced: bool, found: &mut Vec<(Span, String)>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                if is_replaced && &*entry.key.text == DIRECTIVE {
                    found.push((entry.key.span, entry.value.as_str().unwrap_or_default().to_owned()));
                }
                directives_in_lists(&entry.value, schema.field(&entry.key.text), is_replaced, found);
            }
        }
        Value::Sequence(items) => {
            let is_replaced = is_replaced || schema.keys().is_none();
            items.iter().for_each(|item| directives_in_lists(item, schema.entry(), is_replaced, found));
        }
        _ => {}
    }
}
