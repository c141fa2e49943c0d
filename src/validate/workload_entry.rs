//! WorkloadEntry, also as an endpoint of a ServiceEntry (istio: `ValidateWorkloadEntry`, `validateWorkloadEntry`).

use std::collections::BTreeSet;

use super::common::field::{filled, place};
use super::common::{labels, port, socket};
use super::syntax::{is_fqdn, is_ip_address};
use super::violation::{Family, Found};
use crate::model::networking::WorkloadEntry;
use crate::source::Spanned;

/// The names of the ports of the ServiceEntry that an endpoint belongs to.
pub(super) type PortNames<'a> = BTreeSet<&'a str>;

/// Checks an entry that is a resource of its own.
pub(super) fn check(entry: &WorkloadEntry, found: &mut Found<'_>) {
    check_entry(entry, None, found);
}

/// Checks an entry; with `service` one that a ServiceEntry with static endpoints lists.
pub(super) fn check_entry(entry: &WorkloadEntry, service: Option<&PortNames<'_>>, found: &mut Found<'_>) {
    match filled(&entry.address) {
        Some(address) => check_address(entry, address, service, found),
        None => {
            let span = place(&entry.address, entry.span);
            if filled(&entry.network).is_none() {
                let message = "this workload has neither an address nor a network";
                found.error("WE-1", Family::MissingField, span, message).help("add address");
                return;
            }
            let message = "without an address the workload is reached through a gateway of its network";
            let help = "add address if it can be reached directly";
            found.warning("WE-2", Family::MissingField, span, message).help(help).general();
        }
    }
    check_ports(entry, service.map(|service| ("WE-7", service)), found);
    labels::check(&entry.labels, found);
}

fn check_address(
    entry: &WorkloadEntry,
    address: &Spanned<String>,
    service: Option<&PortNames<'_>>,
    found: &mut Found<'_>,
) {
    if socket::check(address, "WE-3", found) {
        check_socket(entry, address, service, found);
    } else if !is_ip_address(address) && (service.is_some() || !is_fqdn(address)) {
        let message = format!("{:?} is no address", address.value);
        let (id, help) = match service {
            Some(_) if is_fqdn(address) => ("WE-5", "write resolution: DNS to look it up, or an IP address"),
            Some(_) => ("WE-5", "with resolution STATIC it takes an IP address, or unix:// with the path of a socket"),
            None => ("WE-6", "it takes an IP address, a host name, or unix:// with the path of a socket"),
        };
        found.error(id, Family::InvalidAddress, address.span, message).help(help);
    }
}

fn check_socket(
    entry: &WorkloadEntry,
    address: &Spanned<String>,
    service: Option<&PortNames<'_>>,
    found: &mut Found<'_>,
) {
    if let Some(ports) = entry.ports.span.filter(|_| !entry.ports.is_empty()) {
        let message = "a socket has no ports";
        found.error("WE-4", Family::ConflictingFields, ports, message).help("remove ports");
    }
    if service.is_some_and(|service| service.len() != 1) {
        let message = "a socket can only be behind a ServiceEntry with one port";
        let help = "keep one port of the ServiceEntry";
        found.error("WE-10", Family::ConflictingFields, address.span, message).help(help);
    }
}

/// Checks the ports; with `service` also, by the rule that it names, whether the ServiceEntry has them.
pub(super) fn check_ports(
    entry: &WorkloadEntry,
    service: Option<(&'static str, &PortNames<'_>)>,
    found: &mut Found<'_>,
) {
    for (name, number) in entry.ports.iter() {
        if let Some((id, names)) = service.filter(|(_, names)| !names.contains(name.as_str())) {
            let message = format!("the ServiceEntry has no port {}", name.value);
            let help = match crate::model::nearest(name, names.iter().copied()) {
                Some(nearest) if !nearest.is_empty() => format!("did you mean {nearest}?"),
                _ => "write the name of one of its ports".to_owned(),
            };
            found.error(id, Family::InvalidPort, name.span, message).help(help);
        }
        port::check_name(name, "WE-8", found);
        port::check_number(*number, "WE-9", found);
    }
}
