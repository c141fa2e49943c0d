//! The fields of a kustomization.

use super::entries::{
    GeneratorEntry, GeneratorOptions, ImageEntry, LabelsEntry, Pairs, PatchEntry, ReplicasEntry, Text,
};
use super::fields::{Fields, invalid};
use super::problem::Step;
use crate::source::{FileId, Span};
use crate::yaml::{Document, Node};

/// The kinds of kustomizations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// `kind: Kustomization`, or no kind.
    #[default]
    Base,
    /// `kind: Component`.
    Component,
}

/// A kustomization, strictly read.
#[derive(Debug)]
pub(super) struct Kustomization<'f> {
    /// The file.
    pub file: FileId,
    /// The text of the file.
    pub text: &'f str,
    pub role: Role,
    /// Where `kind` is written, if it is.
    pub kind_span: Option<Span>,
    /// `resources`, followed by `bases`.
    pub resources: Vec<Text<'f>>,
    pub components: Vec<Text<'f>>,
    pub crds: Vec<Text<'f>>,
    pub namespace: Option<Text<'f>>,
    pub name_prefix: Option<Text<'f>>,
    pub name_suffix: Option<Text<'f>>,
    /// `labels`, followed by `commonLabels`.
    pub labels: Vec<LabelsEntry<'f>>,
    pub common_annotations: Pairs<'f>,
    pub patches: Vec<PatchEntry<'f>>,
    /// Each is the path of a file, or a patch.
    pub patches_strategic_merge: Vec<Text<'f>>,
    pub patches_json6902: Vec<PatchEntry<'f>>,
    /// `images`, followed by `imageTags`.
    pub images: Vec<ImageEntry<'f>>,
    pub replicas: Vec<ReplicasEntry<'f>>,
    /// The entries of `replacements`, not yet read.
    pub replacements: &'f [Node],
    /// The entries of `vars`, not yet read.
    pub vars: &'f [Node],
    pub config_maps: Vec<GeneratorEntry<'f>>,
    pub secrets: Vec<GeneratorEntry<'f>>,
    pub generator_options: GeneratorOptions<'f>,
    pub configurations: Vec<Text<'f>>,
    /// Each entry of `helmCharts` and `helmChartInflationGenerator`.
    pub helm_charts: Vec<&'f Node>,
    pub generators: Vec<Text<'f>>,
    pub transformers: Vec<Text<'f>>,
    /// `openapi.path`.
    pub openapi_path: Option<Text<'f>>,
    /// `sortOptions.order`, which only counts in the outermost kustomization.
    pub sort_order: Option<Text<'f>>,
}

const FIELDS: [&str; 34] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "components",
    "bases",
    "crds",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "imageTags",
    "replicas",
    "replacements",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "configurations",
    "helmCharts",
    "helmGlobals",
    "helmChartInflationGenerator",
    "generators",
    "transformers",
    "validators",
    "openapi",
    "sortOptions",
    "buildMetadata",
];

impl<'f> Kustomization<'f> {
    /// A kustomization without fields.
    pub fn bare(file: FileId, text: &'f str) -> Self {
        Self {
            file,
            text,
            role: Role::Base,
            kind_span: None,
            resources: Vec::new(),
            components: Vec::new(),
            crds: Vec::new(),
            namespace: None,
            name_prefix: None,
            name_suffix: None,
            labels: Vec::new(),
            common_annotations: Vec::new(),
            patches: Vec::new(),
            patches_strategic_merge: Vec::new(),
            patches_json6902: Vec::new(),
            images: Vec::new(),
            replicas: Vec::new(),
            replacements: &[],
            vars: &[],
            config_maps: Vec::new(),
            secrets: Vec::new(),
            generator_options: GeneratorOptions::default(),
            configurations: Vec::new(),
            helm_charts: Vec::new(),
            generators: Vec::new(),
            transformers: Vec::new(),
            openapi_path: None,
            sort_order: None,
        }
    }

