//! `service-selects-nothing`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Labels, nearest};
use crate::source::Span;
use crate::world::{Discovery, GATEWAY_NAME_LABEL, Gap, Service, Workload, World};

pub static RULE: Rule = rule! {
    name: "service-selects-nothing",
    aliases: ["KIA0701"],
    severity: Warning,
    summary: "a Service whose selector no workload has: its requests are answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in world.services.iter().filter(|it| it.is_kubernetes() && it.discovery != Discovery::Alias) {
        let Some(selector) = service.selector else { continue };
        if world.workloads_of_service(service).is_some_and(|workloads| workloads.is_empty()) {
            check_service(world, service, selector, diagnostics);
        }
    }
}

fn check_service(world: &World<'_>, service: &Service<'_>, selector: &Labels, diagnostics: &mut Diagnostics) {
    let namespace = &service.namespace;
    if let Err(gap) = world.inventory.workloads(namespace) {
        return diagnostics.unchecked(gap);
    }
    if !world.inventory.is_complete() {
        if selector.get(GATEWAY_NAME_LABEL).is_some() {
            return diagnostics.unchecked(Gap::ManagedWorkloads);
        }
        // Other controllers mark the pods that they make by labels of their own.
        if !selector.iter().all(|(key, _)| world.workloads_in(namespace).any(|it| it.labels.contains_key(key.as_str())))
        {
            return diagnostics.unchecked(Gap::NoWorkloadsWithKeys(namespace.clone()));
        }
    }
    let near = nearest_workload(world, namespace, selector);
    let span = near.map_or(selector.span.unwrap_or(service.span), |(_, value)| value);
    let message = format!("no workload of namespace {namespace} has the labels {}", selector.describe());
    let diagnostic = diagnostics.report_default(span, message);
    if let Some((workload, _)) = near {
        let name = &workload.name.name;
        diagnostic.related(workload.resource.name_span(), format!("{name} has {}", labels_of(workload, selector)));
        diagnostic.help(format!("did you mean the labels of {name}?"));
    } else if let Some(elsewhere) = world.workloads.iter().find(|workload| workload.is_selected_by(selector)) {
        let message = format!("{} has them, but a Service selects in its own namespace only", elsewhere.name);
        diagnostic.related(elsewhere.resource.name_span(), message);
    }
}

/// The workload that was probably meant: all but one of the labels are its own, and that one is misspelt. With the value
/// that is.
fn nearest_workload<'w, 'a>(
    world: &'w World<'a>,
    namespace: &str,
    selector: &Labels,
) -> Option<(&'w Workload<'a>, Span)> {
    world.workloads_in(namespace).find_map(|workload| {
        let theirs = |key: &str| workload.labels.get(key).copied();
        let mut differing = selector.iter().filter(|(key, value)| theirs(key) != Some(value.as_str()));
        let (key, value) = differing.next()?;
        let is_near = differing.next().is_none() && nearest(value, theirs(key)).is_some();
        is_near.then_some((workload, value.span))
    })
}

/// What a workload has for the labels of a selector.
fn labels_of(workload: &Workload<'_>, selector: &Labels) -> String {
    let pair = |key: &str| workload.labels.get(key).map(|value| format!("{key}={value}"));
    let pairs: Vec<String> = selector.iter().filter_map(|(key, _)| pair(key)).collect();
    pairs.join(", ")
}
