//! Traffic policies (istio: `validateTrafficPolicy`).

use super::{load_balancer, outlier_detection, tls};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{PortTrafficPolicy, ProxyProtocol, ProxyProtocolVersion, TrafficPolicy, TunnelSettings};
use crate::validate::Mistake;
use crate::validate::fields::{connection_pool, port};
use crate::validate::quoted;
use crate::validate::syntax::{is_fqdn, is_ip_address};
use crate::validate::violation::Violations;

/// Checks a traffic policy. `outer` is the policy of the host, from which the policy of a subset inherits.
pub fn check(policy: &TrafficPolicy, outer: Option<&TrafficPolicy>, violations: &mut Violations<'_>) {
    if is_empty(policy) {
        let message = "the traffic policy has no settings";
        violations
            .error("TP-1", Mistake::MissingField, policy.span, message)
            .help("add a setting, or remove `trafficPolicy`");
        return;
    }
    if let (Some(tunnel), Some(_)) = (&policy.tunnel, &policy.proxy_protocol) {
        let message = "`tunnel` and `proxyProtocol` exclude each other";
        violations.error("TP-2", Mistake::ConflictingFields, tunnel.span, message).help("remove one of the two");
        return;
    }
    if let Some(detection) = &policy.outlier_detection {
        outlier_detection::check(detection, violations);
    }
    if let Some(pool) = &policy.connection_pool {
        connection_pool::check(pool, violations);
    }
    if let Some(balancer) = &policy.load_balancer {
        let outer = outer.and_then(|outer| outer.outlier_detection.as_ref());
        load_balancer::check(balancer, policy.outlier_detection.as_ref().or(outer), violations);
    }
    if let Some(settings) = &policy.tls {
        tls::check(settings, violations);
    }
    for port in &policy.port_level_settings {
        violations.losing_warnings(|violations| check_port(port, violations));
    }
    if let Some(tunnel) = &policy.tunnel {
        check_tunnel(tunnel, violations);
    }
    if let Some(protocol) = &policy.proxy_protocol {
        check_proxy_protocol(protocol, violations);
    }
}

fn is_empty(policy: &TrafficPolicy) -> bool {
    policy.outlier_detection.is_none()
        && policy.connection_pool.is_none()
        && policy.load_balancer.is_none()
        && policy.tls.is_none()
        && policy.port_level_settings.is_empty()
        && policy.tunnel.is_none()
        && policy.proxy_protocol.is_none()
        && policy.retry_budget.is_none()
}

/// Checks the policy of a port, which inherits nothing from the policy of the host.
fn check_port(policy: &PortTrafficPolicy, violations: &mut Violations<'_>) {
    if policy.port.is_none() {
        let message = "the settings have no port";
        violations.error("PL-1", Mistake::MissingField, policy.span, message).help("add `port.number`");
    }
    let has_no_settings = policy.outlier_detection.is_none()
        && policy.connection_pool.is_none()
        && policy.load_balancer.is_none()
        && policy.tls.is_none();
    if has_no_settings {
        let message = "the port has no settings";
        violations
            .error("PL-2", Mistake::MissingField, policy.span, message)
            .help("add a setting, or remove the entry");
    }
    if let Some(detection) = &policy.outlier_detection {
        outlier_detection::check(detection, violations);
    }
    if let Some(pool) = &policy.connection_pool {
        connection_pool::check(pool, violations);
    }
    if let Some(balancer) = &policy.load_balancer {
        load_balancer::check(balancer, policy.outlier_detection.as_ref(), violations);
    }
    if let Some(settings) = &policy.tls {
        tls::check(settings, violations);
    }
}

fn check_tunnel(tunnel: &TunnelSettings, violations: &mut Violations<'_>) {
    let protocol = tunnel.protocol.text();
    if !matches!(protocol, "" | "CONNECT" | "POST") {
        let message = format!("{} is not a valid tunnel protocol", quoted(protocol));
        let span = tunnel.protocol.place(tunnel.span);
        violations.error("TU-1", Mistake::InvalidReference, span, message).help("use `CONNECT` or `POST`");
    }
    let host = tunnel.target_host.text();
    if !is_fqdn(host) && !is_ip_address(host) {
        let span = tunnel.target_host.place(tunnel.span);
        let (mistake, message) = match host {
            "" => (Mistake::MissingField, "the tunnel has no `targetHost`".to_owned()),
            _ => (Mistake::InvalidHost, format!("{} is not a valid host", quoted(host))),
        };
        violations
            .error("TU-2", mistake, span, message)
            .help("write the host name or the IP address behind the tunnel");
    }
    let missing = ("the tunnel has no `targetPort`", tunnel.span);
    port::check_required_number(tunnel.target_port, missing, "TU-3", violations);
}

fn check_proxy_protocol(protocol: &ProxyProtocol, violations: &mut Violations<'_>) {
    let Some(version) = protocol.version else { return };
    if let ProxyProtocolVersion::Undefined(number) = version.value {
        let message = format!("the PROXY protocol has no version {number}");
        violations.error("PP-1", Mistake::OutOfRange, version.span, message).help("use `V1` or `V2`");
    }
}
