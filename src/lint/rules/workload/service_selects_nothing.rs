//! `service-selects-nothing`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Labels;
use crate::model::spelling::misspelt;
use crate::source::Spanned;
use crate::world::{Discovery, GATEWAY_NAME_LABEL, Gap, Service, Workload, World};

pub static RULE: Rule = rule! {
    name: "service-selects-nothing",
    summary: "a Service selects no workload, so its requests get 503",
    findings: [&NO_WORKLOAD],
    check: check,
};

static NO_WORKLOAD: Finding = finding! {
    "no-workload", Lost, Likely, ["KIA0701"],
    "no workload in the namespace of the Service has the labels of its selector",
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
    if let Err(gap) = world.expects_workload(service.resource, selector, namespace) {
        return diagnostics.unchecked(gap);
    }
    if !world.inventory.is_complete_in(namespace) {
        if selector.get(GATEWAY_NAME_LABEL).is_some() {
            return diagnostics.unchecked(Gap::ManagedWorkloads);
        }
        // Controllers give the pods that they create labels with keys that no manifest has.
        if !selector.iter().all(|(key, _)| world.workloads_in(namespace).any(|it| it.labels.contains_key(key.as_str())))
        {
            return diagnostics.unchecked(Gap::NoWorkloadsWithKeys(namespace.clone()));
        }
    }
    let near = nearest_workload(world, namespace, selector);
    let span = near.map_or(selector.span.unwrap_or(service.span), |(_, written, _)| written.span);
    let message = format!("no workload in namespace `{namespace}` has the labels `{}`", selector.describe());
    let diagnostic = diagnostics.report(&NO_WORKLOAD, span, message);
    if let Some((workload, _, value)) = near {
        let name = &workload.name.name;
        let message = format!("workload `{name}` has the labels `{}`", labels_of(workload, selector));
        diagnostic.related(workload.resource.name_span(), message);
        diagnostic.did_you_mean(value);
    } else if let Some(elsewhere) = world.workloads.iter().find(|workload| workload.is_selected_by(selector)) {
        let message = format!("workload `{}` has these labels, but is in another namespace", elsewhere.name);
        diagnostic.related(elsewhere.resource.name_span(), message);
        diagnostic.help(
            "move the Service to the namespace of the workload: a Service only selects workloads in its own namespace",
        );
    } else {
        let labels = selector.describe();
        diagnostic.help(format!("correct the selector, or lint the manifests of `{labels}` as well"));
    }
}

/// The workload that differs from a selector by the misspelling of one value. Also this value, as the selector and as the
/// workload have it.
fn nearest_workload<'w, 'a>(
    world: &'w World<'a>,
    namespace: &str,
    selector: &'w Labels,
) -> Option<(&'w Workload<'a>, &'w Spanned<String>, &'w str)> {
    world.workloads_in(namespace).find_map(|workload| {
        let theirs = |key: &str| workload.labels.get(key).copied();
        let mut differing = selector.iter().filter(|(key, value)| theirs(key) != Some(value.as_str()));
        let (key, written) = differing.next()?;
        let value = misspelt(written, theirs(key)).filter(|_| differing.next().is_none())?;
        Some((workload, written, value))
    })
}

/// The labels of a workload that have the keys of a selector.
fn labels_of(workload: &Workload<'_>, selector: &Labels) -> String {
    let pair = |key: &str| workload.labels.get(key).map(|value| format!("{key}={value}"));
    let pairs: Vec<String> = selector.iter().filter_map(|(key, _)| pair(key)).collect();
    pairs.join(", ")
}
