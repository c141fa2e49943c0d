//! The entries of `replacements`.

use super::entries::Text;
use super::fields::{Fields, invalid};
use super::kustomization::Kustomization;
use super::manifest::{CLUSTER, ManifestId, effective, is_cluster_scoped};
use super::place::Place;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use crate::source::Span;
use crate::yaml::{Node, Value, YamlProblemKind};

/// A value and the fields that it is copied to.
#[derive(Debug)]
pub(super) struct Replacement<'f> {
    pub source: Source<'f>,
    pub targets: Vec<TargetFields<'f>>,
}

/// Where a value is read.
#[derive(Debug)]
pub(super) struct Source<'f> {
    /// The whole entry.
    pub span: Span,
    pub identity: Identity<'f>,
    pub field_path: Option<Text<'f>>,
    pub options: FieldOptions<'f>,
}

/// Where a value is written.
#[derive(Debug)]
pub(super) struct TargetFields<'f> {
    /// The whole entry.
    pub span: Span,
    pub select: Selector<'f>,
    pub reject: Vec<Selector<'f>>,
    pub field_paths: Vec<Text<'f>>,
    pub options: FieldOptions<'f>,
}

/// The identity of objects. Absent parts fit all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Identity<'f> {
    pub group: Option<Text<'f>>,
    pub version: Option<Text<'f>>,
    pub kind: Option<Text<'f>>,
    pub name: Option<Text<'f>>,
    pub namespace: Option<Text<'f>>,
}

/// Objects to write to, or not to write to.
#[derive(Debug, Default)]
pub(super) struct Selector<'f> {
    pub identity: Identity<'f>,
    pub label_selector: Option<Text<'f>>,
    pub annotation_selector: Option<Text<'f>>,
}

/// `options` of a source or a target.
#[derive(Debug, Default)]
pub(super) struct FieldOptions<'f> {
    pub delimiter: Option<Text<'f>>,
    pub index: i64,
    pub create: bool,
}

impl<'f> Replacement<'f> {
    /// Reads the entries of a kustomization, and the files that they name.
    pub fn read_all(set: &mut ResourceSet, kustomization: &Kustomization<'f>, place: Place<'f>) -> Step<Vec<Self>> {
        let mut replacements = Vec::new();
        for node in kustomization.replacements.iter().filter(|node| !node.is_null()) {
            let fields = Fields::read(node, &["source", "targets", "path"], "a replacement")?;
            let Some(path) = fields.text("path")? else {
                replacements.push(Self::read(node)?);
                continue;
            };
            if fields.get("source").is_some() || !fields.list("targets")?.is_empty() {
                return Err(invalid(path.span, "a replacement has either `path` or `source` and `targets`"));
            }
            let Some(file) = place.read_known(set, path)? else { continue };
            let Some(document) = file.documents.first() else { continue };
            if let Some(problem) = document.problems.iter().find(|problem| problem.kind == YamlProblemKind::Syntax) {
                return Err(BuildProblem::new(BuildProblemKind::Yaml, problem.span, problem.message.clone()));
            }
            match &document.root {
                Some(Node { value: Value::Sequence(items), .. }) => {
                    for item in items {
                        replacements.push(Self::read(item)?);
                    }
                }
                Some(root @ Node { value: Value::Mapping(_), .. }) => replacements.push(Self::read(root)?),
                _ => return Err(invalid(path.span, "the file has no replacement")),
            }
        }
        Ok(replacements)
    }

    fn read(node: &'f Node) -> Step<Self> {
        let fields = Fields::read(node, &["source", "targets", "path"], "a replacement")?;
        let (Some(source), Some(_)) = (fields.get("source"), fields.get("targets")) else {
            return Err(invalid(node.span, "a replacement needs `source` and `targets`"));
        };
        let targets = fields.list("targets")?.iter().map(TargetFields::read).collect::<Step<Vec<_>>>()?;
        Ok(Self { source: Source::read(source)?, targets })
    }
}

impl<'f> Source<'f> {
    fn read(node: &'f Node) -> Step<Self> {
        let known = ["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
        let fields = Fields::read(node, &known, "the source of a replacement")?;
        Ok(Self {
            span: node.span,
            identity: Identity::read(fields)?,
            field_path: fields.text("fieldPath")?,
            options: FieldOptions::read(fields)?,
        })
    }
}

impl<'f> TargetFields<'f> {
    fn read(node: &'f Node) -> Step<Self> {
        let fields = Fields::read(node, &["select", "reject", "fieldPaths", "options"], "the target of a replacement")?;
        let Some(select) = fields.get("select") else {
            return Err(invalid(node.span, "the target of a replacement needs `select`"));
        };
        Ok(Self {
            span: select.span,
            select: Selector::read(select)?,
            reject: fields.list("reject")?.iter().map(Selector::read).collect::<Step<Vec<_>>>()?,
            field_paths: fields.texts("fieldPaths")?,
            options: FieldOptions::read(fields)?,
        })
    }
}

impl<'f> Identity<'f> {
    fn read(fields: Fields<'f>) -> Step<Self> {
        Ok(Self {
            group: fields.text("group")?,
            version: fields.text("version")?,
            kind: fields.text("kind")?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
        })
    }

    /// Whether all parts are absent.
    pub fn is_empty(&self) -> bool {
        [self.group, self.version, self.kind, self.name, self.namespace].iter().all(Option::is_none)
    }

    /// Whether all parts fit an identity.
    pub fn selects(&self, id: ManifestId<'_>) -> bool {
        let fits = |wanted: Option<Text<'_>>, found: &str| wanted.is_none_or(|wanted| wanted.value == found);
        fits(self.group, id.group)
            && fits(self.version, id.version)
            && fits(self.kind, id.kind)
            && fits(self.name, id.name)
            && self.namespace.is_none_or(|namespace| self.effective(namespace.value) == id.namespace)
    }

    fn effective<'n>(&self, namespace: &'n str) -> &'n str {
        let text = |part: Option<Text<'f>>| part.map_or("", |part| part.value);
        let is_cluster_scoped = is_cluster_scoped(text(self.group), text(self.version), text(self.kind));
        if is_cluster_scoped { CLUSTER } else { effective(namespace) }
    }
}

impl<'f> Selector<'f> {
    fn read(node: &'f Node) -> Step<Self> {
        let known = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
        let fields = Fields::read(node, &known, "a selector")?;
        Ok(Self {
            identity: Identity::read(fields)?,
            label_selector: fields.text("labelSelector")?,
            annotation_selector: fields.text("annotationSelector")?,
        })
    }
}

impl<'f> FieldOptions<'f> {
    fn read(fields: Fields<'f>) -> Step<Self> {
        let Some(node) = fields.get("options") else { return Ok(Self::default()) };
        let fields = Fields::read(node, &["delimiter", "index", "encoding", "create"], "`options`")?;
        Ok(Self {
            delimiter: fields.text("delimiter")?,
            index: fields.integer("index")?.map_or(0, |index| index.value),
            create: fields.flag("create")?,
        })
    }
}
