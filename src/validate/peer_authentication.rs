//! PeerAuthentication (istio: `ValidatePeerAuthentication`).

use super::fields::selector;
use super::quoted;
use super::syntax::is_port;
use super::violation::{Mistake, Violations};
use crate::model::security::PeerAuthentication;

pub(super) fn check(peer_authentication: &PeerAuthentication, violations: &mut Violations<'_>) {
    if let Some(selected) = &peer_authentication.selector {
        selector::check(&selected.match_labels, selected.span, violations);
    }
    let ports = &peer_authentication.port_level_mtls;
    let Some(span) = ports.span else { return };
    if ports.is_empty() {
        violations
            .error("PA-2", Mistake::MissingField, span, "`portLevelMtls` has no ports")
            .help("add a port, or remove `portLevelMtls`");
    } else if peer_authentication.selector.as_ref().is_none_or(|selected| selected.match_labels.is_empty()) {
        violations
            .error("PA-1", Mistake::ConflictingFields, span, "`portLevelMtls` needs a selector with labels")
            .help("add `selector.matchLabels` to select the workloads that have the ports");
    }
    for (key, _) in ports.iter().filter(|(key, _)| !key.parse().is_ok_and(is_port)) {
        let message = format!("{} is not a valid port number", quoted(key));
        violations.error("PA-3", Mistake::InvalidPort, key.span, message).help("use a number from 1 to 65535");
    }
}
