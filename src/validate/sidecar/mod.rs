//! Sidecar (istio: `ValidateSidecar`).

mod egress;
mod ingress;

use std::collections::BTreeSet;

use super::fields::selector;
use super::fields::{connection_pool, destination, port};
use super::syntax::is_fqdn;
use super::violation::{Mistake, Violations};
use crate::model::field::{NumberField, PlacedField, TextField};
use crate::model::networking::{OutboundTrafficPolicy, OutboundTrafficPolicyMode, Sidecar, SidecarPort};
use crate::source::{Span, Spanned};
use crate::validate::quoted;

pub(super) fn check(sidecar: &Sidecar, violations: &mut Violations<'_>) {
    let is_empty = sidecar.egress.is_empty()
        && sidecar.ingress.is_empty()
        && sidecar.outbound_traffic_policy.is_none()
        && sidecar.inbound_connection_pool.is_none();
    if let Some(selected) = &sidecar.workload_selector {
        let is_rejected = selector::is_rejected(&selected.labels);
        // istiod drops the warning about an empty selector if it rejects the Sidecar.
        if is_rejected || !is_empty {
            selector::check(&selected.labels, selected.span, violations);
        }
        if is_rejected {
            return;
        }
    }
    if is_empty {
        let message = "the Sidecar has no settings";
        let help = "add `egress`, `ingress`, `outboundTrafficPolicy` or `inboundConnectionPool`";
        violations.error("SC-1", Mistake::MissingField, sidecar.span, message).help(help);
        return;
    }
    ingress::check(&sidecar.ingress, violations);
    if let Some(pool) = &sidecar.inbound_connection_pool {
        connection_pool::check(pool, violations);
    }
    // A Sidecar of the root namespace is for each namespace, and `.` stands for that namespace. istiod's webhook still
    // compares `.` with the root namespace, but its warning is false.
    let is_for_mesh =
        violations.namespace() == violations.settings.root_namespace && sidecar.workload_selector.is_none();
    let own = if is_for_mesh { "." } else { violations.namespace() };
    egress::check(&sidecar.egress, own, violations);
    if let Some(policy) = &sidecar.outbound_traffic_policy {
        check_outbound(policy, violations);
    }
}

fn check_outbound(policy: &OutboundTrafficPolicy, violations: &mut Violations<'_>) {
    let mode = policy.mode.as_ref().map_or(OutboundTrafficPolicyMode::RegistryOnly, |mode| mode.value);
    if let Some(written) = policy.mode.as_ref().filter(|_| mode == OutboundTrafficPolicyMode::Undefined(3)) {
        let message = "only the MeshConfig can have this mode";
        let help = "use REGISTRY_ONLY or ALLOW_ANY";
        violations.error("SC-25", Mistake::ConflictingFields, written.span, message).help(help);
        return;
    }
    let Some(proxy) = &policy.egress_proxy else { return };
    if mode != OutboundTrafficPolicyMode::AllowAny {
        let message = "`egressProxy` needs mode ALLOW_ANY";
        let help = "write `mode: ALLOW_ANY`, or remove `egressProxy`";
        violations.error("SC-26", Mistake::ConflictingFields, proxy.span, message).help(help);
        return;
    }
    if !is_fqdn(proxy.host.text()) {
        let message = format!("{} is not a valid host name", quoted(proxy.host.text()));
        let span = proxy.host.place(proxy.span);
        violations.error("SC-27", Mistake::InvalidHost, span, message).help("write a full host name without wildcards");
    }
    if proxy.port.is_none() {
        let message = "the egress proxy has no port";
        violations.error("SC-28", Mistake::MissingField, proxy.span, message).help("add `port.number`");
        return;
    }
    destination::check(proxy, violations);
}

/// Checks the fields that ports of both directions have in common.
fn check_port(port: &SidecarPort, violations: &mut Violations<'_>) {
    if let Some(target) = port.target_port.as_ref().filter(|target| target.value > 0) {
        let message = "a port of a Sidecar cannot have `targetPort`";
        let help = "remove it, and use `defaultEndpoint` to forward to another port";
        violations.error("SC-3", Mistake::InvalidPort, target.span, message).help(help);
    }
    if let Some(name) = port.name.filled() {
        port::check_name(name, "SC-4", violations);
    }
    port::check_protocol(&port.protocol, "SC-5", violations);
}

fn check_number(port: &SidecarPort, violations: &mut Violations<'_>) {
    port::check_required_number(port.number, ("the port has no number", port.span), "SC-6", violations);
}

fn add_invalid_address(bind: &Spanned<String>, violations: &mut Violations<'_>) {
    let message = format!("{} is not a valid IP address", quoted(bind));
    violations.error("SC-7", Mistake::InvalidAddress, bind.span, message).help("write an IP address");
}

/// Checks that no earlier listener of the same direction has the port.
fn check_repeated(port: &SidecarPort, known: &mut BTreeSet<u32>, violations: &mut Violations<'_>) {
    if !known.insert(port.number.number()) {
        let message = format!("an earlier listener has port {} too", port.number.number());
        let help = "merge the two listeners, even if `bind` differs";
        violations.error("SC-8", Mistake::DuplicateEntry, place_of(port), message).help(help);
    }
}

fn place_of(port: &SidecarPort) -> Span {
    port.number.place(port.span)
}
