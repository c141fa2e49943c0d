//! `ineffective-selector`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::{Resource, Spec};
use crate::world::{GATEWAY_NAME_LABEL, Workload, World};

pub static RULE: Rule = rule! {
    name: "ineffective-selector",
    aliases: ["IST0166"],
    severity: Warning,
    summary: "a selector that means a gateway of the Gateway API, which policies are attached to by targetRefs",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in &world.snapshot.resources {
        if let Some(selector) = selector(&resource.spec) {
            check_selector(world, resource, selector, diagnostics);
        }
    }
}

/// The selector of a resource that could have targets in its place, and has none.
fn selector(spec: &Spec) -> Option<&MatchLabelsSelector> {
    type Parts<'s> = (&'s Option<MatchLabelsSelector>, &'s Option<PolicyTargetReference>, &'s [PolicyTargetReference]);
    let (selector, target, targets): Parts<'_> = match spec {
        Spec::AuthorizationPolicy(it) => (&it.selector, &it.target_ref, &it.target_refs),
        Spec::RequestAuthentication(it) => (&it.selector, &it.target_ref, &it.target_refs),
        Spec::Telemetry(it) => (&it.selector, &it.target_ref, &it.target_refs),
        Spec::WasmPlugin(it) => (&it.selector, &it.target_ref, &it.target_refs),
        _ => return None,
    };
    selector.as_ref().filter(|_| target.is_none() && targets.is_empty())
}

fn check_selector(
    world: &World<'_>,
    resource: &Resource,
    selector: &MatchLabelsSelector,
    diagnostics: &mut Diagnostics,
) {
    let namespace = world.settings.namespace_of(resource);
    let selected = world.workloads_selected(Some(namespace), &selector.match_labels);
    let gateway = |workload: &Workload<'_>| workload.labels.get(GATEWAY_NAME_LABEL).map(|name| (*name).to_owned());
    let Some((workload, name)) = selected.iter().find_map(|workload| Some((workload, gateway(workload)?))) else {
        return;
    };
    let span = selector.match_labels.span.unwrap_or(selector.span);
    let is_waypoint = workload.labels.get("gateway.istio.io/managed").is_some_and(|by| by.contains("mesh-controller"));
    let message = match is_waypoint {
        true => format!("waypoint {name} has these labels, but takes only what names it in targetRefs"),
        false => {
            format!("gateway {name} has these labels; what is for a gateway of the Gateway API names it in targetRefs")
        }
    };
    let diagnostic = diagnostics.report_default(span, message);
    // The labels of other workloads may be meant.
    if !is_waypoint && selected.iter().any(|workload| gateway(workload).is_none()) {
        diagnostic.severity(Severity::Info);
    }
    diagnostic
        .related(workload.resource.name_span(), "the workload of the gateway")
        .help(format!("targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: {name}}}]"));
}
