//! WorkloadEntry, also as an endpoint of a ServiceEntry (istio: `ValidateWorkloadEntry`, `validateWorkloadEntry`).

use std::collections::BTreeSet;

use super::common::field::{filled, place, text};
use super::common::labels;
use super::common::spec::whole;
use super::syntax::{is_fqdn, is_ip_address, is_label, is_port, is_socket_path};
use super::violation::{Family, Found};
use crate::model::networking::WorkloadEntry;

/// What a socket's path stands behind.
pub(super) const SOCKET: &str = "unix://";

/// The ports of the ServiceEntry that an endpoint belongs to.
#[derive(Debug)]
pub(super) struct ServicePorts<'a> {
    pub names: BTreeSet<&'a str>,
    pub numbers: BTreeSet<u32>,
}

/// Checks an entry that is a resource of its own.
pub(super) fn check(entry: &WorkloadEntry, found: &mut Found<'_>) {
    check_entry(entry, None, found);
}

/// Checks an entry; with `service` one that a ServiceEntry with static endpoints lists.
pub(super) fn check_entry(entry: &WorkloadEntry, service: Option<&ServicePorts<'_>>, found: &mut Found<'_>) {
    let address = text(&entry.address);
    let span = place(&entry.address, whole(entry.span, found));
    if address.is_empty() {
        if filled(&entry.network).is_none() {
            let message = "this workload has neither an address nor a network";
            found.error("WE-1", Family::MissingField, span, message).help("add address");
            return;
        }
        let message = "without an address the workload is reached through a gateway of its network";
        found.warning("WE-2", Family::NoEffect, span, message).help("add address if it can be reached directly");
    }
    if let Some(path) = address.strip_prefix(SOCKET) {
        check_socket(entry, path, service, found);
    } else if !address.is_empty() && !is_ip_address(address) {
        let message = format!("{address:?} is no address");
        match service {
            Some(_) => found
                .error("WE-5", Family::InvalidAddress, span, message)
                .help("with resolution STATIC it takes an IP address, or unix:// with the path of a socket"),
            None if is_fqdn(address) => return check_ports(entry, service, found),
            None => found
                .error("WE-6", Family::InvalidAddress, span, message)
                .help("it takes an IP address, a host name, or unix:// with the path of a socket"),
        };
    }
    check_ports(entry, service, found);
}

fn check_socket(entry: &WorkloadEntry, path: &str, service: Option<&ServicePorts<'_>>, found: &mut Found<'_>) {
    let span = place(&entry.address, entry.span);
    if !is_socket_path(path) {
        let message = format!("{path:?} is no path of a socket");
        let help = "write an absolute path, or an abstract name after @";
        found.error("WE-3", Family::InvalidAddress, span, message).help(help);
    }
    if let Some(ports) = entry.ports.span.filter(|_| !entry.ports.is_empty()) {
        let message = "a socket has no ports";
        found.error("WE-4", Family::ConflictingFields, ports, message).help("remove ports");
    }
    if service.is_some_and(|service| service.numbers.len() != 1) {
        let message = "a socket can only be behind a ServiceEntry with one port";
        found.error("WE-10", Family::ConflictingFields, span, message).help("keep one port of the ServiceEntry");
    }
}

fn check_ports(entry: &WorkloadEntry, service: Option<&ServicePorts<'_>>, found: &mut Found<'_>) {
    for (name, _) in entry.ports.iter() {
        if service.is_some_and(|service| !service.names.contains(name.as_str())) {
            let message = format!("the ServiceEntry has no port {}", name.value);
            found.error("WE-7", Family::InvalidPort, name.span, message).help("write the name of one of its ports");
        }
    }
    check_port_values(entry, found);
    labels::check(&entry.labels, found);
}

/// Checks names and numbers of the ports by themselves.
pub(super) fn check_port_values(entry: &WorkloadEntry, found: &mut Found<'_>) {
    for (name, number) in entry.ports.iter() {
        if !is_label(name) {
            let message = format!("{:?} is no name of a port", name.value);
            found
                .error("WE-8", Family::InvalidPort, name.span, message)
                .help("it takes up to 63 letters, digits and dashes");
        }
        if !is_port(number.value) {
            let message = format!("{} is no port", number.value);
            found.error("WE-9", Family::InvalidPort, number.span, message).help("it takes a number from 1 to 65535");
        }
    }
}
