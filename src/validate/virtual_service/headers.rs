//! Header operations (istio: `validateHTTPHeaderOperations`).

use super::header_value;
use crate::advice::{Advice, Edit};
use crate::model::Map;
use crate::model::field::TextField;
use crate::model::networking::{HeaderOperations, Headers, HttpRoute};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// Checks the operations on request and response headers.
pub fn check(headers: &Headers, violations: &mut Violations<'_>) {
    if let Some(request) = &headers.request {
        check_operations(request, true, violations);
    }
    if let Some(response) = &headers.response {
        check_operations(response, false, violations);
    }
}

fn check_operations(operations: &HeaderOperations, allows_authority: bool, violations: &mut Violations<'_>) {
    for (name, value) in operations.set.iter().chain(operations.add.iter()) {
        check_name(name, allows_authority, violations);
        if let Some(fault) = header_value::fault(value) {
            let help = match fault.id {
                "HV-1" => {
                    let clean: String = value.chars().filter(|letter| !letter.is_control()).collect();
                    Advice::new("remove the control character").fix([Edit::set(value.span, clean).unshown()])
                }
                _ => "write `%%` for a percent sign, and a command operator as `%NAME%` or `%NAME(arguments)%`".into(),
            };
            violations.error(fault.id, Mistake::InvalidHeader, value.span, fault.message).help(help);
        }
    }
    for name in &operations.remove {
        check_name(name, false, violations);
    }
}

fn check_name(name: &Spanned<String>, allows_authority: bool, violations: &mut Violations<'_>) {
    if name.is_empty() {
        violations
            .error("HO-1", Mistake::InvalidHeader, name.span, "the header name is empty")
            .help("write the name of a header");
    } else if name.starts_with(':') {
        if !(allows_authority && is_authority(name)) {
            let message = format!("header operations cannot change the pseudo-header {}", quoted(name));
            violations
                .error("HO-2", Mistake::InvalidHeader, name.span, message)
                .help("use `rewrite`; only `:authority` of a request can be set");
        }
    } else if name.eq_ignore_ascii_case("host") && !allows_authority {
        violations
            .error("HO-3", Mistake::InvalidHeader, name.span, "the header `host` can only be set, and only in requests")
            .help("remove it, or use `rewrite.authority`");
    }
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// Checks that a route sets the authority only once (istio: `validateAuthorityRewrite`).
pub fn check_authority(route: &HttpRoute, violations: &mut Violations<'_>) {
    let rewritten = route.rewrite.as_ref().and_then(|rewrite| rewrite.authority.filled());
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
            violations
                .error("HO-4", Mistake::ConflictingFields, name.span, "the authority is set twice")
                .help("remove one of the two")
                .related(first, "the authority is set here too");
        }
        first = first.or(counts.then_some(name.span));
    }
}
