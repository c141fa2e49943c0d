//! `equal-workload-groups`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{LabelSet, Resource, Spec};

pub static RULE: Rule = rule! {
    name: "equal-workload-groups",
    summary: "two WorkloadGroups of a namespace have the same labels, so whatever selects one also selects the other",
    findings: [&EQUAL_LABELS],
    check: check,
};

static EQUAL_LABELS: Finding = finding! {
    "equal-labels", Surprising, Certain, ["KIA1702"],
    "two WorkloadGroups give their machines the same labels",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<(&str, LabelSet<'_>), &Resource> = BTreeMap::new();
    for resource in context.snapshot.resources() {
        let Spec::WorkloadGroup(workload_group) = &resource.spec else { continue };
        let labels = workload_group.metadata.as_ref().map(|metadata| &metadata.labels).filter(|it| !it.is_empty());
        let Some(labels) = labels else { continue };
        let identity = (context.world.settings.namespace_of(resource), labels.to_set());
        let Some(other) = first.get(&identity).filter(|other| other.name() != resource.name()) else {
            first.entry(identity).or_insert(resource);
            continue;
        };
        let message = format!(
            "machines of WorkloadGroup `{}` get the same labels as those of `{}`",
            resource.name(),
            other.name()
        );
        diagnostics
            .report(&EQUAL_LABELS, labels.span.unwrap_or(resource.span), message)
            .related(other.name_span(), "the other WorkloadGroup")
            .help("give each WorkloadGroup a distinct label, so that selectors can tell them apart");
    }
}
