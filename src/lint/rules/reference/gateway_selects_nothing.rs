//! `gateway-selects-nothing`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::world::{Gap, Gateway, World};

pub static RULE: Rule = rule! {
    name: "gateway-selects-nothing",
    aliases: ["IST0101", "KIA0302"],
    severity: Error,
    summary: "a Gateway whose selector no workload has: nobody opens its ports",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for gateway in world.gateways.iter().filter(|gateway| !gateway.spec.selector.is_empty()) {
        if world.workloads_of_gateway(gateway).next().is_none() {
            check_gateway(world, gateway, diagnostics);
        }
    }
}

/// The labels that Istio's own charts and profiles give to gateways, which are rarely installed from the same files.
const INSTALLED: [&str; 4] = ["ingressgateway", "egressgateway", "ingress", "eastwestgateway"];

/// Gateway workloads are mostly installed apart from the manifests. They are known to be among them only if some
/// workload looks like one: it has all keys of the selector, and they are such as `istio: …gateway`.
fn check_gateway(world: &World<'_>, gateway: &Gateway<'_>, diagnostics: &mut Diagnostics) {
    let selector = &gateway.spec.selector;
    let candidates: Vec<_> = world
        .workloads
        .iter()
        .filter(|workload| selector.iter().all(|(key, _)| is_gateway_label(key, workload.labels.get(key.as_str()))))
        .collect();
    let is_elsewhere =
        || candidates.is_empty() || selector.iter().any(|(_, value)| INSTALLED.contains(&value.as_str()));
    if !world.inventory.is_complete() && is_elsewhere() {
        return diagnostics.unchecked(Gap::NoGatewayWorkloads);
    }
    let diagnostic = diagnostics.report_default(
        selector.span.unwrap_or(gateway.spec.span),
        format!("no workload has the labels {}", selector.describe()),
    );
    for workload in candidates.iter().take(3) {
        let labels: Vec<String> = selector
            .iter()
            .filter_map(|(key, _)| Some(format!("{}={}", key.as_str(), workload.labels.get(key.as_str())?)))
            .collect();
        diagnostic.related(workload.resource.name_span(), format!("{} has {}", workload.name, labels.join(", ")));
    }
    diagnostic.help("use the labels of a gateway workload");
}

/// Whether a label tells gateway workloads from others. `app` does not: every workload has one; nor does
/// `istio: pilot`.
fn is_gateway_label(key: &str, value: Option<&&str>) -> bool {
    match value {
        Some(value) => (key == "istio" && value.contains("gateway")) || key.ends_with("/gateway-name"),
        None => false,
    }
}
