//! Matches of HTTP requests (istio: `validateHTTPRouteMatchRequest`).

use super::string_match::{self, Text};
use super::{Scope, l4};
use crate::model::Map;
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::field::filled;
use crate::validate::common::{gateway_names, labels};
use crate::validate::syntax::{is_label, is_token};
use crate::validate::violation::Found;

/// What a header name begins with that stands for a claim of a JSON Web Token.
const CLAIM: &str = "@request.auth.claims";

/// Pseudo-headers that can be matched.
const PSEUDO_HEADERS: [&str; 5] = [":method", ":scheme", ":authority", ":path", ":status"];

pub(super) fn check(entry: &HttpMatchRequest, scope: Scope<'_>, found: &mut Found<'_>) {
    if let Some(uri) = &entry.uri {
        string_match::check_path(uri, found);
    }
    for text in [&entry.scheme, &entry.method, &entry.authority].into_iter().flatten() {
        string_match::check(text, found);
    }
    for (name, value) in entry.headers.iter() {
        check_name(name, scope, found);
        string_match::check(value, found);
    }
    for (name, value) in entry.without_headers.iter() {
        check_name(name, scope, found);
        // Here it says that the header is there.
        if Text::of(value) != Text::Regex("*") {
            string_match::check(value, found);
        }
    }
    check_values(&entry.query_params, found);
    l4::check_port(entry.port, "HM-2", found);
    labels::check(&entry.source_labels, found);
    gateway_names::check(&entry.gateways, gateway_names::Takes { warns: false, any_name: false }, found);
    if let Some(namespace) = filled(&entry.source_namespace).filter(|namespace| !is_label(namespace)) {
        let message = format!("{:?} is no namespace", namespace.value);
        found
            .error("HM-3", Family::InvalidReference, namespace.span, message)
            .help("it takes up to 63 letters, digits and dashes");
    }
}

fn check_values(values: &Map<StringMatch>, found: &mut Found<'_>) {
    for (_, value) in values.iter() {
        string_match::check(value, found);
    }
}

fn check_name(name: &Spanned<String>, scope: Scope<'_>, found: &mut Found<'_>) {
    if is_claim(name) {
        if !scope.gateways_only {
            found
                .error("VS-4", Family::ConflictingFields, name.span, "claims of a token are matched at Gateways only")
                .help("bind the VirtualService to Gateways, without mesh");
        }
    } else if name.is_empty() {
        found.error("HM-1", Family::InvalidHeader, name.span, "the name of this header is empty").help("name it");
    } else if !PSEUDO_HEADERS.contains(&name.as_str()) && !is_token(name) {
        let message = format!("{:?} is no name of a header", name.value);
        found
            .error("HM-1", Family::InvalidHeader, name.span, message)
            .help("it takes letters, digits and dashes; of pseudo-headers, those such as :authority");
    }
}

/// Whether a name stands for a claim: `@request.auth.claims.sub`, `@request.auth.claims[a][b]`.
fn is_claim(name: &str) -> bool {
    let Some((prefix, rest)) = name.split_at_checked(CLAIM.len()) else { return false };
    let is_path =
        |rest: &str| rest.starts_with('.') || (rest.starts_with('[') && rest.ends_with(']') && rest.len() > 2);
    prefix.eq_ignore_ascii_case(CLAIM) && rest.len() > 1 && is_path(rest)
}
