//! `replicas`.

use super::entries::ReplicasEntry;
use super::field_spec::{FieldSpec, Missing};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use crate::yaml::{Node, Value};

const FIELDS: [FieldSpec; 4] = [
    FieldSpec::created("", "", "Deployment", "spec/replicas"),
    FieldSpec::created("", "", "ReplicationController", "spec/replicas"),
    FieldSpec::created("", "", "ReplicaSet", "spec/replicas"),
    FieldSpec::created("", "", "StatefulSet", "spec/replicas"),
];

/// Sets the replicas of the workloads with a name, which may be a former one.
pub(super) fn apply(set: &mut ResourceSet, entry: &ReplicasEntry<'_>) -> Step {
    let fields: Vec<FieldSpec> = FIELDS.iter().chain(&set.configuration.replicas).cloned().collect();
    set_count(set, entry, &fields)
}

/// Sets the count in some fields.
pub(super) fn set_count(set: &mut ResourceSet, entry: &ReplicasEntry<'_>, fields: &[FieldSpec]) -> Step {
    let name = entry.name.map_or("", |name| name.value);
    let (count, span) = entry.count.map_or((0, entry.span), |count| (count.value, count.span));
    let mut is_found = false;
    for spec in fields {
        for at in set.find(|id| id.name == name && spec.fits(id.group, id.version, id.kind)) {
            is_found = true;
            set.manifests[at].visit(spec, Missing::Scalar, span, &mut |node| {
                *node = Node { span, value: Value::Int(count) };
                Ok(())
            })?;
        }
    }
    if is_found || set.is_partial() {
        return Ok(());
    }
    let span = entry.name.map_or(entry.span, |name| name.span);
    let message = format!("no Deployment, StatefulSet, ReplicaSet or ReplicationController is called `{name}`");
    Err(BuildProblem::new(BuildProblemKind::NoMatch, span, message)
        .help("correct the name; for other kinds, set the replicas with a patch"))
}
