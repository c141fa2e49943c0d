//! What each `resolution` of a ServiceEntry asks for.

use super::ports::{is_of_tcp, names_hosts};
use crate::model::networking::{Location, Resolution, ServiceEntry};
use crate::validate::Family;
use crate::validate::common::field::{place, text};
use crate::validate::common::labels;
use crate::validate::syntax::{is_fqdn, is_ip_address};
use crate::validate::violation::Found;
use crate::validate::workload_entry::{self, PortNames};
use crate::world::Protocol;

/// Checks endpoints, hosts and ports by how endpoints are found.
pub fn check(entry: &ServiceEntry, resolution: Resolution, found: &mut Found<'_>) {
    match resolution {
        Resolution::None => check_none(entry, found),
        Resolution::Static => {
            let ports = port_names(entry);
            entry.endpoints.iter().for_each(|it| workload_entry::check_entry(it, Some(&ports), found));
        }
        Resolution::Dns | Resolution::DnsRoundRobin => check_dns(entry, resolution, found),
        Resolution::DynamicDns => check_dynamic(entry, found),
        Resolution::Undefined(_) => {
            let span = place(&entry.resolution, entry.span);
            let help = format!("write one of {}", Resolution::WORDS.join(", "));
            found.error("SE-29", Family::OutOfRange, span, "there is no such resolution").help(help);
        }
    }
    // Connections are told apart by the host that they name, or by the address that was dialled.
    let unnamed = entry.ports.iter().find(|port| !names_hosts(port));
    if let Some(port) = unnamed.filter(|_| resolution != Resolution::None && entry.hosts.len() > 1) {
        let message = "connections to this port do not name a host, and there are several";
        found
            .error("SE-30", Family::ConflictingFields, port.span, message)
            .help("write a ServiceEntry for each host, or the protocol: TLS, HTTPS, HTTP");
    }
}

fn check_none(entry: &ServiceEntry, found: &mut Found<'_>) {
    if let Some(endpoint) = entry.endpoints.first() {
        let message = "with resolution NONE connections go where the client dials, not to endpoints";
        found
            .error("SE-15", Family::ConflictingFields, endpoint.span, message)
            .help("write resolution: STATIC or DNS, or remove endpoints");
    }
    if let Some(selector) = &entry.workload_selector {
        let message = "with resolution NONE connections go where the client dials, not to workloads";
        found.warning("SE-16", Family::NoEffect, selector.span, message).help("write resolution: STATIC");
    }
}

fn port_names(entry: &ServiceEntry) -> PortNames<'_> {
    entry.ports.iter().map(|port| text(&port.name)).collect()
}

fn check_dns(entry: &ServiceEntry, resolution: Resolution, found: &mut Found<'_>) {
    if entry.endpoints.is_empty() {
        for host in entry.hosts.iter().filter(|host| !is_fqdn(host)) {
            // DNS is asked for the host itself.
            let span = entry.resolution.map_or(host.span, |resolution| resolution.span);
            let message = format!("{:?} cannot be looked up in DNS", host.value);
            found
                .error("SE-17", Family::ConflictingFields, span, message)
                .help("write resolution: NONE or DYNAMIC_DNS, add endpoints, or name the hosts")
                .related(host.span, "the host");
        }
    }
    if let Some(second) = entry.endpoints.get(1).filter(|_| resolution == Resolution::DnsRoundRobin) {
        let message = "DNS_ROUND_ROBIN takes one endpoint";
        found.error("SE-18", Family::ConflictingFields, second.span, message).help("write resolution: DNS");
    }
    let ports = port_names(entry);
    for endpoint in &entry.endpoints {
        let address = text(&endpoint.address);
        if !is_ip_address(address) && !is_fqdn(address) {
            let (family, message) = match address {
                "" => (Family::MissingField, "this endpoint has no address".to_owned()),
                _ => (Family::InvalidAddress, format!("{address:?} is neither an address nor a host name")),
            };
            let span = place(&endpoint.address, endpoint.span);
            let help = "name the host without a port or wildcard, or give its address";
            found.error("SE-19", family, span, message).help(help);
        }
        labels::check(&endpoint.labels, found);
        workload_entry::check_ports(endpoint, Some(("SE-20", &ports)), found);
    }
    let tcp = entry.ports.iter().find(|port| is_of_tcp(port));
    if let Some(port) = tcp.filter(|_| !entry.addresses.is_empty() && entry.hosts.len() > 1) {
        let message = "the hosts share the addresses, so connections to this port may go to either";
        found.warning("SE-21", Family::NoEffect, port.span, message).help("write a ServiceEntry for each host");
    }
}

fn check_dynamic(entry: &ServiceEntry, found: &mut Found<'_>) {
    if entry.hosts.is_empty() {
        let message = "DYNAMIC_DNS needs a wildcard host";
        found.error("SE-22", Family::MissingField, entry.span, message).help("add hosts");
    }
    for host in entry.hosts.iter().filter(|host| !host.starts_with('*')) {
        let message = "DYNAMIC_DNS is for wildcard hosts";
        found.error("SE-23", Family::InvalidHost, host.span, message).help("write resolution: DNS, or a wildcard");
    }
    if let Some(address) = entry.addresses.first() {
        let message = "with DYNAMIC_DNS hosts have no addresses of their own";
        found.error("SE-24", Family::ConflictingFields, address.span, message).help("remove addresses");
    }
    if let Some(endpoint) = entry.endpoints.first() {
        let message = "with DYNAMIC_DNS the host that is asked for is the endpoint";
        found.error("SE-25", Family::ConflictingFields, endpoint.span, message).help("remove endpoints");
    }
    for port in &entry.ports {
        let protocol = Protocol::parse(text(&port.protocol));
        if !matches!(protocol, Protocol::Http | Protocol::Http2 | Protocol::Grpc | Protocol::Tls) {
            let message = "DYNAMIC_DNS needs a protocol that names the host";
            let span = place(&port.protocol, port.span);
            found.error("SE-26", Family::InvalidPort, span, message).help("write HTTP, HTTP2, GRPC or TLS");
        }
    }
    let Some(location) = entry.location else { return };
    match location.value {
        Location::Undefined(_) => {
            let message = "there is no such location";
            let help = "write MESH_EXTERNAL or MESH_INTERNAL";
            found.error("SE-27", Family::OutOfRange, location.span, message).help(help);
        }
        Location::MeshInternal if uses_waypoint(found) => {
            let message = "a waypoint cannot look up hosts of the mesh";
            let help = "write location: MESH_EXTERNAL, or remove the label istio.io/use-waypoint";
            found.error("SE-28", Family::ConflictingFields, location.span, message).help(help);
        }
        _ => {}
    }
}

fn uses_waypoint(found: &Found<'_>) -> bool {
    let waypoint = found.resource.metadata.labels.get("istio.io/use-waypoint");
    waypoint.is_some_and(|waypoint| !matches!(waypoint.as_str(), "" | "none"))
}
