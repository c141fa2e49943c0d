//! Changes to headers (istio: `validateHTTPHeaderOperations`).

use super::header_value;
use crate::model::Map;
use crate::model::networking::{HeaderOperations, Headers, HttpRoute};
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::common::field::filled;
use crate::validate::violation::Found;

/// Checks what is written and removed, on the way there and back.
pub fn check(headers: &Headers, found: &mut Found<'_>) {
    if let Some(request) = &headers.request {
        check_written(request, true, found);
    }
    if let Some(response) = &headers.response {
        check_written(response, false, found);
    }
}

fn check_written(operations: &HeaderOperations, takes_authority: bool, found: &mut Found<'_>) {
    for (name, value) in operations.set.iter().chain(operations.add.iter()) {
        check_name(name, takes_authority, found);
        if let Some(fault) = header_value::fault(value) {
            let help = "write %% for a percent sign, and variables as %NAME% or %NAME(arguments)%";
            let violation = found.error(fault.id, Family::InvalidHeader, value.span, fault.message);
            if fault.id != "HV-1" {
                violation.help(help);
            }
        }
    }
    for name in &operations.remove {
        check_name(name, false, found);
    }
}

fn check_name(name: &Spanned<String>, takes_authority: bool, found: &mut Found<'_>) {
    if name.is_empty() {
        found.error("HO-1", Family::InvalidHeader, name.span, "the name of this header is empty").help("name it");
    } else if name.starts_with(':') {
        if !(takes_authority && is_authority(name)) {
            let message = format!("{} cannot be changed as a header", name.value);
            found
                .error("HO-2", Family::InvalidHeader, name.span, message)
                .help("use rewrite; of such names only :authority can be set in requests");
        }
    } else if name.eq_ignore_ascii_case("host") && !takes_authority {
        found
            .error("HO-3", Family::InvalidHeader, name.span, "host can only be set, and only in requests")
            .help("remove it, or use rewrite.authority");
    }
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// Checks that a route sets the authority only once (istio: `validateAuthorityRewrite`).
pub fn check_authority(route: &HttpRoute, found: &mut Found<'_>) {
    let rewritten = route.rewrite.as_ref().and_then(|rewrite| filled(&rewrite.authority));
    let Some(request) = route.headers.as_ref().and_then(|headers| headers.request.as_ref()) else { return };
    let named = |map: &'_ Map<Spanned<String>>| -> Vec<(Spanned<String>, bool)> {
        map.iter()
            .filter(|(name, _)| is_authority(name))
            .map(|(name, value)| (name.clone(), !value.is_empty()))
            .collect()
    };
    let mut first = rewritten.map(|authority| authority.span);
    for (name, counts) in named(&request.set).into_iter().chain(named(&request.add)) {
        if let Some(first) = first {
            found
                .error("HO-4", Family::ConflictingFields, name.span, "the authority is set twice")
                .help("keep one of them")
                .related(first, "here already");
        }
        first = first.or(counts.then_some(name.span));
    }
}
