//! Operations of an AuthorizationPolicy, the entries of `to` (istio: `validateOperation`).

use super::{empty_values, without_value};
use crate::model::security::Operation;
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::policy_syntax::{PathFault, is_policy_port, path_fault};
use crate::validate::quoted;
use crate::validate::violation::Violations;

pub(super) fn check(operation: &Operation, violations: &mut Violations<'_>) {
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
        let message = "the operation is empty";
        let help = "add hosts, ports, methods or paths, or remove `to` to match every request";
        violations.error("AP-15", Mistake::MissingField, operation.span, message).help(help);
    }
    for port in operation.ports.iter().chain(&operation.not_ports).filter(|port| !is_policy_port(port)) {
        let message = format!("{} is not a valid port", quoted(port));
        violations.error("AP-16", Mistake::InvalidPort, port.span, message).help("use a number from 0 to 65535");
    }
    for (list, value) in empty_values(lists) {
        violations.error("AP-17", Mistake::InvalidPolicy, value, "the value is empty").help(without_value(list, value));
    }
    for path in operation.paths.iter().chain(&operation.not_paths) {
        let Some(fault) = path_fault(path) else { continue };
        let (message, help) = match fault {
            PathFault::Braces => {
                ("the path has braces that are not an operator", "write `{*}` or `{**}` as a whole segment")
            }
            PathFault::AfterAny => {
                ("the path has an operator after `{**}`", "use `{*}` for all operators but the last")
            }
            PathFault::Literal => (
                "a segment of the path template is empty or has an invalid character",
                "use `{*}` for a whole segment, not `*`; other segments match literally",
            ),
        };
        violations.error("AP-18", Mistake::InvalidUri, path.span, message).help(help);
    }
}
