//! `configurations`: files that add fields to the tables of the transformers.

use super::field_spec::FieldSpec;
use super::fields::{Fields, invalid};
use super::kustomization::Kustomization;
use super::name_reference_table::{DEFAULT, NameReference};
use super::place::Place;
use super::problem::{BuildProblem, Step};
use super::resource_set::ResourceSet;
use super::var_fields;
use crate::source::Span;
use crate::yaml::{Node, YamlProblemKind};

/// The fields that configurations add. They hold for all layers above, too.
#[derive(Debug, Clone, Default)]
pub(super) struct Configuration {
    pub name_prefix: Vec<FieldSpec>,
    pub name_suffix: Vec<FieldSpec>,
    pub namespace: Vec<FieldSpec>,
    /// Labels, selectors and templates of `commonLabels` and `includeSelectors`.
    pub common_labels: Vec<FieldSpec>,
    /// Labels of entries without `includeSelectors`.
    pub labels: Vec<FieldSpec>,
    pub template_labels: Vec<FieldSpec>,
    pub common_annotations: Vec<FieldSpec>,
    pub images: Vec<FieldSpec>,
    pub replicas: Vec<FieldSpec>,
    pub vars: Vec<FieldSpec>,
    pub name_references: Vec<NameReference>,
}

impl Configuration {
    /// Adds the fields of a base.
    pub fn append(&mut self, other: &Self) -> Step {
        let lists = [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
            (&mut self.vars, &other.vars),
        ];
        for (own, others) in lists {
            for spec in others {
                if !own.iter().any(|known| is_same_field(known, spec)) {
                    own.push(spec.clone());
                }
            }
        }
        for reference in &other.name_references {
            self.add_name_reference(reference.clone());
        }
        Ok(())
    }

    /// The list of a field of a configuration file.
    fn list(&mut self, field: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match field {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            "varReference" => &mut self.vars,
            _ => return None,
        })
    }

    /// Adds a field, unless a spec for the same field is known. Returns whether that one contradicts.
    fn add(&mut self, field: &str, spec: FieldSpec) -> bool {
        let defaults: &[FieldSpec] = if field == "varReference" { &var_fields::DEFAULT } else { &[] };
        let Some(list) = self.list(field) else { return false };
        match defaults.iter().chain(&*list).find(|known| is_same_field(known, &spec)) {
            Some(known) => known.create != spec.create,
            None => {
                list.push(spec);
                false
            }
        }
    }

    fn add_name_reference(&mut self, reference: NameReference) -> bool {
        let is_known = |known: &&NameReference| {
            known.target == reference.target && is_same_field(&known.referrer, &reference.referrer)
        };
        match DEFAULT.iter().chain(&self.name_references).find(is_known) {
            Some(known) => known.referrer.create != reference.referrer.create,
            None => {
                self.name_references.push(reference);
                false
            }
        }
    }
}

/// Whether a spec is about a field that another one names.
///
/// kustomize: `effectivelyEquals`. Empty parts of the new spec fit all, so a general spec does not add to a special
/// one.
fn is_same_field(known: &FieldSpec, new: &FieldSpec) -> bool {
    known.path == new.path && new.fits(&known.group, &known.version, &known.kind)
}

const FIELDS: [&str; 11] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "nameReference",
    "varReference",
    "images",
    "replicas",
];

/// Reads the `configurations` of a kustomization into the set.
pub(super) fn add(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for entry in &kustomization.configurations {
        let Some(file) = place.read_known(set, *entry)? else { continue };
        let Some(document) = file.documents.first() else { continue };
        if let Some(problem) = document.problems.iter().find(|problem| problem.kind == YamlProblemKind::Syntax) {
            let kind = super::BuildProblemKind::Yaml;
            return Err(BuildProblem::new(kind, problem.span, problem.message.clone()));
        }
        let Some(root) = document.root.as_ref().filter(|root| !root.is_null()) else { continue };
        read(&mut set.configuration, root)?;
    }
    Ok(())
}

fn read(configuration: &mut Configuration, root: &Node) -> Step {
    let fields = Fields::read(root, &FIELDS, "a transformer configuration")?;
    for field in FIELDS {
        for node in fields.list(field)?.iter().filter(|node| !node.is_null()) {
            if field == "nameReference" {
                read_name_reference(configuration, node)?;
            } else {
                let spec = field_spec(node)?;
                if configuration.add(field, spec) {
                    return Err(conflict(node.span));
                }
            }
        }
    }
    Ok(())
}

fn read_name_reference(configuration: &mut Configuration, node: &Node) -> Step {
    let fields = Fields::read(node, &["group", "version", "kind", "fieldSpecs"], "an entry of `nameReference`")?;
    let target = kind_of(fields)?;
    for node in fields.list("fieldSpecs")?.iter().filter(|node| !node.is_null()) {
        let reference = NameReference { target: target.clone(), referrer: field_spec(node)? };
        if configuration.add_name_reference(reference) {
            return Err(conflict(node.span));
        }
    }
    Ok(())
}

/// Reads a field spec.
pub(super) fn field_spec(node: &Node) -> Step<FieldSpec> {
    let fields = Fields::read(node, &["group", "version", "kind", "path", "create"], "a field spec")?;
    let path = fields.text("path")?.map_or_else(String::new, |path| path.value.to_owned());
    Ok(FieldSpec { path: path.into(), create: fields.flag("create")?, ..kind_of(fields)? })
}

fn kind_of(fields: Fields<'_>) -> Step<FieldSpec> {
    let text = |name: &str| fields.text(name).map(|text| text.map_or_else(String::new, |text| text.value.to_owned()));
    let (group, version, kind) = (text("group")?.into(), text("version")?.into(), text("kind")?.into());
    Ok(FieldSpec { group, version, kind, ..FieldSpec::default() })
}

fn conflict(span: Span) -> Box<BuildProblem> {
    invalid(span, "this field spec contradicts another one for the same field: only one has `create: true`")
        .help("write the same `create` in both")
}
