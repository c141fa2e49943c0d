//! `entry-without-endpoints`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::{Resolution, ServiceEntry};
use crate::model::{Resource, Spec};
use crate::world::World;

pub static RULE: Rule = rule! {
    name: "entry-without-endpoints",
    aliases: [],
    severity: Warning,
    summary: "a ServiceEntry with static endpoints that has none: its requests are answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in &context.snapshot.resources {
        let Spec::ServiceEntry(entry) = &resource.spec else { continue };
        let Some(resolution) = entry.resolution.filter(|resolution| resolution.value == Resolution::Static) else {
            continue;
        };
        match &entry.workload_selector {
            None if entry.endpoints.is_empty() => {
                diagnostics
                    .report_default(resolution.span, "the endpoints are static, and none is listed")
                    .help("add endpoints or workloadSelector, or write resolution: DNS");
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
    if let Err(gap) = world.inventory.workloads(namespace)
        && of_namespace.peek().is_none()
    {
        return diagnostics.unchecked(gap);
    }
    if !of_namespace.any(|workload| workload.is_selected_by(&selector.labels)) {
        let span = selector.labels.span.unwrap_or(selector.span);
        diagnostics
            .report_default(
                span,
                format!("no workload of namespace {namespace} has the labels {}", selector.labels.describe()),
            )
            .help("use the labels of a WorkloadEntry or a pod of the same namespace");
    }
}
