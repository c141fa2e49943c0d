//! `implicit-registry-only`

use crate::advice::{Advice, Edit};
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
        let inherited = match world.settings.outbound {
            OutboundMode::RegistryOnly => "the same mode from the mesh",
            _ => "the mode of the mesh",
        };
        let mode = Edit::add(policy.span, ["mode"], "REGISTRY_ONLY");
        // The webhook rejects a Sidecar without settings.
        let spec = sidecar.spec;
        let is_all = spec.egress.is_empty() && spec.ingress.is_empty() && spec.inbound_connection_pool.is_none();
        let removed = if is_all { "Sidecar" } else { "policy" };
        let help = Advice::new(format!("write {mode}, or remove the {removed} to inherit {inherited}")).option([mode]);
        let help = if is_all { help } else { help.option([Edit::remove(policy.span)]) };
        diagnostics.report(&NO_MODE, policy.span, "without a `mode` this policy means `REGISTRY_ONLY`").help(help);
    }
}
