//! Matches of HTTP requests (istio: `validateHTTPRouteMatchRequest`).

use super::string_match::{self, Comparison};
use super::{RouteScope, l4};
use crate::model::Map;
use crate::model::field::TextField;
use crate::model::networking::{HttpMatchRequest, StringMatch, claim_path};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::fields::{gateway_names, labels};
use crate::validate::quoted;
use crate::validate::syntax::{is_label, is_token};
use crate::validate::violation::Violations;

/// The pseudo-headers that a match can have.
const PSEUDO_HEADERS: [&str; 5] = [":method", ":scheme", ":authority", ":path", ":status"];

pub(super) fn check(route_match: &HttpMatchRequest, scope: RouteScope<'_>, violations: &mut Violations<'_>) {
    if let Some(uri) = &route_match.uri {
        string_match::check_path(uri, violations);
    }
    for text in [&route_match.scheme, &route_match.method, &route_match.authority].into_iter().flatten() {
        string_match::check(text, violations);
    }
    for (name, value) in route_match.headers.iter() {
        check_name(name, scope, violations);
        string_match::check(value, violations);
    }
    for (name, value) in route_match.without_headers.iter() {
        check_name(name, scope, violations);
        // This expression, which RE2 rejects, tests for presence here.
        if Comparison::of(value) != Comparison::Regex("*") {
            string_match::check(value, violations);
        }
    }
    check_values(&route_match.query_params, violations);
    l4::check_port(route_match.port, "HM-2", violations);
    labels::check(&route_match.source_labels, violations);
    gateway_names::check(
        &route_match.gateways,
        gateway_names::GatewayNameForm { warns_of_host_names: false, any_name: false },
        violations,
    );
    if let Some(namespace) = route_match.source_namespace.filled().filter(|namespace| !is_label(namespace)) {
        let message = format!("{} is not a valid namespace", quoted(namespace));
        violations
            .error("HM-3", Mistake::InvalidReference, namespace.span, message)
            .help("use up to 63 letters, digits and dashes");
    }
}

fn check_values(values: &Map<StringMatch>, violations: &mut Violations<'_>) {
    for (_, value) in values.iter() {
        string_match::check(value, violations);
    }
}

fn check_name(name: &Spanned<String>, scope: RouteScope<'_>, violations: &mut Violations<'_>) {
    if claim_path(name).is_some() {
        if !scope.gateways_only {
            violations
                .error("VS-4", Mistake::ConflictingFields, name.span, "only routes of a Gateway can match JWT claims")
                .help("bind the VirtualService to Gateways, and not to `mesh`");
        }
    } else if name.is_empty() {
        violations
            .error("HM-1", Mistake::InvalidHeader, name.span, "the header name is empty")
            .help("write the name of a header");
    } else if !PSEUDO_HEADERS.contains(&name.as_str()) && !is_token(name) {
        let message = format!("{} is not a valid header name", quoted(name));
        violations
            .error("HM-1", Mistake::InvalidHeader, name.span, message)
            .help("use letters, digits and dashes, or a pseudo-header such as `:authority`");
    }
}
