//! `implicit-registry-only`

use crate::config::OutboundMode;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};

pub static RULE: Rule = rule! {
    name: "implicit-registry-only",
    summary: "the `outboundTrafficPolicy` of a Sidecar has no mode, so it blocks requests to unknown hosts",
    findings: [&NO_MODE],
    check: check,
};

static NO_MODE: Finding = finding! {
    "no-mode", Surprising, Likely, ["KIA1007"],
    "`outboundTrafficPolicy` has no mode",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for sidecar in &world.sidecars {
        let Some(policy) = &sidecar.spec.outbound_traffic_policy else { continue };
        // The webhook rejects an egress proxy without a mode.
        if policy.mode.is_some() || policy.egress_proxy.is_some() {
            continue;
        }
        let help = match world.settings.outbound {
            OutboundMode::RegistryOnly => {
                "write `mode: REGISTRY_ONLY`, or remove the policy to inherit the same mode from the mesh"
            }
            _ => "write `mode: REGISTRY_ONLY`, or remove the policy to inherit the mode of the mesh",
        };
        diagnostics.report(&NO_MODE, policy.span, "without a `mode` this policy means `REGISTRY_ONLY`").help(help);
    }
}
