//! Limits on connections: of DestinationRules and of Sidecars (istio: `validateConnectionPool`).

use super::duration;
use crate::model::Duration;
use crate::model::networking::{ConnectionPoolSettings, H2UpgradePolicy, HttpSettings, TcpSettings};
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::violation::Found;

/// Checks the limits.
pub fn check(pool: &ConnectionPoolSettings, found: &mut Found<'_>) {
    if pool.tcp.is_none() && pool.http.is_none() {
        let message = "this connection pool has no settings";
        found.error("CP-1", Family::MissingField, pool.span, message).help("add tcp or http, or remove it");
    }
    if let Some(http) = &pool.http {
        check_http(http, found);
    }
    if let Some(tcp) = &pool.tcp {
        check_tcp(tcp, found);
    }
}

fn check_http(http: &HttpSettings, found: &mut Found<'_>) {
    for (id, count) in [
        ("CP-2", &http.http1_max_pending_requests),
        ("CP-3", &http.http2_max_requests),
        ("CP-4", &http.max_requests_per_connection),
        ("CP-5", &http.max_retries),
        ("CP-6", &http.max_concurrent_streams),
    ] {
        check_count(id, count.as_ref(), found);
    }
    duration::check(http.idle_timeout, "CP-7", found);
    let upgrades = http.h2_upgrade_policy.as_ref().filter(|policy| policy.value == H2UpgradePolicy::Upgrade);
    if let Some(upgrade) = upgrades.filter(|_| http.use_client_protocol.as_ref().is_some_and(|it| it.value)) {
        let message = "requests cannot both be upgraded to HTTP/2 and keep their protocol";
        let help = "remove h2UpgradePolicy or useClientProtocol";
        found.error("CP-8", Family::ConflictingFields, upgrade.span, message).help(help);
    }
    if let Some(keepalive) = &http.http2_keep_alive {
        let span = keepalive.span;
        check_needed(["CP-9", "CP-10"], "interval", keepalive.interval, span, found);
        check_needed(["CP-11", "CP-12"], "timeout", keepalive.timeout, span, found);
    }
}

fn check_tcp(tcp: &TcpSettings, found: &mut Found<'_>) {
    check_count("CP-13", tcp.max_connections.as_ref(), found);
    duration::check(tcp.connect_timeout, "CP-14", found);
    duration::check(tcp.max_connection_duration, "CP-15", found);
    // Less than a millisecond switches it off.
    let is_off = |timeout: &Spanned<Duration>| timeout.value.nanoseconds() / 1_000_000 == 0;
    duration::check(tcp.idle_timeout.filter(|timeout| !is_off(timeout)), "CP-16", found);
    if let Some(keepalive) = &tcp.tcp_keepalive {
        duration::check(keepalive.time, "CP-17", found);
        duration::check(keepalive.interval, "CP-18", found);
    }
}

fn check_count(id: &'static str, count: Option<&Spanned<i32>>, found: &mut Found<'_>) {
    if let Some(count) = count.filter(|count| count.value < 0) {
        let message = format!("{} is less than nothing", count.value);
        found.error(id, Family::OutOfRange, count.span, message).help("write a number from 0, or remove it");
    }
}

fn check_needed(
    [missing, wrong]: [&'static str; 2],
    name: &str,
    duration: Option<Spanned<Duration>>,
    span: Span,
    found: &mut Found<'_>,
) {
    if duration.is_none() {
        let message = format!("keepalive has no {name}");
        found.error(missing, Family::MissingField, span, message).help(format!("add {name}"));
    }
    duration::check(duration, wrong, found);
}
