//! `subset-without-labels`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::Subset;

pub static RULE: Rule = rule! {
    name: "subset-without-labels",
    summary: "a subset without labels beside subsets with labels: it selects all workloads of the host",
    findings: [&ALL_WORKLOADS],
    check: check,
};

static ALL_WORKLOADS: Finding = finding! {
    "all-workloads", Notable, Certain, ["KIA0209"],
    "the subset has no labels, but another subset of the host has labels",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for destination_rule in context.world.destination_rules.iter() {
        let subsets = &destination_rule.spec.subsets;
        let Some(labelled) = subsets.iter().find(|subset| !subset.labels.is_empty()) else { continue };
        let rollouts = &context.world.rollouts;
        let lacks_labels =
            |subset: &&Subset| subset.labels.is_empty() && !rollouts.label(destination_rule, subset.name.text());
        for subset in subsets.iter().filter(lacks_labels) {
            let (name, host) = (subset.name.text(), destination_rule.host.as_str());
            let place = subset.labels.span.unwrap_or_else(|| subset.name.place(subset.span));
            diagnostics
                .report(
                    &ALL_WORKLOADS,
                    place,
                    format!("subset `{name}` has no labels, so it selects all workloads of `{host}`"),
                )
                .related(labelled.span, "this subset selects workloads by label")
                .help("add labels, unless the subset is for all workloads");
        }
    }
}