    /// Reads the first document of a kustomization. Later ones mean nothing.
    pub fn read(file: FileId, text: &'f str, documents: &'f [Document]) -> Step<Self> {
        let whole = Span::new(file, 0, text.len());
        let document = first_document(documents, text);
        if let Some(problem) = document.and_then(|document| document.problems.iter().find(|problem| is_fatal(problem)))
        {
            return Err(invalid(problem.span, problem.message.clone()));
        }
        let Some(node) = document.and_then(|document| document.root.as_ref()).filter(|node| !node.is_null()) else {
            return Err(empty(whole));
        };
        let fields = Fields::read(node, &FIELDS, "a kustomization")?;
        if node.entries().iter().all(|entry| matches!(&*entry.key.text, "apiVersion" | "kind")) {
            return Err(empty(node.span));
        }
        let (role, kind_span) = role(fields)?;
        if let Some(metadata) = fields.get("metadata") {
            let known = ["name", "namespace", "labels", "annotations"];
            let metadata = Fields::read(metadata, &known, "`metadata` of a kustomization")?;
            metadata.text("name")?;
            metadata.text("namespace")?;
            metadata.pairs("labels")?;
            metadata.pairs("annotations")?;
        }
        let mut resources = fields.texts("resources")?;
        resources.extend(fields.texts("bases")?);
        let mut labels: Vec<LabelsEntry<'f>> = each_written(fields, "labels", LabelsEntry::read)?;
        let common_labels = fields.pairs("commonLabels")?;
        if !common_labels.is_empty() {
            labels.push(LabelsEntry { pairs: common_labels, include_selectors: true, ..LabelsEntry::default() });
        }
        let mut images = each_written(fields, "images", ImageEntry::read)?;
        images.extend(each_written(fields, "imageTags", ImageEntry::read)?);
        let mut helm_charts: Vec<&Node> = fields.list("helmCharts")?.iter().collect();
        helm_charts.extend(fields.list("helmChartInflationGenerator")?);
        let options = |node: &'f Node| GeneratorOptions::read(node);
        let openapi_path = match fields.get("openapi") {
            None => None,
            Some(node) => Fields { node }.text("path")?,
        };
        // They change nothing.
        fields.texts("validators")?;
        let sort_order = match fields.get("sortOptions") {
            None => None,
            Some(node) => {
                Fields::read(node, &["order", "legacySortOptions"], "an entry of `sortOptions`")?.text("order")?
            }
        };
        Ok(Self {
            file,
            text,
            role,
            kind_span,
            resources,
            components: fields.texts("components")?,
            crds: fields.texts("crds")?,
            namespace: fields.text("namespace")?,
            name_prefix: fields.text("namePrefix")?,
            name_suffix: fields.text("nameSuffix")?,
            labels,
            common_annotations: fields.pairs("commonAnnotations")?,
            patches: each(fields, "patches", PatchEntry::read)?,
            patches_strategic_merge: fields.texts("patchesStrategicMerge")?,
            patches_json6902: each(fields, "patchesJson6902", PatchEntry::read)?,
            images,
            replicas: each(fields, "replicas", ReplicasEntry::read)?,
            replacements: fields.list("replacements")?,
            vars: fields.list("vars")?,
            config_maps: each(fields, "configMapGenerator", |node| {
                GeneratorEntry::read(node, "a ConfigMap generator")
            })?,
            secrets: each(fields, "secretGenerator", |node| GeneratorEntry::read(node, "a Secret generator"))?,
            generator_options: fields.get("generatorOptions").map(options).transpose()?.unwrap_or_default(),
            configurations: fields.texts("configurations")?,
            helm_charts,
            generators: fields.texts("generators")?,
            transformers: fields.texts("transformers")?,
            openapi_path,
            sort_order,
        })
    }
}

/// The later documents of the file that are not empty. They mean nothing.
pub(super) fn ignored_documents(documents: &[Document]) -> impl Iterator<Item = &Node> {
    let roots = documents.iter().filter_map(|document| document.root.as_ref());
    roots.skip(1).filter(|root| !root.is_null())
}

/// The document that counts. Comments before the first `---` are no document.
fn first_document<'f>(documents: &'f [Document], text: &str) -> Option<&'f Document> {
    let is_before_separator = |document: &Document| {
        document.root.is_none()
            && document.problems.is_empty()
            && text[..document.span.start as usize].trim_start_matches('\u{feff}').is_empty()
    };
    match documents {
        [first, second, ..] if is_before_separator(first) => Some(second),
        _ => documents.first(),
    }
}

/// Whether kustomize rejects the text, too. It accepts duplicate keys.
fn is_fatal(problem: &crate::yaml::YamlProblem) -> bool {
    problem.kind == crate::yaml::YamlProblemKind::Syntax
}

fn empty(span: Span) -> Box<super::BuildProblem> {
    invalid(span, "the kustomization is empty").help("list files under `resources`, or remove the kustomization")
}

/// The role that `kind` and `apiVersion` give, and where `kind` is written.
fn role(fields: Fields<'_>) -> Step<(Role, Option<Span>)> {
    let kind = fields.text("kind")?;
    let role = match kind.map(|kind| kind.value) {
        None | Some("Kustomization") => Role::Base,
        Some("Component") => Role::Component,
        Some(other) => {
            let span = kind.map_or(fields.node.span, |kind| kind.span);
            return Err(invalid(span, format!("kustomize rejects `kind: {other}`"))
                .help("write `Kustomization` or `Component`"));
        }
    };
    let wanted = match role {
        Role::Base => "kustomize.config.k8s.io/v1beta1",
        Role::Component => "kustomize.config.k8s.io/v1alpha1",
    };
    if let Some(version) = fields.text("apiVersion")?.filter(|version| version.value != wanted) {
        let message = format!("kustomize rejects `apiVersion: {}`", version.value);
        return Err(invalid(version.span, message).help(format!("write `{wanted}`")));
    }
    Ok((role, kind.map(|kind| kind.span)))
}

/// Reads each item of a list.
fn each<'f, T>(fields: Fields<'f>, name: &str, read: impl Fn(&'f Node) -> Step<T>) -> Step<Vec<T>> {
    fields.list(name)?.iter().map(read).collect()
}

/// Reads each item of a list that is not null.
fn each_written<'f, T>(fields: Fields<'f>, name: &str, read: impl Fn(&'f Node) -> Step<T>) -> Step<Vec<T>> {
    fields.list(name)?.iter().filter(|item| !item.is_null()).map(read).collect()
}
