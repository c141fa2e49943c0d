//! The ports of a ServiceEntry.

use std::collections::BTreeSet;

use crate::model::networking::{Resolution, ServiceEntry, ServiceEntryPort};
use crate::validate::Family;
use crate::validate::common::field::{filled, number, place, text};
use crate::validate::common::port;
use crate::validate::violation::Found;
use crate::world::{Protocol, ProtocolClass};

/// Checks each port by itself, and whether they can be told apart.
pub fn check(entry: &ServiceEntry, resolution: Resolution, found: &mut Found<'_>) {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let needs_addresses = entry.addresses.is_empty() && !gets_addresses(resolution, found);
    for port in &entry.ports {
        if !names.insert(text(&port.name)) {
            let message = match text(&port.name) {
                "" => "two ports have no name".to_owned(),
                name => format!("two ports are named {name}"),
            };
            found
                .error("SE-8", Family::DuplicateEntry, place(&port.name, port.span), message)
                .help("give one of them another name");
        }
        if !numbers.insert(number(&port.number)) {
            let message = format!("port {} is listed twice", number(&port.number));
            found
                .error("SE-9", Family::DuplicateEntry, place(&port.number, port.span), message)
                .help("remove one of them");
        }
        if let Some(target) = port.target_port.filter(|target| target.value != 0) {
            port::check_number(target, "SE-10", found);
        }
        if needs_addresses && matches!(text(&port.protocol), "" | "TCP") {
            warn_of_any_address(port, resolution, found);
        }
        check_port(port, found);
    }
}

/// With resolution NONE connections go on to where they were meant for, so nothing is led astray.
fn warn_of_any_address(port: &ServiceEntryPort, resolution: Resolution, found: &mut Found<'_>) {
    let family = if resolution == Resolution::None { Family::NoEffect } else { Family::CapturedPort };
    let message = "without addresses all connections to this port count as those of the host, whatever they are for";
    found
        .warning("SE-11", family, place(&port.protocol, port.span), message)
        .help("add addresses, or write the protocol: TLS, HTTPS, HTTP")
        .general();
}

fn check_port(port: &ServiceEntryPort, found: &mut Found<'_>) {
    match filled(&port.name) {
        Some(name) => port::check_name(name, "SE-12", found),
        None => {
            let span = place(&port.name, port.span);
            found.error("SE-12", Family::MissingField, span, "this port has no name").help("add name");
        }
    }
    port::check_protocol(&port.protocol, "SE-13", found);
    port::check_needed_number(port.number, ("this port has no number", port.span), "SE-14", found);
}

/// Whether istiod finds addresses for hosts that have none (istiod: `ShouldV2AutoAllocateIP`).
fn gets_addresses(resolution: Resolution, found: &Found<'_>) -> bool {
    const ALLOCATE: &str = "networking.istio.io/enable-autoallocate-ip";
    let label = found.resource.metadata.labels.get(ALLOCATE);
    resolution != Resolution::None && label.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
}

/// Whether istiod counts a port among those of TCP: what neither HTTP nor UDP is, but declared.
pub(super) fn is_of_tcp(port: &ServiceEntryPort) -> bool {
    matches!(Protocol::parse(text(&port.protocol)).class(), ProtocolClass::Tcp | ProtocolClass::Tls)
}

/// Whether the hosts of connections to a port can be told apart by what is sent.
pub(super) fn names_hosts(port: &ServiceEntryPort) -> bool {
    matches!(Protocol::parse(text(&port.protocol)).class(), ProtocolClass::Http | ProtocolClass::Tls)
}
