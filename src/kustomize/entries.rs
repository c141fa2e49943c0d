//! Entries of the lists of a kustomization.

use super::fields::{Fields, wrong_type};
use super::problem::Step;
use super::select::Target;
use crate::source::{Span, Spanned};
use crate::yaml::{Key, Node, Value};

/// A text of a file.
pub(super) type Text<'f> = Spanned<&'f str>;

/// Pairs of `labels` and the like.
pub(super) type Pairs<'f> = Vec<(&'f Key, Text<'f>)>;

/// An entry of `labels`.
#[derive(Debug, Default)]
pub(super) struct LabelsEntry<'f> {
    pub pairs: Pairs<'f>,
    pub include_selectors: bool,
    pub include_templates: bool,
    /// Further fields: {group, version, kind, path, create}.
    pub fields: &'f [Node],
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug)]
pub(super) struct PatchEntry<'f> {
    /// The whole entry.
    pub span: Span,
    pub path: Option<Text<'f>>,
    /// The patch itself, as text.
    pub patch: Option<Text<'f>>,
    pub target: Option<Target<'f>>,
    pub allow_name_change: bool,
    pub allow_kind_change: bool,
}

/// An entry of `images`.
#[derive(Debug)]
pub(super) struct ImageEntry<'f> {
    pub name: Option<Text<'f>>,
    pub new_name: Option<Text<'f>>,
    pub new_tag: Option<Text<'f>>,
    pub digest: Option<Text<'f>>,
    pub tag_suffix: Option<Text<'f>>,
}

/// An entry of `replicas`.
#[derive(Debug)]
pub(super) struct ReplicasEntry<'f> {
    /// The whole entry.
    pub span: Span,
    pub name: Option<Text<'f>>,
    pub count: Option<Spanned<i64>>,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug)]
pub(super) struct GeneratorEntry<'f> {
    /// The whole entry.
    pub span: Span,
    pub name: Option<Text<'f>>,
    pub namespace: Option<Text<'f>>,
    /// `create`, `merge` or `replace`.
    pub behavior: Option<Text<'f>>,
    /// `envs`, followed by `env`.
    pub envs: Vec<Text<'f>>,
    pub literals: Vec<Text<'f>>,
    pub files: Vec<Text<'f>>,
    /// The type of a Secret.
    pub secret_type: Option<Text<'f>>,
    pub options: GeneratorOptions<'f>,
}

/// `generatorOptions`, or the `options` of one generator.
#[derive(Debug, Default)]
pub(super) struct GeneratorOptions<'f> {
    pub labels: Pairs<'f>,
    pub annotations: Pairs<'f>,
    pub disable_name_suffix_hash: bool,
    pub immutable: bool,
}

impl<'f> LabelsEntry<'f> {
    pub fn read(node: &'f Node) -> Step<Self> {
        let fields =
            Fields::read(node, &["pairs", "includeSelectors", "includeTemplates", "fields"], "an entry of `labels`")?;
        Ok(Self {
            pairs: fields.pairs("pairs")?,
            include_selectors: fields.flag("includeSelectors")?,
            include_templates: fields.flag("includeTemplates")?,
            fields: fields.list("fields")?,
        })
    }
}

impl<'f> PatchEntry<'f> {
    pub fn read(node: &'f Node) -> Step<Self> {
        if let Value::String(_) = node.value {
            return Err(wrong_type(node, "patches", "a list of mappings").help("write `path: FILE`"));
        }
        let fields = Fields::read(node, &["path", "patch", "target", "options"], "a patch")?;
        let mut entry = Self {
            span: node.span,
            path: fields.text("path")?,
            patch: fields.text("patch")?,
            target: fields.get("target").map(Target::read).transpose()?,
            allow_name_change: false,
            allow_kind_change: false,
        };
        if let Some(options) = fields.get("options") {
            if !matches!(options.value, Value::Mapping(_)) {
                return Err(wrong_type(options, "options", "a mapping"));
            }
            // kustomize accepts any other option and does nothing with it.
            let options = Fields { node: options };
            entry.allow_name_change = options.flag("allowNameChange")?;
            entry.allow_kind_change = options.flag("allowKindChange")?;
        }
        Ok(entry)
    }
}

impl<'f> ImageEntry<'f> {
    pub fn read(node: &'f Node) -> Step<Self> {
        let known = ["name", "newName", "newTag", "digest", "tagSuffix"];
        let fields = Fields::read(node, &known, "an entry of `images`")?;
        Ok(Self {
            name: fields.text("name")?,
            new_name: fields.text("newName")?,
            new_tag: fields.text("newTag")?,
            digest: fields.text("digest")?,
            tag_suffix: fields.text("tagSuffix")?,
        })
    }
}

impl<'f> ReplicasEntry<'f> {
    pub fn read(node: &'f Node) -> Step<Self> {
        let fields = Fields::read(node, &["name", "count"], "an entry of `replicas`")?;
        Ok(Self { span: node.span, name: fields.text("name")?, count: fields.integer("count")? })
    }
}

impl<'f> GeneratorEntry<'f> {
    pub fn read(node: &'f Node, what: &str) -> Step<Self> {
        let mut known = vec!["name", "namespace", "behavior", "envs", "env", "literals", "files", "options"];
        if what.contains("Secret") {
            known.push("type");
        }
        let fields = Fields::read(node, &known, what)?;
        Self::with_name(fields, |field| fields.text(field))
    }

    /// Reads the fields of a generator. `of_name` reads `name` and `namespace`, which plugins have in their metadata.
    pub fn with_name(fields: Fields<'f>, of_name: impl Fn(&str) -> Step<Option<Text<'f>>>) -> Step<Self> {
        let mut envs = fields.texts("envs")?;
        envs.extend(fields.text("env")?);
        Ok(Self {
            span: fields.node.span,
            name: of_name("name")?,
            namespace: of_name("namespace")?,
            behavior: fields.text("behavior")?,
            envs,
            literals: fields.texts("literals")?,
            files: fields.texts("files")?,
            secret_type: fields.text("type")?,
            options: fields.get("options").map(GeneratorOptions::read).transpose()?.unwrap_or_default(),
        })
    }
}

impl<'f> GeneratorOptions<'f> {
    pub fn read(node: &'f Node) -> Step<Self> {
        let known = ["labels", "annotations", "disableNameSuffixHash", "immutable"];
        let fields = Fields::read(node, &known, "the options of a generator")?;
        Ok(Self {
            labels: fields.pairs("labels")?,
            annotations: fields.pairs("annotations")?,
            disable_name_suffix_hash: fields.flag("disableNameSuffixHash")?,
            immutable: fields.flag("immutable")?,
        })
    }
}
