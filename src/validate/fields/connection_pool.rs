//! Connection pools: of DestinationRules and of Sidecars (istio: `validateConnectionPool`).

use super::duration;
use crate::model::Duration;
use crate::model::networking::{ConnectionPoolSettings, H2UpgradePolicy, HttpSettings, TcpSettings};
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::violation::Violations;

/// Checks a connection pool.
pub fn check(pool: &ConnectionPoolSettings, violations: &mut Violations<'_>) {
    if pool.tcp.is_none() && pool.http.is_none() {
        let message = "the connection pool has no settings";
        violations
            .error("CP-1", Mistake::MissingField, pool.span, message)
            .help("add `tcp` or `http`, or remove `connectionPool`");
    }
    if let Some(http) = &pool.http {
        check_http(http, violations);
    }
    if let Some(tcp) = &pool.tcp {
        check_tcp(tcp, violations);
    }
}

fn check_http(http: &HttpSettings, violations: &mut Violations<'_>) {
    for (id, field, count) in [
        ("CP-2", "http1MaxPendingRequests", &http.http1_max_pending_requests),
        ("CP-3", "http2MaxRequests", &http.http2_max_requests),
        ("CP-4", "maxRequestsPerConnection", &http.max_requests_per_connection),
        ("CP-5", "maxRetries", &http.max_retries),
        ("CP-6", "maxConcurrentStreams", &http.max_concurrent_streams),
    ] {
        check_count(id, field, count.as_ref(), violations);
    }
    duration::check(http.idle_timeout, "CP-7", violations);
    let upgrades = http.h2_upgrade_policy.as_ref().filter(|policy| policy.value == H2UpgradePolicy::Upgrade);
    if let Some(upgrade) = upgrades.filter(|_| http.use_client_protocol.as_ref().is_some_and(|it| it.value)) {
        let message = "`h2UpgradePolicy: UPGRADE` contradicts `useClientProtocol`";
        let help = "remove `h2UpgradePolicy` or `useClientProtocol`";
        violations.error("CP-8", Mistake::ConflictingFields, upgrade.span, message).help(help);
    }
    if let Some(keepalive) = &http.http2_keep_alive {
        let span = keepalive.span;
        check_required(["CP-9", "CP-10"], "interval", keepalive.interval, span, violations);
        check_required(["CP-11", "CP-12"], "timeout", keepalive.timeout, span, violations);
    }
}

fn check_tcp(tcp: &TcpSettings, violations: &mut Violations<'_>) {
    check_count("CP-13", "maxConnections", tcp.max_connections.as_ref(), violations);
    duration::check(tcp.connect_timeout, "CP-14", violations);
    duration::check(tcp.max_connection_duration, "CP-15", violations);
    // A timeout of less than a millisecond disables the timeout.
    let is_off = |timeout: &Spanned<Duration>| timeout.value.nanoseconds() / 1_000_000 == 0;
    duration::check(tcp.idle_timeout.filter(|timeout| !is_off(timeout)), "CP-16", violations);
    if let Some(keepalive) = &tcp.tcp_keepalive {
        duration::check(keepalive.time, "CP-17", violations);
        duration::check(keepalive.interval, "CP-18", violations);
    }
}

fn check_count(id: &'static str, field: &str, count: Option<&Spanned<i32>>, violations: &mut Violations<'_>) {
    if let Some(count) = count.filter(|count| count.value < 0) {
        let message = format!("`{field}` is negative");
        violations.error(id, Mistake::OutOfRange, count.span, message).help("use 0 or a positive number");
    }
}

fn check_required(
    [missing, wrong]: [&'static str; 2],
    field: &str,
    duration: Option<Spanned<Duration>>,
    span: Span,
    violations: &mut Violations<'_>,
) {
    if duration.is_none() {
        let message = format!("`http2KeepAlive` has no `{field}`");
        violations.error(missing, Mistake::MissingField, span, message).help(format!("add `{field}`"));
    }
    duration::check(duration, wrong, violations);
}
