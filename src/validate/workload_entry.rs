//! WorkloadEntry, also as the endpoint of a ServiceEntry (istio: `ValidateWorkloadEntry`, `validateWorkloadEntry`).

use std::collections::BTreeSet;

use super::fields::{labels, port, socket};
use super::quoted;
use super::syntax::{is_fqdn, is_ip_address};
use super::violation::{Mistake, Violations};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::WorkloadEntry;
use crate::source::Spanned;

/// The names of the ports of the ServiceEntry with an endpoint.
pub(super) type PortNames<'a> = BTreeSet<&'a str>;

/// Checks a WorkloadEntry resource.
pub(super) fn check(workload_entry: &WorkloadEntry, violations: &mut Violations<'_>) {
    check_entry(workload_entry, None, violations);
}

/// Checks a WorkloadEntry. `port_names` is set for an endpoint of a ServiceEntry with resolution STATIC.
pub(super) fn check_entry(
    workload_entry: &WorkloadEntry,
    port_names: Option<&PortNames<'_>>,
    violations: &mut Violations<'_>,
) {
    match workload_entry.address.filled() {
        Some(address) => check_address(workload_entry, address, port_names, violations),
        None => {
            let span = workload_entry.address.place(workload_entry.span);
            if workload_entry.network.filled().is_none() {
                let message = "the workload has neither an address nor a network";
                violations.error("WE-1", Mistake::MissingField, span, message).help("add `address`");
                return;
            }
            let message = "without an address, clients reach the workload through a gateway of its network";
            let help = "add `address` if clients can reach the workload directly";
            violations.warning("WE-2", Mistake::MissingField, span, message).help(help).general();
        }
    }
    check_ports(workload_entry, port_names.map(|names| ("WE-7", names)), violations);
    labels::check(&workload_entry.labels, violations);
}

fn check_address(
    workload_entry: &WorkloadEntry,
    address: &Spanned<String>,
    port_names: Option<&PortNames<'_>>,
    violations: &mut Violations<'_>,
) {
    if socket::check(address, "WE-3", violations) {
        check_socket(workload_entry, address, port_names, violations);
    } else if !is_ip_address(address) && (port_names.is_some() || !is_fqdn(address)) {
        let message = format!("{} is not a valid address", quoted(address));
        let (id, help) = match port_names {
            Some(_) if is_fqdn(address) => {
                ("WE-5", "write `resolution: DNS` to resolve the host name, or write an IP address")
            }
            Some(_) => ("WE-5", "write an IP address, or `unix://` and the path of a socket"),
            None => ("WE-6", "write an IP address, a host name, or `unix://` and the path of a socket"),
        };
        violations.error(id, Mistake::InvalidAddress, address.span, message).help(help);
    }
}

fn check_socket(
    workload_entry: &WorkloadEntry,
    address: &Spanned<String>,
    port_names: Option<&PortNames<'_>>,
    violations: &mut Violations<'_>,
) {
    if let Some(ports) = workload_entry.ports.span.filter(|_| !workload_entry.ports.is_empty()) {
        let message = "`ports` contradicts `address`, because a socket has no ports";
        violations.error("WE-4", Mistake::ConflictingFields, ports, message).remove("ports");
    }
    if port_names.is_some_and(|names| names.len() != 1) {
        let message = "a ServiceEntry with a socket as endpoint needs exactly 1 port";
        let help = "keep one port of the ServiceEntry";
        violations.error("WE-10", Mistake::ConflictingFields, address.span, message).help(help);
    }
}

/// Checks the ports. `port_names` is the number of istiod's check, and the names that the ServiceEntry has.
pub(super) fn check_ports(
    workload_entry: &WorkloadEntry,
    port_names: Option<(&'static str, &PortNames<'_>)>,
    violations: &mut Violations<'_>,
) {
    for (name, number) in workload_entry.ports.iter() {
        if let Some((id, names)) = port_names.filter(|(_, names)| !names.contains(name.as_str())) {
            let message = format!("the ServiceEntry has no port with the name {}", quoted(name));
            let violation = violations.error(id, Mistake::InvalidPort, name.span, message);
            match crate::model::nearest(name, names.iter().copied()) {
                Some(nearest) if !nearest.is_empty() => violation.did_you_mean(nearest),
                _ => violation.help("write the name of a port of the ServiceEntry"),
            };
        }
        port::check_name(name, "WE-8", violations);
        port::check_number(*number, "WE-9", violations);
    }
}
