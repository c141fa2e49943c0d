//! What a rule is about (istio: `validateOperation`).

use crate::model::security::Operation;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::policy_syntax::{PathFault, is_policy_port, path_fault};
use crate::validate::violation::Found;

pub(super) fn check(operation: &Operation, found: &mut Found<'_>) {
    let lists: [&[Spanned<String>]; 8] = [
        &operation.hosts,
        &operation.not_hosts,
        &operation.ports,
        &operation.not_ports,
        &operation.methods,
        &operation.not_methods,
        &operation.paths,
        &operation.not_paths,
    ];
    if lists.iter().all(|list| list.is_empty()) {
        let message = "this operation is empty";
        let help = "say what is meant, or remove the entry: a rule without to is about every request";
        found.error("AP-15", Family::MissingField, operation.span, message).help(help);
    }
    for port in operation.ports.iter().chain(&operation.not_ports).filter(|port| !is_policy_port(port)) {
        let message = format!("{:?} is no port", port.value);
        found.error("AP-16", Family::InvalidPort, port.span, message).help("it takes a number from 0 to 65535");
    }
    for entry in lists.into_iter().flatten().filter(|entry| entry.is_empty()) {
        found.error("AP-17", Family::InvalidPolicy, entry.span, "this value is empty").help("remove it");
    }
    for path in operation.paths.iter().chain(&operation.not_paths) {
        let Some(fault) = path_fault(path) else { continue };
        let (message, help) = match fault {
            PathFault::Braces => ("braces in this path are no operator", "write {*} or {**} as a whole segment"),
            PathFault::AfterAny => ("nothing can be left open after {**}", "write {*} for the ones before the last"),
            PathFault::Literal => (
                "a segment of this path template is empty or has characters that it does not take",
                "use {*} for a segment, in place of *; other segments are taken as they are written",
            ),
        };
        found.error("AP-18", Family::InvalidUri, path.span, message).help(help);
    }
}
