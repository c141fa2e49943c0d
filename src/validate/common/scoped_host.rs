//! Hosts behind a namespace, `namespace/host`: of Gateways and of Sidecars (istio:
//! `validateNamespaceSlashWildcardHostname`).

use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::syntax::{is_ip_address, is_label, is_partial_wildcard, is_wildcard_domain};
use crate::validate::violation::Found;

/// Where a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `hosts` of a Gateway's server: the namespace may be left out, addresses are hosts.
    Server {
        /// `~` is a namespace too, as in Gateways that istiod makes itself.
        nobody: bool,
    },
    /// `hosts` of a Sidecar's egress listener: `~` excludes.
    Egress,
}

/// Checks a host.
pub fn check(host: &Spanned<String>, of: Of, found: &mut Found<'_>) {
    let Some((namespace, name)) = host.split_once('/') else {
        if of == Of::Egress {
            let message = format!("{:?} names no namespace", host.value);
            let help = format!("write */{} for the host in any namespace, ./{0} for that in its own", host.value);
            found.error("HS-4", Family::InvalidHost, host.span, message).help(help);
        } else {
            check_name(host, host.span, of, found);
        }
        return;
    };
    if namespace.is_empty() || name.is_empty() {
        let what = if namespace.is_empty() { "namespace" } else { "host" };
        let message = format!("{:?} has no {what}", host.value);
        found.error("HS-5", Family::InvalidHost, host.span, message).help("write namespace/host, or */host");
    }
    if !is_namespace(namespace, of) {
        let message = format!("{namespace:?} is no namespace");
        let help = match of {
            Of::Server { .. } => "it takes *, . or a namespace before the slash",
            Of::Egress => "it takes *, ., ~ or a namespace before the slash",
        };
        found.error("HS-6", Family::InvalidHost, host.span, message).help(help);
    }
    check_name(name, host.span, of, found);
}

fn is_namespace(text: &str, of: Of) -> bool {
    match (text, of) {
        ("*" | ".", _) => true,
        ("~", Of::Server { nobody }) => nobody,
        (text, Of::Server { .. }) => is_label(text),
        (text, Of::Egress) => {
            let name = text.strip_prefix('~').unwrap_or(text);
            name.is_empty() || is_label(name)
        }
    }
}

fn check_name(name: &str, span: Span, of: Of, found: &mut Found<'_>) {
    let is_host = is_wildcard_domain(name) || (of != Of::Egress && is_ip_address(name));
    if !is_host {
        let message = format!("{name:?} is no host");
        found
            .error("HS-2", Family::InvalidHost, span, message)
            .help("write a host name; a wildcard is its first part, as in *.example.com");
    }
    if name != "*" && !name.contains('.') {
        let message = format!("{name:?} is a short name");
        found
            .error("HS-1", Family::InvalidHost, span, message)
            .help("write the full host name, such as reviews.shop.svc.cluster.local");
    }
    if is_partial_wildcard(name) {
        let message = format!("the wildcard of {name:?} is not its whole first part");
        found.error("HS-3", Family::InvalidHost, span, message).help("write *.example.com, or the full host name");
    }
}
