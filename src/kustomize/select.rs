//! Targets of patches and selectors of replacements.

use super::fields::Fields;
use super::kustomization::Text;
use super::problem::Step;
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
}
