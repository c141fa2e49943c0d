//! WorkloadGroup (istio: `ValidateWorkloadGroup`).

use super::common::field::{place, text};
use super::common::labels;
use super::common::spec::whole;
use super::syntax::is_port;
use super::violation::{Family, Found};
use crate::model::networking::{HttpHealthCheck, ReadinessProbe, WorkloadGroup};
use crate::source::{Span, Spanned};

pub(super) fn check(group: &WorkloadGroup, found: &mut Found<'_>) {
    if group.template.is_none() {
        let message = "this WorkloadGroup has no template";
        found.error("WG-1", Family::MissingField, whole(group.span, found), message).help("add template");
        return;
    }
    if let Some(metadata) = &group.metadata {
        let before = found.count();
        labels::check(&metadata.labels, found);
        if found.count() > before {
            return;
        }
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
    // The decoder keeps the last method only, and istiod does not look at gRPC's.
    if let Some(http) = &probe.http_get {
        check_http(http, found);
    } else if let Some(tcp) = &probe.tcp_socket {
        check_port(tcp.port, tcp.span, found);
    } else if let Some(exec) = &probe.exec {
        if exec.command.is_empty() {
            let message = "this probe runs no command";
            found.error("WG-6", Family::MissingField, exec.span, message).help("add command");
        }
    } else {
        let (span, message) = match &probe.grpc {
            Some(grpc) => (grpc.span, "istiod refuses probes by gRPC"),
            None => (probe.span, "this probe has no method"),
        };
        found.error("WG-7", Family::MissingField, span, message).help("add httpGet, tcpSocket or exec");
    }
}

fn check_http(http: &HttpHealthCheck, found: &mut Found<'_>) {
    check_port(http.port, http.span, found);
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

fn check_port(port: Option<Spanned<u32>>, span: Span, found: &mut Found<'_>) {
    let number = port.map_or(0, |port| port.value);
    if !is_port(number) {
        let (family, message) = match port {
            None => (Family::MissingField, "this probe has no port".to_owned()),
            Some(_) => (Family::InvalidPort, format!("{number} is no port")),
        };
        found
            .error("WG-3", family, port.map_or(span, |port| port.span), message)
            .help("it takes a number from 1 to 65535");
    }
}
