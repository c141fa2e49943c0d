//! Sidecar (istio: `ValidateSidecar`).

mod egress;
mod ingress;

use std::collections::BTreeSet;

use super::common::field::{filled, number, text};
use super::common::selector;
use super::common::{connection_pool, destination, port};
use super::syntax::is_fqdn;
use super::violation::{Family, Found};
use crate::model::networking::{OutboundTrafficPolicy, OutboundTrafficPolicyMode, Sidecar, SidecarPort};
use crate::source::{Span, Spanned};

pub(super) fn check(sidecar: &Sidecar, found: &mut Found<'_>) {
    let says_nothing = sidecar.egress.is_empty()
        && sidecar.ingress.is_empty()
        && sidecar.outbound_traffic_policy.is_none()
        && sidecar.inbound_connection_pool.is_none();
    if let Some(selected) = &sidecar.workload_selector {
        let is_refused = selector::is_refused(&selected.labels);
        // What else is wrong hides the warning of an empty selector.
        if is_refused || !says_nothing {
            selector::check(&selected.labels, selected.span, found);
        }
        if is_refused {
            return;
        }
    }
    if says_nothing {
        let message = "this Sidecar changes nothing";
        let help = "add egress, ingress, outboundTrafficPolicy or inboundConnectionPool";
        found.error("SC-1", Family::MissingField, sidecar.span, message).help(help);
        return;
    }
    ingress::check(&sidecar.ingress, found);
    if let Some(pool) = &sidecar.inbound_connection_pool {
        connection_pool::check(pool, found);
    }
    egress::check(&sidecar.egress, found);
    if let Some(policy) = &sidecar.outbound_traffic_policy {
        check_outbound(policy, found);
    }
}

fn check_outbound(policy: &OutboundTrafficPolicy, found: &mut Found<'_>) {
    let mode = policy.mode.as_ref().map_or(OutboundTrafficPolicyMode::RegistryOnly, |mode| mode.value);
    if let Some(written) = policy.mode.as_ref().filter(|_| mode == OutboundTrafficPolicyMode::Undefined(3)) {
        let message = "only the mesh as a whole can have this mode";
        let help = "write REGISTRY_ONLY or ALLOW_ANY";
        found.error("SC-25", Family::ConflictingFields, written.span, message).help(help);
        return;
    }
    let Some(proxy) = &policy.egress_proxy else { return };
    if mode != OutboundTrafficPolicyMode::AllowAny {
        let message = "an egress proxy needs the mode ALLOW_ANY";
        let help = "write mode: ALLOW_ANY, or remove egressProxy";
        found.error("SC-26", Family::ConflictingFields, proxy.span, message).help(help);
        return;
    }
    if !is_fqdn(text(&proxy.host)) {
        let message = format!("{:?} is no host name", text(&proxy.host));
        let span = proxy.host.as_ref().map_or(proxy.span, |host| host.span);
        found.error("SC-27", Family::InvalidHost, span, message).help("write the full host name, without wildcards");
    }
    if proxy.port.is_none() {
        let message = "the egress proxy has no port";
        found.error("SC-28", Family::MissingField, proxy.span, message).help("add port.number");
        return;
    }
    destination::check(proxy, found);
}

/// Checks what the ports of both directions have in common.
fn check_port(port: &SidecarPort, found: &mut Found<'_>) {
    if let Some(target) = port.target_port.as_ref().filter(|target| target.value > 0) {
        let message = "targetPort has no place in a Sidecar";
        let help = "remove it; defaultEndpoint says where requests go";
        found.error("SC-3", Family::InvalidPort, target.span, message).help(help);
    }
    if let Some(name) = filled(&port.name) {
        port::check_name(name, "SC-4", found);
    }
    port::check_protocol(&port.protocol, "SC-5", found);
}

fn check_number(port: &SidecarPort, found: &mut Found<'_>) {
    port::check_needed_number(port.number, ("this port has no number", port.span), "SC-6", found);
}

fn report_address(bind: &Spanned<String>, found: &mut Found<'_>) {
    let message = format!("{:?} is no address", bind.value);
    found.error("SC-7", Family::InvalidAddress, bind.span, message).help("it takes an IP address");
}

/// Notes a port that another listener of the same direction has.
fn check_repeated(port: &SidecarPort, known: &mut BTreeSet<u32>, found: &mut Found<'_>) {
    if !known.insert(number(&port.number)) {
        let message = format!("another listener has the port {}", number(&port.number));
        let help = "put both into one listener, whatever bind says";
        found.error("SC-8", Family::DuplicateEntry, place_of(port), message).help(help);
    }
}

fn place_of(port: &SidecarPort) -> Span {
    port.number.as_ref().map_or(port.span, |number| number.span)
}
