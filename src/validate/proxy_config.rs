//! ProxyConfig (istio: `ValidateProxyConfig`).

use super::common::selector;
use super::violation::{Family, Found};
use crate::model::networking::ProxyConfig;

pub(super) fn check(config: &ProxyConfig, found: &mut Found<'_>) {
    if let Some(selected) = &config.selector {
        selector::check(&selected.match_labels, selected.span, found);
    }
    if let Some(concurrency) = config.concurrency.as_ref().filter(|threads| threads.value < 0) {
        found
            .error("PC-1", Family::OutOfRange, concurrency.span, "concurrency is negative")
            .help("it takes a number of threads, or 0 for as many as there are cores");
    }
}
