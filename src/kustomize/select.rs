//! Targets of patches and selectors of replacements.

use super::entries::Text;
use super::fields::{Fields, invalid};
use super::label_selector::LabelSelector;
use super::manifest::Manifest;
use super::problem::Step;
use super::resource_set::ResourceSet;
use crate::re2::Re2;
use crate::yaml::Node;

/// Which objects a patch applies to. All parts that are there must fit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Target<'f> {
    pub group: Option<Text<'f>>,
    pub version: Option<Text<'f>>,
    pub kind: Option<Text<'f>>,
    pub name: Option<Text<'f>>,
    pub namespace: Option<Text<'f>>,
    pub label_selector: Option<Text<'f>>,
    pub annotation_selector: Option<Text<'f>>,
}

/// A target whose expressions are compiled.
pub(super) struct Matcher<'f> {
    group: Pattern<'f>,
    version: Pattern<'f>,
    kind: Pattern<'f>,
    name: Pattern<'f>,
    namespace: Pattern<'f>,
    labels: Option<LabelSelector<'f>>,
    annotations: Option<LabelSelector<'f>>,
}

/// An expression that must match a whole text.
enum Pattern<'f> {
    Any,
    /// An expression without special characters.
    Text(&'f str),
    Regex(Box<Re2>),
}

impl<'f> Target<'f> {
    /// Reads a `target`.
    pub fn read(node: &'f Node) -> Step<Self> {
        let known = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
        let fields = Fields::read(node, &known, "a target")?;
        Ok(Self {
            group: fields.text("group")?,
            version: fields.text("version")?,
            kind: fields.text("kind")?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            label_selector: fields.text("labelSelector")?,
            annotation_selector: fields.text("annotationSelector")?,
        })
    }

    /// Compiles the expressions.
    pub fn matcher(&self) -> Step<Matcher<'f>> {
        Ok(Matcher {
            group: pattern(self.group)?,
            version: pattern(self.version)?,
            kind: pattern(self.kind)?,
            name: pattern(self.name)?,
            namespace: pattern(self.namespace)?,
            labels: label_selector(self.label_selector)?,
            annotations: label_selector(self.annotation_selector)?,
        })
    }
}

impl Matcher<'_> {
    /// The indices of the objects that the target selects.
    ///
    /// kustomize: `Select`. Name and namespace may be the first or the current one, each by itself; the kind is the
    /// current one.
    pub fn select(&self, set: &ResourceSet) -> Vec<usize> {
        (0..set.manifests.len()).filter(|&at| self.matches(&set.manifests[at])).collect()
    }

    fn matches(&self, manifest: &Manifest) -> bool {
        let (original, current) = (manifest.original_id(), manifest.id());
        (self.namespace.matches(original.namespace) || self.namespace.matches(current.namespace))
            && (self.name.matches(original.name) || self.name.matches(current.name))
            && self.group.matches(current.group)
            && self.version.matches(current.version)
            && self.kind.matches(current.kind)
            && self.labels.as_ref().is_none_or(|selector| fits(selector, manifest, "labels"))
            && self.annotations.as_ref().is_none_or(|selector| fits(selector, manifest, "annotations"))
    }
}

impl Pattern<'_> {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Text(wanted) => *wanted == text,
            Self::Regex(regex) => regex.matches(text.as_bytes()),
        }
    }
}

fn pattern(text: Option<Text<'_>>) -> Step<Pattern<'_>> {
    let Some(text) = text else { return Ok(Pattern::Any) };
    if text.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/')) {
        return Ok(Pattern::Text(text.value));
    }
    match Re2::new(text.value) {
        Ok(regex) => Ok(Pattern::Regex(Box::new(regex))),
        Err(error) => {
            let message = format!("`{}` is not a valid regular expression: {}", text.value, error.message);
            Err(invalid(text.span, message))
        }
    }
}

/// Parses a selector of labels or annotations.
pub(super) fn label_selector(text: Option<Text<'_>>) -> Step<Option<LabelSelector<'_>>> {
    let Some(text) = text else { return Ok(None) };
    match LabelSelector::parse(text.value) {
        Some(selector) => Ok(Some(selector)),
        None => Err(invalid(text.span, format!("`{}` is not a valid selector", text.value))
            .help("write `key=value`, `key in (a, b)` or `!key`, with commas between them")),
    }
}

/// Whether the labels or annotations of an object fit.
pub(super) fn fits(selector: &LabelSelector<'_>, manifest: &Manifest, field: &str) -> bool {
    let map = manifest.metadata(field);
    selector.matches(|key| map?.get(key)?.as_str())
}
