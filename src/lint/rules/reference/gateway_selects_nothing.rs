//! `gateway-selects-nothing`

use std::cmp::Reverse;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Labels};
use crate::world::{GATEWAY_NAME_LABEL, Gateway, Workload, World};

pub static RULE: Rule = rule! {
    name: "gateway-selects-nothing",
    summary: "a Gateway whose selector matches no workload, so no proxy opens its ports",
    findings: [&NO_WORKLOAD, &UNSELECTED_GATEWAY],
    check: check,
};

static NO_WORKLOAD: Finding = finding! {
    "no-workload", Lost, Certain, ["IST0101", "KIA0302"],
    "no workload has the labels of the selector",
};

/// The labels that Istio's own charts and profiles give to gateways, which are rarely installed from the same files.
const INSTALLED: [&str; 4] = ["ingressgateway", "egressgateway", "ingress", "eastwestgateway"];

static UNSELECTED_GATEWAY: Finding = finding! {
    "unselected-gateway", Lost, Likely, ["IST0101", "KIA0302"],
    "no workload has the labels of the selector, and no Gateway selects a gateway workload that is there",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut gateways = world.gateways.iter().filter(|gateway| !gateway.spec.selector.is_empty()).peekable();
    if gateways.peek().is_none() {
        return;
    }
    let is_candidate = |it: &&Workload<'_>| !it.labels.contains_key(GATEWAY_NAME_LABEL) && is_gateway(world, it);
    let workloads: Vec<&Workload<'_>> = world.workloads.iter().filter(is_candidate).collect();
    for gateway in gateways {
        if world.workloads_of_gateway(gateway).next().is_none() {
            check_gateway(world, gateway, &workloads, diagnostics);
        }
    }
}

/// Gateway workloads are mostly installed apart from the manifests. They are known to be among them if some workload looks
/// like the one that is meant: it has all keys of the selector, and they are such as `istio: …gateway`. They probably are
/// if there is a gateway workload that no Gateway selects.
fn check_gateway(world: &World<'_>, gateway: &Gateway<'_>, workloads: &[&Workload<'_>], diagnostics: &mut Diagnostics) {
    let selector = &gateway.spec.selector;
    if let Err(gap) = world.inventory.unknowns.expect_anywhere(Kind::Pod) {
        return diagnostics.unchecked(gap);
    }
    let has_keys = |workload: &&&Workload<'_>| {
        selector.iter().all(|(key, _)| is_gateway_label(key, workload.labels.get(key.as_str())))
    };
    let is_installed = selector.iter().any(|(_, value)| INSTALLED.contains(&value.as_str()));
    let mut similar: Vec<&Workload<'_>> = workloads.iter().filter(has_keys).copied().collect();
    let is_free = |it: &&&Workload<'_>| plays_role_of(it, selector) && world.gateways_of_workload(it).next().is_none();
    let mut free: Vec<&Workload<'_>> = workloads.iter().filter(is_free).copied().collect();
    let finding = match world.inventory.is_complete() || !is_installed && !similar.is_empty() {
        true => &NO_WORKLOAD,
        false if !world.inventory.is_partial() && !free.is_empty() => &UNSELECTED_GATEWAY,
        false => return diagnostics.unchecked(gateway.gap_of_workloads()),
    };
    if let Some(gap) = world.inventory.may_have_workloads(None, &selector.to_set()) {
        return diagnostics.unchecked(gap);
    }
    if similar.is_empty() || finding == &UNSELECTED_GATEWAY {
        similar = std::mem::take(&mut free);
    }
    similar.sort_by_key(|workload| distance(gateway, workload));
    let diagnostic = diagnostics.report(
        finding,
        selector.span.unwrap_or(gateway.spec.span),
        format!("no workload has the labels `{}`", selector.describe()),
    );
    for workload in similar.iter().take(3) {
        let labels = distinguishing(selector, workload);
        let message = format!("workload `{}` has `{}`", workload.name, describe(&labels, "="));
        diagnostic.related(workload.resource.name_span(), message);
    }
    match similar.first() {
        Some(workload) => {
            let labels = describe(&distinguishing(selector, workload), ": ");
            diagnostic.help(format!("write `selector: {{{labels}}}` to select workload `{}`", workload.name))
        }
        None => diagnostic.help("add these labels to the gateway workload, or select the labels that it has"),
    };
}

/// Whether a workload is a gateway: its pods have no container but the proxy, the injector makes them gateways, or it has
/// the label of one.
fn is_gateway(world: &World<'_>, workload: &Workload<'_>) -> bool {
    let templates = workload.annotations.get("inject.istio.io/templates");
    world.is_gateway_workload(workload)
        || templates.is_some_and(|list| list.split(',').any(|template| template.trim() == "gateway"))
        || workload.labels.iter().any(|(key, value)| is_gateway_label(key, Some(value)))
}

/// Whether a label distinguishes gateway workloads from others. `app` does not: every workload has one; nor does
/// `istio: pilot`.
fn is_gateway_label(key: &str, value: Option<&&str>) -> bool {
    match value {
        Some(value) => (key == "istio" && value.contains("gateway")) || key.ends_with("/gateway-name"),
        None => false,
    }
}

/// Whether nothing suggests that the workload is for other traffic than the selector.
fn plays_role_of(workload: &Workload<'_>, selector: &Labels) -> bool {
    const ROLES: [&str; 3] = ["egress", "eastwest", "ingress"];
    let role = |text: &str| ROLES.into_iter().find(|role| text.contains(role));
    let wanted = selector.iter().find_map(|(_, value)| role(value));
    let own = workload.labels.values().find_map(|value| role(value)).or_else(|| role(&workload.name.name));
    wanted.is_none() || own.is_none() || wanted == own
}

/// How far a workload is from the one that a Gateway selects: those with more of its labels come first, then those with
/// more of its keys, then those of its namespace.
fn distance(gateway: &Gateway<'_>, workload: &Workload<'_>) -> impl Ord + use<> {
    let own = |key: &str| workload.labels.get(key);
    let labels = gateway.spec.selector.iter().filter(|(key, value)| own(key) == Some(&value.as_str())).count();
    let keys = gateway.spec.selector.iter().filter(|(key, _)| own(key).is_some()).count();
    (Reverse(labels), Reverse(keys), workload.name.namespace != gateway.name.namespace, workload.name.to_string())
}

/// The labels by which a Gateway would select a workload: those with the keys of its selector, else the usual ones, else
/// all.
fn distinguishing<'w>(selector: &Labels, workload: &'w Workload<'_>) -> Vec<(&'w str, &'w str)> {
    let of_keys = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<(&'w str, &'w str)> {
        workload.labels.iter().map(|(key, value)| (*key, *value)).filter(|(key, _)| is_wanted(key)).collect()
    };
    let choices: [&dyn Fn(&str) -> bool; 4] = [
        &|key| selector.iter().any(|(own, _)| own.as_str() == key),
        &|key| key == "istio",
        &|key| key == "app" || key == "app.kubernetes.io/name",
        &|_| true,
    ];
    choices.into_iter().map(of_keys).find(|labels| !labels.is_empty()).unwrap_or_default()
}

fn describe(labels: &[(&str, &str)], separator: &str) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}{separator}{value}")).collect();
    pairs.join(", ")
}
