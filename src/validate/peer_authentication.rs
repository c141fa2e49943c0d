//! PeerAuthentication (istio: `ValidatePeerAuthentication`).

use super::common::selector;
use super::syntax::is_port;
use super::violation::{Family, Found};
use crate::model::security::PeerAuthentication;

pub(super) fn check(policy: &PeerAuthentication, found: &mut Found<'_>) {
    if let Some(selected) = &policy.selector {
        selector::check(&selected.match_labels, selected.span, found);
    }
    let ports = &policy.port_level_mtls;
    let Some(span) = ports.span else { return };
    if ports.is_empty() {
        found
            .error("PA-2", Family::MissingField, span, "portLevelMtls names no port")
            .help("remove it, or name a port");
    } else if policy.selector.as_ref().is_none_or(|selected| selected.match_labels.is_empty()) {
        found
            .error("PA-1", Family::ConflictingFields, span, "portLevelMtls needs a selector with labels")
            .help("add selector.matchLabels: ports are those of the workloads that are selected");
    }
    for (key, _) in ports.iter().filter(|(key, _)| !key.parse().is_ok_and(is_port)) {
        let message = format!("{:?} is no port", key.value);
        found.error("PA-3", Family::InvalidPort, key.span, message).help("it takes a number from 1 to 65535");
    }
}
