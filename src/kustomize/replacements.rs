//! `replacements`: values of some fields in other fields.

use std::borrow::Cow;

use super::field_path::{self, Create, Visit, plain, with_type_of};
use super::kustomization::Kustomization;
use super::label_selector::LabelSelector;
use super::manifest::Manifest;
use super::place::Place;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::replacement::{FieldOptions, Identity, Replacement, Selector, Source, TargetFields};
use super::resource_set::ResourceSet;
use super::scalar;
use super::select;
use crate::source::{Span, Spanned};
use crate::yaml::{Node, Value};

/// The field of sources and targets that name none.
const DEFAULT_PATH: &str = "metadata.name";

/// Applies the `replacements` of a kustomization.
pub(super) fn apply(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for replacement in Replacement::read_all(set, kustomization, place)? {
        let Some(value) = source_value(set, &replacement.source)? else { continue };
        for target in &replacement.targets {
            apply_to_target(set, target, &value)?;
        }
    }
    Ok(())
}

/// The value that a replacement copies. `None` if its object may be in a part that could not be rendered.
fn source_value(set: &ResourceSet, source: &Source<'_>) -> Step<Option<Node>> {
    let found = set.find(|id| source.identity.selects(id));
    let at = match *found.as_slice() {
        [at] => at,
        [] if set.is_partial() => return Ok(None),
        [] => {
            let message = format!("the source of the replacement does not exist: {}", source.identity.describe());
            return Err(BuildProblem::new(BuildProblemKind::NoMatch, source.span, message));
        }
        [first, second, ..] => {
            let message =
                format!("{} objects fit the source of the replacement: {}", found.len(), source.identity.describe());
            return Err(BuildProblem::new(BuildProblemKind::SeveralMatches, source.span, message)
                .help("add `name` or `namespace`, so that one is left")
                .related(set.manifests[first].written_in, "the first one")
                .related(set.manifests[second].written_in, "the second one"));
        }
    };
    let manifest = &set.manifests[at];
    let path = source.field_path.map_or(DEFAULT_PATH, |path| path.value);
    let span = source.field_path.map_or(source.span, |path| path.span);
    let value = field_path::lookup(manifest.node(), &field_path::split(path)).filter(|value| !is_empty(value));
    let Some(value) = value else {
        let message = format!("{} has no value at `{path}`", manifest.id().describe());
        return Err(
            BuildProblem::new(BuildProblemKind::NoMatch, span, message).related(manifest.written_in, "the object")
        );
    };
    refine(value, &source.options, span).map(Some)
}

/// Whether kustomize takes a value for a missing one.
fn is_empty(value: &Node) -> bool {
    match &value.value {
        Value::Null => true,
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.is_empty(),
        _ => false,
    }
}

/// The part of a source that `delimiter` and `index` select.
fn refine(value: &Node, options: &FieldOptions<'_>, span: Span) -> Step<Node> {
    let Some(delimiter) = options.delimiter else { return Ok(value.clone()) };
    let Some(text) = scalar::text(value) else { return Err(not_scalar(span, value)) };
    let part = usize::try_from(options.index).ok().and_then(|index| text.split(delimiter.value).nth(index));
    match part.and_then(|part| with_type_of(&value.value, part)) {
        Some(part) => Ok(Node { span: value.span, value: part }),
        None => {
            let message = format!("`{text}` has no part {} between `{}`", options.index, delimiter.value);
            Err(BuildProblem::new(BuildProblemKind::NoMatch, span, message).related(value.span, "the value"))
        }
    }
}

fn apply_to_target(set: &mut ResourceSet, target: &TargetFields<'_>, value: &Node) -> Step {
    let select_labels = Labels::of(&target.select)?;
    let rejects = target
        .reject
        .iter()
        .map(|selector| Ok((selector, Labels::of(selector)?)))
        .collect::<Step<Vec<(&Selector<'_>, Labels<'_>)>>>()?;
    let default = [Spanned::new(DEFAULT_PATH, target.span)];
    let paths = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths[..] };
    for manifest in &mut set.manifests {
        let is_rejected = rejects.iter().any(|(selector, labels)| {
            let by_id = !selector.identity.is_empty() && manifest.ids().any(|id| selector.identity.selects(id));
            by_id || (!labels.is_empty() && labels.fit(manifest))
        });
        if is_rejected || !select_labels.fit(manifest) || !manifest.ids().any(|id| target.select.identity.selects(id)) {
            continue;
        }
        for path in paths {
            copy(manifest, *path, &target.options, value)?;
        }
    }
    Ok(())
}

