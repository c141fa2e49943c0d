//! Hosts with a namespace, `namespace/host`: of Gateways and of Sidecars (istio:
//! `validateNamespaceSlashWildcardHostname`).

use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::{is_ip_address, is_label, is_partial_wildcard, is_wildcard_domain};
use crate::validate::violation::Violations;

/// The list that a host is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostList {
    /// `hosts` of a Gateway's server: the namespace is optional, and addresses are hosts.
    Server {
        /// Whether `~` is a namespace, as in Gateways that istiod generates.
        allows_none: bool,
    },
    /// `hosts` of a Sidecar's egress listener: `~` excludes hosts.
    Egress,
}

/// Checks a host.
pub fn check(host: &Spanned<String>, list: HostList, violations: &mut Violations<'_>) {
    let Some((namespace, name)) = host.split_once('/') else {
        if list == HostList::Egress {
            let message = format!("host {} has no namespace", quoted(host));
            let help =
                format!("write `*/{}` for the host in any namespace, or `./{0}` for the same namespace", host.value);
            violations.error("HS-4", Mistake::InvalidHost, host.span, message).help(help);
        } else {
            check_name(host, host.span, list, violations);
        }
        return;
    };
    if namespace.is_empty() || name.is_empty() {
        let missing = if namespace.is_empty() { "namespace" } else { "host" };
        let message = format!("{} has no {missing}", quoted(host));
        violations.error("HS-5", Mistake::InvalidHost, host.span, message).help("write `namespace/host` or `*/host`");
    }
    if !is_namespace(namespace, list) {
        let message = format!("{} is not a valid namespace", quoted(namespace));
        let help = match list {
            HostList::Server { .. } => "use `*`, `.` or a namespace before the slash",
            HostList::Egress => "use `*`, `.`, `~` or a namespace before the slash",
        };
        violations.error("HS-6", Mistake::InvalidHost, host.span, message).help(help);
    }
    check_name(name, host.span, list, violations);
}

fn is_namespace(text: &str, list: HostList) -> bool {
    match (text, list) {
        ("*" | ".", _) => true,
        ("~", HostList::Server { allows_none }) => allows_none,
        (text, HostList::Server { .. }) => is_label(text),
        (text, HostList::Egress) => {
            let name = text.strip_prefix('~').unwrap_or(text);
            name.is_empty() || is_label(name)
        }
    }
}

fn check_name(name: &str, span: Span, list: HostList, violations: &mut Violations<'_>) {
    let is_host = is_wildcard_domain(name) || (list != HostList::Egress && is_ip_address(name));
    if !is_host {
        let message = format!("{} is not a valid host", quoted(name));
        violations
            .error("HS-2", Mistake::InvalidHost, span, message)
            .help("write a host name; a wildcard is the first label, as in `*.example.com`");
    }
    if name != "*" && !name.contains('.') {
        let message = format!("{} is a short name", quoted(name));
        violations
            .error("HS-1", Mistake::InvalidHost, span, message)
            .help("write the full host name, such as `reviews.shop.svc.cluster.local`");
    }
    if is_partial_wildcard(name) {
        let message = format!("the wildcard of {} is not the whole first label", quoted(name));
        violations
            .error("HS-3", Mistake::InvalidHost, span, message)
            .help("write a wildcard such as `*.example.com`, or the full host name");
    }
}
