//! `selector-selects-nothing`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Kind, Labels, Resource, Spec, nearest};
use crate::world::{Attachment, Gap, Workload, World};

pub static RULE: Rule = rule! {
    name: "selector-selects-nothing",
    aliases: ["IST0101", "KIA0004"],
    severity: Warning,
    summary: "a selector that no workload of the namespace satisfies: the resource does nothing",
    check: check,
};

/// The kinds that are looked at; policies of `security.istio.io` have a rule of their own.
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
    let selects = |workload: &Workload<'_>| workload.is_selected_by(selector);
    if is_root && !attachment.selects_everywhere() {
        // `root-namespace-selector` says that it does not reach any further.
        return;
    }
    if is_root {
        if world.workloads.iter().any(selects) {
            return;
        }
        if !world.inventory.is_complete() {
            return diagnostics.unchecked(Gap::NotAllWorkloadsOfMesh);
        }
    } else {
        if world.selected_in(namespace, Some(selector)).next().is_some() {
            return;
        }
        if let Err(gap) = world.inventory.workloads(namespace) {
            return diagnostics.unchecked(gap);
        }
    }
    if !world.inventory.is_complete() && attachment.selects_gateways() {
        return diagnostics.unchecked(Gap::GatewaysInstalledElsewhere);
    }
    let mut groups = world.snapshot.resources.iter().filter(|it| is_root || world.namespace_of(it) == namespace);
    if groups.any(|group| makes(group, selector)) {
        return;
    }
    let place = if is_root { "the mesh".to_owned() } else { format!("namespace {namespace}") };
    let span = selector.span.unwrap_or(attachment.resource.span);
    let diagnostic =
        diagnostics.report_default(span, format!("no workload of {place} has the labels {}", selector.describe()));
    diagnostic.help(advice(world, namespace, selector));
    let elsewhere = world.workloads.iter().find(|workload| selects(workload));
    if let Some(elsewhere) = elsewhere {
        diagnostic
            .related(elsewhere.resource.name_span(), format!("{} has them, in another namespace", elsewhere.name));
    }
}

/// Whether a resource is a WorkloadGroup whose entries, made when machines register themselves, have the labels.
fn makes(resource: &Resource, selector: &Labels) -> bool {
    let Spec::WorkloadGroup(group) = &resource.spec else { return false };
    let of_metadata = group.metadata.iter().flat_map(|metadata| metadata.labels.to_set());
    let of_entry = group.template.iter().flat_map(|entry| entry.labels.to_set());
    selector.selects(&of_entry.chain(of_metadata).collect())
}

/// What the workloads of the namespace have instead, of the first label that none of them has.
fn advice(world: &World<'_>, namespace: &str, selector: &Labels) -> String {
    const SHOWN: usize = 5;
    for (key, value) in selector.iter() {
        let has = world.workloads_in(namespace).filter_map(|workload| workload.labels.get(key.as_str()).copied());
        let values: BTreeSet<&str> = has.collect();
        if values.contains(value.as_str()) {
            continue;
        }
        if let Some(suggestion) = nearest(value, values.iter().copied()) {
            return format!("did you mean {}: {suggestion}?", key.as_str());
        }
        if values.is_empty() {
            return format!("none of them has a label {}", key.as_str());
        }
        let shown: Vec<&str> = values.iter().copied().take(SHOWN).collect();
        let dots = if values.len() > SHOWN { ", …" } else { "" };
        return format!("their {} is {}{dots}", key.as_str(), shown.join(", "));
    }
    "there are workloads for each of the labels, but none that has all".to_owned()
}
