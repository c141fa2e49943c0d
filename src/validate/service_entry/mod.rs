//! ServiceEntry (istio: `ValidateServiceEntry`).

mod ports;
mod resolution;

use super::common::{export_to, selector};
use super::syntax::{is_partial_wildcard, is_subnet, is_wildcard_domain};
use super::violation::{Family, Found};
use crate::model::networking::{Resolution, ServiceEntry};
use crate::source::Spanned;

pub(super) fn check(entry: &ServiceEntry, found: &mut Found<'_>) {
    let resolution = entry.resolution.map_or(Resolution::None, |resolution| resolution.value);
    if let Some(selected) = &entry.workload_selector {
        selector::check(&selected.labels, selected.span, found);
        if selector::is_refused(&selected.labels) {
            return;
        }
        if let Some(endpoint) = entry.endpoints.first() {
            let message = "workloads are selected, so endpoints cannot be listed";
            found
                .error("SE-1", Family::ConflictingFields, endpoint.span, message)
                .help("remove endpoints, or workloadSelector");
        }
    }
    if entry.hosts.is_empty() {
        let message = "this ServiceEntry has no hosts";
        found.error("SE-2", Family::MissingField, entry.span, message).help("add hosts");
    }
    entry.hosts.iter().for_each(|host| check_host(host, resolution, found));
    check_addresses(entry, resolution, found);
    ports::check(entry, resolution, found);
    resolution::check(entry, resolution, found);
    export_to::check(&entry.export_to, export_to::Takes::Nobody, found);
}

fn check_host(host: &Spanned<String>, resolution: Resolution, found: &mut Found<'_>) {
    match host.as_str() {
        "*" => {
            let message = "a ServiceEntry cannot be for every host";
            found.error("SE-3", Family::InvalidHost, host.span, message).help("name the domain: *.example.com");
        }
        name if !is_wildcard_domain(name) => {
            let message = format!("{name:?} is no host");
            found
                .error("SE-4", Family::InvalidHost, host.span, message)
                .help("write a host name; a wildcard is its first part, as in *.example.com");
        }
        name if is_partial_wildcard(name) && resolution != Resolution::DynamicDns => {
            // Envoy takes it for a host of HTTP, but for no server name of TLS.
            let message = format!("the wildcard of {name:?} is not its whole first part, so TLS is not matched by it");
            found
                .warning("SE-5", Family::InvalidHost, host.span, message)
                .help("write *.example.com, or the full host name");
        }
        _ => {}
    }
}

fn check_addresses(entry: &ServiceEntry, resolution: Resolution, found: &mut Found<'_>) {
    for address in entry.addresses.iter().filter(|address| !is_subnet(address)) {
        let message = format!("{:?} is neither an address nor a network", address.value);
        found.error("SE-6", Family::InvalidAddress, address.span, message).help("write 10.1.2.3, or 10.1.2.0/24");
    }
    let takes_networks = matches!(resolution, Resolution::None | Resolution::Static);
    if let Some(network) = entry.addresses.iter().find(|address| address.contains('/')).filter(|_| !takes_networks) {
        let message = "a network can only be given with resolution NONE or STATIC";
        found
            .error("SE-7", Family::ConflictingFields, network.span, message)
            .help("write single addresses, or another resolution");
    }
}
