//! Traffic policies (istio: `validateTrafficPolicy`).

use super::{load_balancer, outlier_detection, tls};
use crate::model::networking::{PortTrafficPolicy, ProxyProtocol, ProxyProtocolVersion, TrafficPolicy, TunnelSettings};
use crate::validate::Family;
use crate::validate::common::field::{place, text};
use crate::validate::common::{connection_pool, port};
use crate::validate::syntax::{is_fqdn, is_ip_address};
use crate::validate::violation::Found;

/// Checks a policy. That of a subset takes what it leaves open from that of the host, `outer`.
pub fn check(policy: &TrafficPolicy, outer: Option<&TrafficPolicy>, found: &mut Found<'_>) {
    if says_nothing(policy) {
        let message = "this traffic policy has no settings";
        found.error("TP-1", Family::MissingField, policy.span, message).help("add a setting, or remove it");
        return;
    }
    if let (Some(tunnel), Some(_)) = (&policy.tunnel, &policy.proxy_protocol) {
        let message = "a tunnel and the PROXY protocol exclude each other";
        found.error("TP-2", Family::ConflictingFields, tunnel.span, message).help("remove tunnel or proxyProtocol");
        return;
    }
    if let Some(detection) = &policy.outlier_detection {
        outlier_detection::check(detection, found);
    }
    if let Some(pool) = &policy.connection_pool {
        connection_pool::check(pool, found);
    }
    if let Some(balancer) = &policy.load_balancer {
        let outer = outer.and_then(|outer| outer.outlier_detection.as_ref());
        load_balancer::check(balancer, policy.outlier_detection.as_ref().or(outer), found);
    }
    if let Some(settings) = &policy.tls {
        tls::check(settings, found);
    }
    for port in &policy.port_level_settings {
        found.losing_warnings(|found| check_port(port, found));
    }
    if let Some(tunnel) = &policy.tunnel {
        check_tunnel(tunnel, found);
    }
    if let Some(protocol) = &policy.proxy_protocol {
        check_proxy_protocol(protocol, found);
    }
}

fn says_nothing(policy: &TrafficPolicy) -> bool {
    policy.outlier_detection.is_none()
        && policy.connection_pool.is_none()
        && policy.load_balancer.is_none()
        && policy.tls.is_none()
        && policy.port_level_settings.is_empty()
        && policy.tunnel.is_none()
        && policy.proxy_protocol.is_none()
        && policy.retry_budget.is_none()
}

/// Checks the policy of a port, which takes nothing from that of the host.
fn check_port(policy: &PortTrafficPolicy, found: &mut Found<'_>) {
    if policy.port.is_none() {
        let message = "these settings name no port";
        found.error("PL-1", Family::MissingField, policy.span, message).help("add port: {number: …}");
    }
    let says_nothing = policy.outlier_detection.is_none()
        && policy.connection_pool.is_none()
        && policy.load_balancer.is_none()
        && policy.tls.is_none();
    if says_nothing {
        let message = "this port has no settings";
        found.error("PL-2", Family::MissingField, policy.span, message).help("add a setting, or remove the port");
    }
    if let Some(detection) = &policy.outlier_detection {
        outlier_detection::check(detection, found);
    }
    if let Some(pool) = &policy.connection_pool {
        connection_pool::check(pool, found);
    }
    if let Some(balancer) = &policy.load_balancer {
        load_balancer::check(balancer, policy.outlier_detection.as_ref(), found);
    }
    if let Some(settings) = &policy.tls {
        tls::check(settings, found);
    }
}

fn check_tunnel(tunnel: &TunnelSettings, found: &mut Found<'_>) {
    let protocol = text(&tunnel.protocol);
    if !matches!(protocol, "" | "CONNECT" | "POST") {
        let message = format!("{protocol:?} is no protocol of a tunnel");
        let span = place(&tunnel.protocol, tunnel.span);
        found.error("TU-1", Family::InvalidReference, span, message).help("write CONNECT or POST");
    }
    let host = text(&tunnel.target_host);
    if !is_fqdn(host) && !is_ip_address(host) {
        let span = place(&tunnel.target_host, tunnel.span);
        let (family, message) = match host {
            "" => (Family::MissingField, "this tunnel has no targetHost".to_owned()),
            _ => (Family::InvalidHost, format!("{host:?} is no host")),
        };
        found.error("TU-2", family, span, message).help("name the host behind the tunnel, or give its address");
    }
    let missing = ("this tunnel has no targetPort", tunnel.span);
    port::check_needed_number(tunnel.target_port, missing, "TU-3", found);
}

fn check_proxy_protocol(protocol: &ProxyProtocol, found: &mut Found<'_>) {
    if let Some(version) = protocol.version.filter(|it| matches!(it.value, ProxyProtocolVersion::Undefined(_))) {
        let message = "there is no such version of the PROXY protocol";
        found.error("PP-1", Family::OutOfRange, version.span, message).help("write V1 or V2");
    }
}
