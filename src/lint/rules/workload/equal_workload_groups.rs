//! `equal-workload-groups`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{LabelSet, Resource, Spec};

pub static RULE: Rule = rule! {
    name: "equal-workload-groups",
    aliases: ["KIA1702"],
    severity: Warning,
    summary: "WorkloadGroups of one namespace with the same labels: what selects one machine selects all of them",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<(&str, LabelSet<'_>), &Resource> = BTreeMap::new();
    for resource in &context.snapshot.resources {
        let Spec::WorkloadGroup(group) = &resource.spec else { continue };
        let labels = group.metadata.as_ref().map(|metadata| &metadata.labels).filter(|labels| !labels.is_empty());
        let Some(labels) = labels else { continue };
        let identity = (context.world.settings.namespace_of(resource), labels.to_set());
        let Some(other) = first.get(&identity).filter(|other| other.name() != resource.name()) else {
            first.entry(identity).or_insert(resource);
            continue;
        };
        diagnostics
            .report_default(
                labels.span.unwrap_or(resource.span),
                format!("WorkloadGroup {} gives its machines the same labels", other.name()),
            )
            .related(other.name_span(), "the other one")
            .help("give each group a label of its own, so that Services and policies can tell them apart");
    }
}
