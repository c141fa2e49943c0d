//! `implicit-registry-only`

use crate::config::OutboundMode;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};

pub static RULE: Rule = rule! {
    name: "implicit-registry-only",
    aliases: ["KIA1007"],
    severity: Info,
    summary: "a Sidecar whose outboundTrafficPolicy has no mode, which blocks unknown destinations",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for sidecar in &world.sidecars {
        let Some(policy) = &sidecar.spec.outbound_traffic_policy else { continue };
        // With an egress proxy it is refused.
        if policy.mode.is_some() || policy.egress_proxy.is_some() {
            continue;
        }
        let diagnostic = diagnostics.report_default(policy.span, "without a mode this policy means REGISTRY_ONLY");
        diagnostic.help(match world.settings.outbound {
            OutboundMode::RegistryOnly => "write mode: REGISTRY_ONLY, or remove the policy: the mesh has the same",
            _ => "write mode: REGISTRY_ONLY if that is meant, or remove the policy to do as the mesh does",
        });
    }
}
