//! ServiceEntry (istio: `ValidateServiceEntry`).

mod ports;
mod resolution;

use super::fields::{export_to, selector};
use super::syntax::{is_partial_wildcard, is_subnet, is_wildcard_domain};
use super::violation::{Mistake, Violations};
use crate::model::networking::{Resolution, ServiceEntry};
use crate::source::Spanned;
use crate::validate::quoted;

pub(super) fn check(service_entry: &ServiceEntry, violations: &mut Violations<'_>) {
    let resolution = service_entry.resolution.map_or(Resolution::None, |resolution| resolution.value);
    if let Some(selected) = &service_entry.workload_selector {
        selector::check(&selected.labels, selected.span, violations);
        if selector::is_rejected(&selected.labels) {
            return;
        }
        if let Some(endpoint) = service_entry.endpoints.first() {
            let message = "`endpoints` and `workloadSelector` exclude each other";
            violations.error("SE-1", Mistake::ConflictingFields, endpoint.span, message).help("remove one of the two");
        }
    }
    if service_entry.hosts.is_empty() {
        let message = "the ServiceEntry has no hosts";
        violations.error("SE-2", Mistake::MissingField, service_entry.span, message).help("add `hosts`");
    }
    service_entry.hosts.iter().for_each(|host| check_host(host, resolution, violations));
    check_addresses(service_entry, resolution, violations);
    ports::check(service_entry, resolution, violations);
    resolution::check(service_entry, resolution, violations);
    export_to::check(&service_entry.export_to, export_to::AllowedExports::NamespacesOrNone, violations);
}

fn check_host(host: &Spanned<String>, resolution: Resolution, violations: &mut Violations<'_>) {
    match host.as_str() {
        "*" => {
            let message = "a ServiceEntry cannot have the host `*`";
            violations
                .error("SE-3", Mistake::InvalidHost, host.span, message)
                .help("add a domain to the wildcard, as in `*.example.com`");
        }
        name if !is_wildcard_domain(name) => {
            let message = format!("{} is not a valid host", quoted(name));
            violations
                .error("SE-4", Mistake::InvalidHost, host.span, message)
                .help("write a host name; a wildcard is the first label, as in `*.example.com`");
        }
        name if is_partial_wildcard(name) && resolution != Resolution::DynamicDns => {
            // Envoy matches such a wildcard in HTTP hosts, but not in TLS server names.
            let message = format!(
                "{} does not match TLS connections, because the wildcard is not the whole first label",
                quoted(name)
            );
            violations
                .warning("SE-5", Mistake::InvalidHost, host.span, message)
                .help("write a wildcard such as `*.example.com`, or the full host name");
        }
        _ => {}
    }
}

fn check_addresses(service_entry: &ServiceEntry, resolution: Resolution, violations: &mut Violations<'_>) {
    for address in service_entry.addresses.iter().filter(|address| !is_subnet(address)) {
        let message = format!("{} is not a valid IP address or CIDR range", quoted(address));
        violations
            .error("SE-6", Mistake::InvalidAddress, address.span, message)
            .help("write an address such as `10.1.2.3`, or a range such as `10.1.2.0/24`");
    }
    let allows_ranges = matches!(resolution, Resolution::None | Resolution::Static);
    if let Some(range) = service_entry.addresses.iter().find(|address| address.contains('/')).filter(|_| !allows_ranges)
    {
        let message = "a CIDR range needs resolution NONE or STATIC";
        violations
            .error("SE-7", Mistake::ConflictingFields, range.span, message)
            .help("write single addresses, or change `resolution`");
    }
}
