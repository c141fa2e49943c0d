//! `subset-without-labels`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};

pub static RULE: Rule = rule! {
    name: "subset-without-labels",
    aliases: ["KIA0209"],
    severity: Info,
    summary: "a subset without labels beside others that have some: it is all workloads of the host",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for rule in context.world.destination_rules.iter() {
        let subsets = &rule.spec.subsets;
        let Some(labelled) = subsets.iter().find(|subset| !subset.labels.is_empty()) else { continue };
        for subset in subsets.iter().filter(|subset| subset.labels.is_empty()) {
            let name = subset.name.as_ref();
            diagnostics
                .report_default(
                    subset.labels.span.or(name.map(|name| name.span)).unwrap_or(subset.span),
                    format!(
                        "subset {} has no labels: it is all workloads of {}",
                        name.map_or("", |name| name),
                        rule.host.as_str()
                    ),
                )
                .related(labelled.span, "this one selects some of them")
                .help("add labels, unless all workloads are meant");
        }
    }
}
