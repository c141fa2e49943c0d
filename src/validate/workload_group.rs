//! WorkloadGroup (istio: `ValidateWorkloadGroup`).

use super::fields::{labels, port};
use super::quoted;
use super::violation::{Mistake, Violations};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{HttpHealthCheck, ReadinessProbe, WorkloadGroup};

pub(super) fn check(workload_group: &WorkloadGroup, violations: &mut Violations<'_>) {
    if workload_group.template.is_none() {
        let message = "the WorkloadGroup has no template";
        violations.error("WG-1", Mistake::MissingField, workload_group.span, message).help("add `template`");
        return;
    }
    if let Some(metadata) = workload_group.metadata.as_ref().filter(|metadata| !labels::are_valid(&metadata.labels)) {
        labels::check(&metadata.labels, violations);
        return;
    }
    if let Some(probe) = &workload_group.probe {
        check_probe(probe, violations);
    }
}

fn check_probe(probe: &ReadinessProbe, violations: &mut Violations<'_>) {
    let counts = [
        ("periodSeconds", probe.period_seconds),
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    let counts = counts.into_iter().filter_map(|(field, count)| Some((field, count?)));
    for (field, count) in counts.filter(|(_, count)| count.value < 0) {
        let message = format!("`{field}` is negative");
        violations.error("WG-2", Mistake::OutOfRange, count.span, message).help("use 0 or a positive number");
    }
    check_method(probe, violations);
}

/// Checks the method. The decoder keeps only the last one, and istiod does not support gRPC.
fn check_method(probe: &ReadinessProbe, violations: &mut Violations<'_>) {
    if let Some(grpc) = &probe.grpc {
        let message = "istiod rejects gRPC probes";
        violations
            .error("WG-7", Mistake::UnsupportedField, grpc.span, message)
            .help("use `httpGet`, `tcpSocket` or `exec`");
    } else if let Some(exec) = &probe.exec {
        if exec.command.is_empty() {
            let message = "the probe has no command";
            violations.error("WG-6", Mistake::MissingField, exec.span, message).help("add `command`");
        }
    } else if let Some(tcp) = &probe.tcp_socket {
        port::check_required_number(tcp.port, ("the probe has no port", tcp.span), "WG-3", violations);
    } else if let Some(http) = &probe.http_get {
        check_http(http, violations);
    } else {
        let message = "the probe has no method";
        violations
            .error("WG-7", Mistake::MissingField, probe.span, message)
            .help("add `httpGet`, `tcpSocket` or `exec`");
    }
}

fn check_http(http: &HttpHealthCheck, violations: &mut Violations<'_>) {
    port::check_required_number(http.port, ("the probe has no port", http.span), "WG-3", violations);
    let scheme = http.scheme.text();
    if !matches!(scheme, "" | "HTTP" | "HTTPS") {
        let message = format!("{} is not a valid scheme of a probe", quoted(scheme));
        let span = http.scheme.place(http.span);
        violations.error("WG-4", Mistake::InvalidUri, span, message).help("use `HTTP` or `HTTPS`, in upper case");
    }
    for header in &http.http_headers {
        let name = header.name.text();
        let is_name = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if name.is_empty() || !is_name(name) {
            let message = format!("{} is not a valid header name", quoted(name));
            violations
                .error("WG-5", Mistake::InvalidHeader, header.name.place(header.span), message)
                .help("use letters, digits and dashes");
        }
    }
}
