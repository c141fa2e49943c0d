//! `selector-selects-nothing`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::spelling::misspelt;
use crate::model::{Kind, Labels, Resource, Spec};
use crate::world::{Attachment, Gap, Workload, World};

pub static RULE: Rule = rule! {
    name: "selector-selects-nothing",
    summary: "a selector matches no workload of the namespace, so the resource has no effect",
    findings: [&SIDECAR, &TELEMETRY, &OTHER_KIND],
    check: check,
};

static SIDECAR: Finding = finding! {
    "sidecar", Surprising, Certain, ["IST0101", "KIA0004"],
    "no workload has the labels that a Sidecar selects",
};
static TELEMETRY: Finding = finding! {
    "telemetry", Surprising, Certain, ["IST0101"],
    "no workload has the labels that a Telemetry selects",
};
static OTHER_KIND: Finding = finding! {
    "other-kind", Surprising, Certain, [],
    "no workload has the labels that a WasmPlugin, TrafficExtension, EnvoyFilter or ProxyConfig selects",
};

/// The kinds that the rule checks. Another rule checks policies of `security.istio.io`.
const KINDS: [Kind; 6] =
    [Kind::Sidecar, Kind::Telemetry, Kind::WasmPlugin, Kind::TrafficExtension, Kind::EnvoyFilter, Kind::ProxyConfig];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for attachment in world.attachments.iter().filter(|it| KINDS.contains(&it.resource.kind)) {
        if let Some(selector) = attachment.selector {
            check_selector(world, attachment, selector, diagnostics);
        }
    }
}

fn check_selector(world: &World<'_>, attachment: &Attachment<'_>, selector: &Labels, diagnostics: &mut Diagnostics) {
    let namespace = attachment.name.namespace.as_ref();
    let is_root = namespace == world.settings.root_namespace;
    let selects = |workload: &&Workload<'_>| workload.is_selected_by(selector);
    if is_root && !attachment.selects_everywhere() {
        // `root-namespace-selector` reports it.
        return;
    }
    let is_satisfied = match is_root {
        true => world.workloads.iter().any(|workload| selects(&workload)),
        false => world.selected_in(namespace, Some(selector)).next().is_some(),
    };
    if is_satisfied {
        return;
    }
    if is_root && !world.inventory.is_complete() {
        return diagnostics.unchecked(Gap::NotAllWorkloadsOfMesh);
    }
    if let Err(gap) = world.expects_workload(attachment.resource, selector, namespace) {
        return diagnostics.unchecked(gap);
    }
    if !world.inventory.is_complete_in(namespace) && attachment.selects_gateways() {
        return diagnostics.unchecked(Gap::GatewaysInstalledElsewhere);
    }
    let mut resources = world.snapshot.resources().filter(|it| is_root || world.namespace_of(it) == namespace);
    if resources.any(|resource| makes(resource, selector)) {
        return;
    }
    let kind = attachment.resource.kind;
    let finding = match kind {
        Kind::Sidecar => &SIDECAR,
        Kind::Telemetry => &TELEMETRY,
        _ => &OTHER_KIND,
    };
    let place = if is_root { "the mesh".to_owned() } else { format!("namespace `{namespace}`") };
    let span = selector.span.unwrap_or(attachment.resource.span);
    let message = format!("no workload of {place} has the labels `{}`", selector.describe());
    let diagnostic = diagnostics.report(finding, span, message);
    let candidates: Vec<&Workload<'_>> = match is_root {
        true => world.workloads.iter().collect(),
        false => world.workloads_in(namespace).collect(),
    };
    let elsewhere = world.workloads.iter().find(selects);
    if let Some(elsewhere) = elsewhere {
        diagnostic.related(elsewhere.resource.name_span(), format!("workload `{}` has these labels", elsewhere.name));
    }
    diagnostic.help(match (similar(&candidates, selector), elsewhere) {
        (Some(suggestion), _) => suggestion,
        (None, Some(elsewhere)) => {
            format!("move {} `{}` to namespace `{}`", kind.name(), attachment.name, elsewhere.name.namespace).into()
        }
        (None, None) => advice(&candidates, selector).into(),
    });
}

/// Whether a resource is a WorkloadGroup that gives the labels to its entries when machines register themselves.
fn makes(resource: &Resource, selector: &Labels) -> bool {
    let Spec::WorkloadGroup(group) = &resource.spec else { return false };
    let of_metadata = group.metadata.iter().flat_map(|metadata| metadata.labels.to_set());
    let of_entry = group.template.iter().flat_map(|entry| entry.labels.to_set());
    selector.selects(&of_entry.chain(of_metadata).collect())
}

/// The values that workloads have for the first label of a selector that none of them has.
fn values_instead<'w, 's>(
    workloads: &[&'w Workload<'_>],
    selector: &'s Labels,
) -> Option<(&'s str, &'s str, BTreeSet<&'w str>)> {
    selector.iter().find_map(|(key, value)| {
        let values: BTreeSet<&str> = workloads.iter().filter_map(|it| it.labels.get(key.as_str()).copied()).collect();
        (!values.contains(value.as_str())).then_some((key.as_str(), value.as_str(), values))
    })
}

/// A help that suggests a label of some workload that is nearly that of the selector.
fn similar(workloads: &[&Workload<'_>], selector: &Labels) -> Option<Advice> {
    let (key, value, values) = values_instead(workloads, selector)?;
    let place = selector.get(key)?.span;
    Some(Advice::did_you_mean(Edit::set(place, misspelt(value, values)?).of(key)))
}

fn advice(workloads: &[&Workload<'_>], selector: &Labels) -> String {
    match values_instead(workloads, selector) {
        None => "remove one of the labels: no workload has all of them".to_owned(),
        Some((key, _, values)) if values.is_empty() => {
            format!("add the label `{key}` to a workload, or remove it from the selector")
        }
        Some((key, value, _)) => format!("correct the selector, or lint the manifests of `{key}={value}` as well"),
    }
}
