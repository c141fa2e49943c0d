//! Names of Gateways (istio: `validateGatewayNames`).

use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::{is_fqdn, is_label};
use crate::validate::violation::Violations;

/// How istiod checks the names of Gateways in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayNameForm {
    /// Whether istiod warns about the older form, a host name. It does not in the matches of HTTP and TCP routes.
    pub warns_of_host_names: bool,
    /// Whether the name after the slash may have any form, as in resources that istiod generates.
    pub any_name: bool,
}

/// Checks the names. Like istiod, it stops after the first name without a namespace.
pub fn check(names: &[Spanned<String>], form: GatewayNameForm, violations: &mut Violations<'_>) {
    for name in names {
        let Some((namespace, short)) = name.split_once('/') else {
            check_short(name, form, violations);
            return;
        };
        if namespace.is_empty() || short.is_empty() {
            let missing = if namespace.is_empty() { "namespace" } else { "name" };
            let message = format!("{} has no {missing}", quoted(name));
            violations.error("GN-3", Mistake::InvalidReference, name.span, message).help("write `namespace/name`");
        }
        if !is_label(namespace) {
            let message = format!("{} is not a valid namespace", quoted(namespace));
            violations.error("GN-4", Mistake::InvalidReference, name.span, message).help("write `namespace/name`");
        }
        if !form.any_name && !is_label(short) {
            let message = format!("{} is not a valid Gateway name", quoted(short));
            violations
                .error("GN-5", Mistake::InvalidReference, name.span, message)
                .help("use up to 63 letters, digits and dashes");
        }
    }
}

fn check_short(name: &Spanned<String>, form: GatewayNameForm, violations: &mut Violations<'_>) {
    if form.warns_of_host_names && name.contains('.') {
        violations
            .warning("GN-1", Mistake::OlderForm, name.span, "a host name is the older form of a Gateway reference")
            .help("write `namespace/name`");
    }
    if !is_fqdn(name) {
        let message = format!("{} is not a valid Gateway reference", quoted(name));
        violations
            .error("GN-2", Mistake::InvalidReference, name.span, message)
            .help("write `mesh`, `name` or `namespace/name`");
    }
}
