//! `ineffective-selector`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::{Resource, Spec};
use crate::world::{GATEWAY_NAME_LABEL, Workload, World};

pub static RULE: Rule = rule! {
    name: "ineffective-selector",
    summary: "a selector matches a gateway of the Gateway API, to which policies are attached by `targetRefs`",
    findings: [&WAYPOINT, &GATEWAY, &GATEWAY_AND_OTHERS],
    check: check,
};

static WAYPOINT: Finding = finding! {
    "waypoint", Surprising, Certain, ["IST0166"],
    "the selector matches a waypoint, for which istiod ignores selectors",
};
static GATEWAY: Finding = finding! {
    "gateway", Surprising, Certain, ["IST0166"],
    "the selector matches only gateways of the Gateway API",
};
static GATEWAY_AND_OTHERS: Finding = finding! {
    "gateway-and-others", Surprising, Likely, ["IST0166"],
    "the selector matches a gateway of the Gateway API and other workloads",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in world.snapshot.resources() {
        if let Some(selector) = selector(&resource.spec) {
            check_selector(world, resource, selector, diagnostics);
        }
    }
}

/// The selector of a resource that could have target references instead, and has none.
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
    let is_waypoint = workload.labels.get("gateway.istio.io/managed").is_some_and(|by| by.contains("mesh-controller"));
    let (finding, message) = if is_waypoint {
        (&WAYPOINT, format!("the selector has no effect on waypoint `{namespace}/{name}`, which needs `targetRefs`"))
    } else {
        // The policy may be written for the other workloads.
        let is_for_others = selected.iter().any(|workload| gateway(workload).is_none());
        let finding = if is_for_others { &GATEWAY_AND_OTHERS } else { &GATEWAY };
        let message = format!(
            "the selector matches Gateway `{namespace}/{name}` of the Gateway API, for which istiod may ignore selectors"
        );
        (finding, message)
    };
    diagnostics
        .report(finding, selector.match_labels.span.unwrap_or(selector.span), message)
        .related(workload.resource.name_span(), "the workload of the gateway")
        .help(format!(
            "write `targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: {name}}}]` instead"
        ));
}
