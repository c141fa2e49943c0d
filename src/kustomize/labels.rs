//! `labels`, `commonLabels` and `commonAnnotations`.

use super::configurations;
use super::entries::{LabelsEntry, Pairs};
use super::field_spec::{FieldSpec, Missing};
use super::manifest::entries_mut;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use crate::yaml::{Entry, Node, Value};

const METADATA_LABELS: FieldSpec = FieldSpec::created("", "", "", "metadata/labels");

const TEMPLATE_LABELS: [FieldSpec; 9] = [
    FieldSpec::created("", "v1", "ReplicationController", "spec/template/metadata/labels"),
    FieldSpec::created("", "", "Deployment", "spec/template/metadata/labels"),
    FieldSpec::created("", "", "ReplicaSet", "spec/template/metadata/labels"),
    FieldSpec::created("", "", "DaemonSet", "spec/template/metadata/labels"),
    FieldSpec::created("apps", "", "StatefulSet", "spec/template/metadata/labels"),
    FieldSpec::created("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
    FieldSpec::created("batch", "", "Job", "spec/template/metadata/labels"),
    FieldSpec::created("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
    FieldSpec::created("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
];

const SELECTORS: [FieldSpec; 12] = [
    FieldSpec::created("", "v1", "Service", "spec/selector"),
    FieldSpec::created("", "v1", "ReplicationController", "spec/selector"),
    FieldSpec::created("", "", "Deployment", "spec/selector/matchLabels"),
    FieldSpec::created("", "", "ReplicaSet", "spec/selector/matchLabels"),
    FieldSpec::created("", "", "DaemonSet", "spec/selector/matchLabels"),
    FieldSpec::created("apps", "", "StatefulSet", "spec/selector/matchLabels"),
    FieldSpec::new("batch", "", "Job", "spec/selector/matchLabels"),
    FieldSpec::new("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
    FieldSpec::new("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
    FieldSpec::new("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
    FieldSpec::new("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
    FieldSpec::new("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
];

/// Below the pod spec of Deployments and StatefulSets.
const TERMS: [&str; 5] = [
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "topologySpreadConstraints",
];

const ANNOTATIONS: [FieldSpec; 9] = [
    FieldSpec::created("", "", "", "metadata/annotations"),
    FieldSpec::created("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
    FieldSpec::created("", "", "Deployment", "spec/template/metadata/annotations"),
    FieldSpec::created("", "", "ReplicaSet", "spec/template/metadata/annotations"),
    FieldSpec::created("", "", "DaemonSet", "spec/template/metadata/annotations"),
    FieldSpec::created("", "", "StatefulSet", "spec/template/metadata/annotations"),
    FieldSpec::created("batch", "", "Job", "spec/template/metadata/annotations"),
    FieldSpec::created("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
    FieldSpec::created("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
];

/// Adds the labels of an entry of `labels`, or of `commonLabels`.
pub(super) fn add_labels(set: &mut ResourceSet, entry: &LabelsEntry<'_>) -> Step {
    let mut fields: Vec<FieldSpec> = entry.fields.iter().map(configurations::field_spec).collect::<Step<_>>()?;
    fields.push(METADATA_LABELS);
    if entry.include_selectors {
        fields.extend(SELECTORS);
        for kind in ["Deployment", "StatefulSet"] {
            fields.extend(TERMS.map(|term| FieldSpec {
                path: format!("spec/template/spec/{term}/labelSelector/matchLabels").into(),
                ..FieldSpec::new("apps", "", kind, "")
            }));
        }
        fields.extend(TEMPLATE_LABELS);
        fields.extend(set.configuration.common_labels.iter().cloned());
    } else {
        if entry.include_templates {
            fields.extend(TEMPLATE_LABELS);
            fields.extend(set.configuration.template_labels.iter().cloned());
        }
        fields.extend(set.configuration.labels.iter().cloned());
    }
    add_pairs(set, &entry.pairs, &fields)
}

/// Adds `commonAnnotations`.
pub(super) fn add_annotations(set: &mut ResourceSet, pairs: &Pairs<'_>) -> Step {
    let mut fields = ANNOTATIONS.to_vec();
    fields.extend(set.configuration.common_annotations.iter().cloned());
    add_pairs(set, pairs, &fields)
}

/// Adds pairs to the mappings of some fields. New mappings have the place of the first pair.
pub(super) fn add_pairs(set: &mut ResourceSet, pairs: &Pairs<'_>, fields: &[FieldSpec]) -> Step {
    let Some((_, first)) = pairs.first() else { return Ok(()) };
    for manifest in &mut set.manifests {
        for spec in fields {
            manifest.visit(spec, Missing::Mapping, first.span, &mut |node| set_pairs(node, pairs))?;
        }
    }
    Ok(())
}

/// Sets the entries of a mapping.
pub(super) fn set_pairs(node: &mut Node, pairs: &Pairs<'_>) -> Step {
    if !matches!(node.value, Value::Mapping(_) | Value::Null) {
        let message = format!("kustomize needs a mapping here to add `{}`", pairs[0].0.text);
        return Err(BuildProblem::new(BuildProblemKind::NotResource, node.span, message));
    }
    let entries = entries_mut(node);
    for (key, value) in pairs {
        let entry =
            Entry { key: (*key).clone(), value: Node { span: value.span, value: Value::String(value.value.into()) } };
        match entries.iter_mut().find(|other| other.key.text == key.text) {
            Some(other) => *other = entry,
            None => entries.push(entry),
        }
    }
    Ok(())
}
