//! `gateway-selects-nothing`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::world::{Gateway, Workload, World};

pub static RULE: Rule = rule! {
    name: "gateway-selects-nothing",
    summary: "a Gateway whose selector matches no workload, so no proxy opens its ports",
    findings: [&NO_WORKLOAD],
    check: check,
};

static NO_WORKLOAD: Finding = finding! {
    "no-workload", Lost, Certain, ["IST0101", "KIA0302"],
    "no workload has the labels of the selector",
};

/// The labels that Istio's own charts and profiles give to gateways, which are rarely installed from the same files.
const INSTALLED: [&str; 4] = ["ingressgateway", "egressgateway", "ingress", "eastwestgateway"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for gateway in world.gateways.iter().filter(|gateway| !gateway.spec.selector.is_empty()) {
        if world.workloads_of_gateway(gateway).next().is_none() {
            check_gateway(world, gateway, diagnostics);
        }
    }
}

/// Gateway workloads are mostly installed apart from the manifests. They are known to be among them only if some
/// workload looks like one: it has all keys of the selector, and they are such as `istio: …gateway`.
fn check_gateway(world: &World<'_>, gateway: &Gateway<'_>, diagnostics: &mut Diagnostics) {
    let selector = &gateway.spec.selector;
    if let Err(gap) = world.inventory.unknowns.expect_anywhere(Kind::Pod) {
        return diagnostics.unchecked(gap);
    }
    let has_keys = |workload: &&Workload<'_>| {
        selector.iter().all(|(key, _)| is_gateway_label(key, workload.labels.get(key.as_str())))
    };
    let candidates: Vec<&Workload<'_>> = world.workloads.iter().filter(has_keys).collect();
    let is_elsewhere =
        || candidates.is_empty() || selector.iter().any(|(_, value)| INSTALLED.contains(&value.as_str()));
    if !world.inventory.is_complete() && is_elsewhere() {
        return diagnostics.unchecked(gateway.gap_of_workloads());
    }
    if let Some(gap) = world.inventory.may_have_workloads(None, &selector.to_set()) {
        return diagnostics.unchecked(gap);
    }
    let diagnostic = diagnostics.report(
        &NO_WORKLOAD,
        selector.span.unwrap_or(gateway.spec.span),
        format!("no workload has the labels `{}`", selector.describe()),
    );
    let labels = |workload: &Workload<'_>| {
        let pairs = selector.iter().filter_map(|(key, _)| Some((key, workload.labels.get(key.as_str())?)));
        pairs.map(|(key, value)| format!("{}={value}", key.as_str())).collect::<Vec<_>>().join(", ")
    };
    for workload in candidates.iter().take(3) {
        let message = format!("workload `{}` has `{}`", workload.name, labels(workload));
        diagnostic.related(workload.resource.name_span(), message);
    }
    match candidates.first() {
        Some(workload) => {
            diagnostic.help(format!("select the labels of workload `{}`: `{}`", workload.name, labels(workload)))
        }
        None => diagnostic.help("add these labels to the gateway workload, or select the labels that it has"),
    };
}

/// Whether a label distinguishes gateway workloads from others. `app` does not: every workload has one; nor does
/// `istio: pilot`.
fn is_gateway_label(key: &str, value: Option<&&str>) -> bool {
    match value {
        Some(value) => (key == "istio" && value.contains("gateway")) || key.ends_with("/gateway-name"),
        None => false,
    }
}
