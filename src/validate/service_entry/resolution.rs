//! The requirements of each `resolution` of a ServiceEntry.

use super::ports::{is_tcp, names_hosts};
use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{Location, Resolution, ServiceEntry};
use crate::source::Span;
use crate::validate::Mistake;
use crate::validate::fields::labels;
use crate::validate::quoted;
use crate::validate::syntax::{is_fqdn, is_ip_address};
use crate::validate::violation::Violations;
use crate::validate::workload_entry::{self, PortNames};
use crate::world::Protocol;

/// Checks that endpoints, hosts and ports fit the resolution.
pub fn check(service_entry: &ServiceEntry, resolution: Resolution, violations: &mut Violations<'_>) {
    match resolution {
        Resolution::None => check_none(service_entry, violations),
        Resolution::Static => {
            let ports = port_names(service_entry);
            service_entry.endpoints.iter().for_each(|it| workload_entry::check_entry(it, Some(&ports), violations));
        }
        Resolution::Dns | Resolution::DnsRoundRobin => check_dns(service_entry, resolution, violations),
        Resolution::DynamicDns => check_dynamic(service_entry, violations),
        Resolution::Undefined(number) => {
            let span = service_entry.resolution.place(service_entry.span);
            let help = format!("use one of {}", Resolution::WORDS.join(", "));
            violations
                .error("SE-29", Mistake::OutOfRange, span, format!("resolution {number} does not exist"))
                .help(help);
        }
    }
    // Proxies tell connections apart by the host in HTTP or TLS, or by the destination address.
    let unnamed = service_entry.ports.iter().find(|port| !names_hosts(port));
    if let Some(port) = unnamed.filter(|_| resolution != Resolution::None && service_entry.hosts.len() > 1) {
        let message = "the ServiceEntry has several hosts, but connections to this port do not name the host";
        violations
            .error("SE-30", Mistake::ConflictingFields, port.span, message)
            .help("write a ServiceEntry for each host, or set `protocol` to TLS, HTTPS or HTTP");
    }
}

fn check_none(service_entry: &ServiceEntry, violations: &mut Violations<'_>) {
    if let Some(endpoint) = service_entry.endpoints.first() {
        let message = "`endpoints` contradicts resolution NONE, which forwards to the original destination";
        violations
            .error("SE-15", Mistake::ConflictingFields, endpoint.span, message)
            .help(or_remove_endpoints(service_entry, endpoint.span));
    }
    if let Some(selector) = &service_entry.workload_selector {
        let message =
            "`workloadSelector` has no effect with resolution NONE, which forwards to the original destination";
        let help = match service_entry.resolution {
            Some(resolution) => Advice::write(Edit::set(resolution.span, "STATIC").of("resolution")),
            None => Advice::write(Edit::add(service_entry.span, ["resolution"], "STATIC")),
        };
        violations.warning("SE-16", Mistake::NoEffect, selector.span, message).help(help);
    }
}

fn or_remove_endpoints(service_entry: &ServiceEntry, endpoint: Span) -> Advice {
    let set = |literal: &str| match service_entry.resolution {
        Some(written) => Edit::set(written.span, literal),
        None => Edit::add(service_entry.span, ["resolution"], literal).shown(literal),
    };
    let (fixed, dns) = (set("STATIC"), set("DNS"));
    let fixed = fixed.shown("resolution: STATIC");
    let removal = Edit::remove_around(endpoint).of("endpoints");
    let help = Advice::new(format!("write {fixed} or {dns}, or remove {removal}"));
    let are_addresses = service_entry.endpoints.iter().all(|it| is_ip_address(it.address.text()));
    let help = if are_addresses { help.option([fixed]) } else { help };
    help.option([dns]).option([removal])
}

fn port_names(service_entry: &ServiceEntry) -> PortNames<'_> {
    service_entry.ports.iter().map(|port| port.name.text()).collect()
}