/// Label and annotation selectors.
struct Labels<'f> {
    labels: Option<LabelSelector<'f>>,
    annotations: Option<LabelSelector<'f>>,
}

impl<'f> Labels<'f> {
    fn of(selector: &Selector<'f>) -> Step<Self> {
        Ok(Self {
            labels: select::label_selector(selector.label_selector)?,
            annotations: select::label_selector(selector.annotation_selector)?,
        })
    }

    fn is_empty(&self) -> bool {
        self.labels.is_none() && self.annotations.is_none()
    }

    fn fit(&self, manifest: &Manifest) -> bool {
        let fits = |selector: &Option<LabelSelector<'f>>, field: &str| {
            selector.as_ref().is_none_or(|selector| select::fits(selector, manifest, field))
        };
        fits(&self.labels, "labels") && fits(&self.annotations, "annotations")
    }
}

/// Writes a value into the fields of an object at a path.
fn copy(manifest: &mut Manifest, path: Spanned<&str>, options: &FieldOptions<'_>, value: &Node) -> Step {
    let create = match (&value.value, options.create) {
        (_, false) => Create::Nothing,
        (Value::Sequence(_), true) => Create::Sequence,
        (Value::Mapping(_), true) => Create::Mapping,
        (_, true) => Create::Scalar,
    };
    let written_in = manifest.written_in;
    let id = manifest.id().describe();
    let mut change = |field: &mut Node| set_field(field, path, options, value);
    let mut visit = Visit { written: path, create, is_found: false, change: &mut change };
    visit.visit(manifest.node_mut(), &field_path::split(path.value))?;
    if visit.is_found {
        return Ok(());
    }
    let message = format!("{id} has no field `{}`, so the replacement does not apply", path.value);
    let problem = BuildProblem::new(BuildProblemKind::NoMatch, path.span, message).related(written_in, "the object");
    Err(if options.create { problem } else { problem.help("add `options: {create: true}` to create it") })
}

/// Writes a value into a field. The field has the place of the path then.
///
/// kustomize: `setFieldValue`. A scalar keeps its type and only takes the text.
fn set_field(field: &mut Node, path: Spanned<&str>, options: &FieldOptions<'_>, value: &Node) -> Step {
    // A value that the path created has no type yet.
    let is_new = field.is_null() && field.span == path.span;
    let mut text = scalar::text(value).unwrap_or_default();
    if let Some(delimiter) = options.delimiter {
        let former = if is_new { Some(Cow::Borrowed("")) } else { scalar::text(field) };
        let Some(former) = former else { return Err(not_scalar(path.span, field)) };
        let mut parts: Vec<&str> = former.split(delimiter.value).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &text),
            Ok(index) if index >= parts.len() => parts.push(&text),
            Ok(index) => parts[index] = &text,
        }
        text = Cow::Owned(parts.join(delimiter.value));
    }
    let is_collection = matches!(field.value, Value::Sequence(_) | Value::Mapping(_));
    let new = if is_collection {
        value.value.clone()
    } else if is_new {
        plain(&text)
    } else {
        match with_type_of(&field.value, &text) {
            Some(value) => value,
            None if text.is_empty() && field.is_null() => Value::String("".into()),
            None => {
                let message =
                    format!("the replacement writes `{text}` into a field that holds {}", field.value.type_name());
                return Err(
                    BuildProblem::new(BuildProblemKind::Patch, path.span, message).related(field.span, "the field")
                );
            }
        }
    };
    *field = Node { span: path.span, value: new };
    Ok(())
}

fn not_scalar(span: Span, node: &Node) -> Box<BuildProblem> {
    let message = format!("`delimiter` needs a scalar, but the value is {}", node.value.type_name());
    BuildProblem::new(BuildProblemKind::Patch, span, message).related(node.span, "the value")
}

impl Identity<'_> {
    /// The parts in messages.
    fn describe(&self) -> String {
        let kind = self.kind.map_or("object", |kind| kind.value);
        match (self.namespace, self.name) {
            (Some(namespace), Some(name)) => format!("{kind} `{}/{}`", namespace.value, name.value),
            (None, Some(name)) => format!("{kind} `{}`", name.value),
            (Some(namespace), None) => format!("{kind} in namespace `{}`", namespace.value),
            (None, None) => kind.to_owned(),
        }
    }
}
