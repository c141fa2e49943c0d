//! WorkloadGroup (istio: `ValidateWorkloadGroup`).

use super::common::field::{place, text};
use super::common::{labels, port};
use super::violation::{Family, Found};
use crate::model::networking::{HttpHealthCheck, ReadinessProbe, WorkloadGroup};

pub(super) fn check(group: &WorkloadGroup, found: &mut Found<'_>) {
    if group.template.is_none() {
        let message = "this WorkloadGroup has no template";
        found.error("WG-1", Family::MissingField, group.span, message).help("add template");
        return;
    }
    if let Some(metadata) = group.metadata.as_ref().filter(|metadata| !labels::are_right(&metadata.labels)) {
        labels::check(&metadata.labels, found);
        return;
    }
    if let Some(probe) = &group.probe {
        check_probe(probe, found);
    }
}

fn check_probe(probe: &ReadinessProbe, found: &mut Found<'_>) {
    let counts = [
        probe.period_seconds,
        probe.initial_delay_seconds,
        probe.timeout_seconds,
        probe.success_threshold,
        probe.failure_threshold,
    ];
    for count in counts.into_iter().flatten().filter(|count| count.value < 0) {
        let message = format!("{} is less than nothing", count.value);
        found.error("WG-2", Family::OutOfRange, count.span, message).help("write a number from 0, or remove it");
    }
    check_method(probe, found);
}

/// The decoder keeps the last method only, and istiod does not know that of gRPC.
fn check_method(probe: &ReadinessProbe, found: &mut Found<'_>) {
    if let Some(grpc) = &probe.grpc {
        let message = "istiod refuses probes by gRPC, though the schema has them";
        found.error("WG-7", Family::NoEffect, grpc.span, message).help("write httpGet, tcpSocket or exec");
    } else if let Some(exec) = &probe.exec {
        if exec.command.is_empty() {
            let message = "this probe runs no command";
            found.error("WG-6", Family::MissingField, exec.span, message).help("add command");
        }
    } else if let Some(tcp) = &probe.tcp_socket {
        port::check_needed_number(tcp.port, ("this probe has no port", tcp.span), "WG-3", found);
    } else if let Some(http) = &probe.http_get {
        check_http(http, found);
    } else {
        let message = "this probe has no method";
        found.error("WG-7", Family::MissingField, probe.span, message).help("add httpGet, tcpSocket or exec");
    }
}

fn check_http(http: &HttpHealthCheck, found: &mut Found<'_>) {
    port::check_needed_number(http.port, ("this probe has no port", http.span), "WG-3", found);
    let scheme = text(&http.scheme);
    if !matches!(scheme, "" | "HTTP" | "HTTPS") {
        let message = format!("{scheme:?} is no scheme of a probe");
        let span = place(&http.scheme, http.span);
        found.error("WG-4", Family::InvalidUri, span, message).help("write HTTP or HTTPS, in capitals");
    }
    for header in &http.http_headers {
        let name = text(&header.name);
        let is_name = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if name.is_empty() || !is_name(name) {
            let message = format!("{name:?} is no name of a header");
            found
                .error("WG-5", Family::InvalidHeader, place(&header.name, header.span), message)
                .help("it takes letters, digits and dashes");
        }
    }
}
