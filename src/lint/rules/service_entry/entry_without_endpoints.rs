//! `entry-without-endpoints`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{Resolution, ServiceEntry};
use crate::model::{Resource, Spec};
use crate::world::World;

pub static RULE: Rule = rule! {
    name: "entry-without-endpoints",
    summary: "a ServiceEntry with resolution `STATIC` has no endpoints, so Envoy answers requests with 503",
    findings: [&NONE_LISTED, &NONE_SELECTED],
    check: check,
};

static NONE_LISTED: Finding = finding! {
    "none-listed", Lost, Likely, [],
    "the ServiceEntry has neither `endpoints` nor a `workloadSelector`",
};
static NONE_SELECTED: Finding = finding! {
    "none-selected", Lost, Likely, [],
    "no workload has the labels of the `workloadSelector`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in context.snapshot.resources() {
        let Spec::ServiceEntry(entry) = &resource.spec else { continue };
        let Some(resolution) = entry.resolution.filter(|resolution| resolution.value == Resolution::Static) else {
            continue;
        };
        match &entry.workload_selector {
            None if entry.endpoints.is_empty() => {
                diagnostics
                    .report(
                        &NONE_LISTED,
                        resolution.span,
                        "the resolution is `STATIC`, but the ServiceEntry has no endpoints",
                    )
                    .help({
                        let edit = Edit::set(resolution.span, "DNS").of("resolution");
                        Advice::new(format!("add `endpoints` or a `workloadSelector`, or write {edit}")).option([edit])
                    });
            }
            None => {}
            Some(_) => check_selected(world, resource, entry, diagnostics),
        }
    }
}

fn check_selected(world: &World<'_>, resource: &Resource, entry: &ServiceEntry, diagnostics: &mut Diagnostics) {
    let Some(selector) = &entry.workload_selector else { return };
    let namespace = world.settings.namespace_of(resource);
    let mut of_namespace = world.workloads.iter().filter(|workload| workload.name.namespace == namespace).peekable();
    if selector.labels.is_empty() {
        return;
    }
    if let Err(gap) = world.inventory.lists_workloads(namespace)
        && of_namespace.peek().is_none()
    {
        return diagnostics.unchecked(gap);
    }
    if !of_namespace.any(|workload| workload.is_selected_by(&selector.labels)) {
        if let Some(gap) = world.inventory.may_have_workloads(Some(namespace), &selector.labels.to_set()) {
            return diagnostics.unchecked(gap);
        }
        let span = selector.labels.span.unwrap_or(selector.span);
        diagnostics
            .report(
                &NONE_SELECTED,
                span,
                format!("no workload of namespace `{namespace}` has labels `{}`", selector.labels.describe()),
            )
            .help("use labels of a WorkloadEntry or a Pod of the same namespace");
    }
}