fn check_dns(service_entry: &ServiceEntry, resolution: Resolution, violations: &mut Violations<'_>) {
    if service_entry.endpoints.is_empty() {
        for host in service_entry.hosts.iter().filter(|host| !is_fqdn(host)) {
            // Without endpoints, proxies resolve the host.
            let span = service_entry.resolution.map_or(host.span, |resolution| resolution.span);
            let message = format!("DNS cannot resolve the host {}", quoted(host));
            violations
                .error("SE-17", Mistake::ConflictingFields, span, message)
                .help("write `resolution: NONE` or `DYNAMIC_DNS`, add `endpoints`, or write full host names")
                .related(host.span, "the host is here");
        }
    }
    if let Some(second) = service_entry.endpoints.get(1).filter(|_| resolution == Resolution::DnsRoundRobin) {
        let message = "resolution DNS_ROUND_ROBIN allows only one endpoint";
        let violation = violations.error("SE-18", Mistake::ConflictingFields, second.span, message);
        match service_entry.resolution {
            Some(written) => violation.help(Advice::write(Edit::set(written.span, "DNS").of("resolution"))),
            None => violation.help("write `resolution: DNS`"),
        };
    }
    let ports = port_names(service_entry);
    for endpoint in &service_entry.endpoints {
        let address = endpoint.address.text();
        if !is_ip_address(address) && !is_fqdn(address) {
            let (mistake, message) = match address {
                "" => (Mistake::MissingField, "the endpoint has no address".to_owned()),
                _ => (Mistake::InvalidAddress, format!("{} is not a valid IP address or host name", quoted(address))),
            };
            let span = endpoint.address.place(endpoint.span);
            let help = "write an IP address, or a host name without a port or a wildcard";
            violations.error("SE-19", mistake, span, message).help(help);
        }
        labels::check(&endpoint.labels, violations);
        workload_entry::check_ports(endpoint, Some(("SE-20", &ports)), violations);
    }
    let tcp = service_entry.ports.iter().find(|port| is_tcp(port));
    if let Some(port) = tcp.filter(|_| !service_entry.addresses.is_empty() && service_entry.hosts.len() > 1) {
        let message = "the hosts share `addresses`, so proxies cannot tell their connections to this port apart";
        violations
            .warning("SE-21", Mistake::ConflictingFields, port.span, message)
            .help("write a ServiceEntry for each host");
    }
}

fn check_dynamic(service_entry: &ServiceEntry, violations: &mut Violations<'_>) {
    if service_entry.hosts.is_empty() {
        let message = "resolution DYNAMIC_DNS needs a wildcard host";
        violations
            .error("SE-22", Mistake::MissingField, service_entry.span, message)
            .help("add a wildcard host to `hosts`");
    }
    for host in service_entry.hosts.iter().filter(|host| !host.starts_with('*')) {
        let message = "resolution DYNAMIC_DNS allows only wildcard hosts";
        violations
            .error("SE-23", Mistake::InvalidHost, host.span, message)
            .help("write `resolution: DNS`, or a wildcard");
    }
    if let Some(address) = service_entry.addresses.first() {
        let message = "`addresses` contradicts resolution DYNAMIC_DNS";
        violations
            .error("SE-24", Mistake::ConflictingFields, address.span, message)
            .help(Advice::remove(Edit::remove_around(address.span).of("addresses")));
    }
    if let Some(endpoint) = service_entry.endpoints.first() {
        let message = "`endpoints` contradicts resolution DYNAMIC_DNS, which resolves the requested host";
        violations
            .error("SE-25", Mistake::ConflictingFields, endpoint.span, message)
            .help(Advice::remove(Edit::remove_around(endpoint.span).of("endpoints")));
    }
    for port in &service_entry.ports {
        let protocol = Protocol::parse(port.protocol.text());
        if !matches!(protocol, Protocol::Http | Protocol::Http2 | Protocol::Grpc | Protocol::Tls) {
            let message = "resolution DYNAMIC_DNS needs a protocol that names the host";
            let span = port.protocol.place(port.span);
            violations.error("SE-26", Mistake::InvalidPort, span, message).help("use HTTP, HTTP2, GRPC or TLS");
        }
    }
    let Some(location) = service_entry.location else { return };
    match location.value {
        Location::Undefined(number) => {
            let message = format!("location {number} does not exist");
            let help = "use MESH_EXTERNAL or MESH_INTERNAL";
            violations.error("SE-27", Mistake::OutOfRange, location.span, message).help(help);
        }
        Location::MeshInternal if uses_waypoint(violations) => {
            let message = "a waypoint cannot resolve hosts of location MESH_INTERNAL";
            let help = "write `location: MESH_EXTERNAL`, or remove the label `istio.io/use-waypoint`";
            violations.error("SE-28", Mistake::ConflictingFields, location.span, message).help(help);
        }
        _ => {}
    }
}

fn uses_waypoint(violations: &Violations<'_>) -> bool {
    let waypoint = violations.resource.metadata.labels.get("istio.io/use-waypoint");
    waypoint.is_some_and(|waypoint| !matches!(waypoint.as_str(), "" | "none"))
}
