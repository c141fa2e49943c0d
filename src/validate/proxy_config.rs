//! ProxyConfig (istio: `ValidateProxyConfig`).

use super::fields::selector;
use super::violation::{Mistake, Violations};
use crate::model::networking::ProxyConfig;

pub(super) fn check(proxy_config: &ProxyConfig, violations: &mut Violations<'_>) {
    if let Some(selected) = &proxy_config.selector {
        selector::check(&selected.match_labels, selected.span, violations);
    }
    if let Some(concurrency) = proxy_config.concurrency.as_ref().filter(|threads| threads.value < 0) {
        violations
            .error("PC-1", Mistake::OutOfRange, concurrency.span, "`concurrency` is negative")
            .help("use a number of threads, or 0 for one thread for each core");
    }
}
