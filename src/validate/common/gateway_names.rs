//! Names of Gateways (istio: `validateGatewayNames`).

use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::syntax::{is_fqdn, is_label};
use crate::validate::violation::Found;

/// What is let pass, or not warned of, where the names stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// Whether the older form, a host name, is warned of. It is not in the matches of HTTP and TCP routes.
    pub warns: bool,
    /// Whether the name after the slash may have any form: in resources that istiod makes itself.
    pub any_name: bool,
}

/// Checks the names. What follows the first one without a namespace is not looked at, as istiod does not.
pub fn check(names: &[Spanned<String>], takes: Takes, found: &mut Found<'_>) {
    for name in names {
        let Some((namespace, short)) = name.split_once('/') else {
            check_short(name, takes, found);
            return;
        };
        if namespace.is_empty() || short.is_empty() {
            let missing = if namespace.is_empty() { "namespace" } else { "name" };
            let message = format!("{:?} has no {missing}", name.value);
            found.error("GN-3", Family::InvalidReference, name.span, message).help("write namespace/name");
        }
        if !is_label(namespace) {
            let message = format!("{namespace:?} is no namespace");
            found.error("GN-4", Family::InvalidReference, name.span, message).help("write namespace/name");
        }
        if !takes.any_name && !is_label(short) {
            let message = format!("{short:?} is no name of a Gateway that can be referred to");
            found
                .error("GN-5", Family::InvalidReference, name.span, message)
                .help("it takes up to 63 letters, digits and dashes");
        }
    }
}

fn check_short(name: &Spanned<String>, takes: Takes, found: &mut Found<'_>) {
    if takes.warns && name.contains('.') {
        found
            .warning("GN-1", Family::NoEffect, name.span, "a Gateway by host name is an older form")
            .help("write namespace/name");
    }
    if !is_fqdn(name) {
        let message = format!("{:?} is no name of a Gateway", name.value);
        found.error("GN-2", Family::InvalidReference, name.span, message).help("write mesh, a name, or namespace/name");
    }
}
