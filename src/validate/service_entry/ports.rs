//! The ports of a ServiceEntry.

use std::collections::BTreeSet;

use crate::model::field::{NumberField, PlacedField, TextField};
use crate::model::networking::{Resolution, ServiceEntry, ServiceEntryPort};
use crate::validate::Mistake;
use crate::validate::fields::port;
use crate::validate::quoted;
use crate::validate::violation::Violations;
use crate::world::{Protocol, ProtocolClass};

/// Checks each port, and that names and numbers are unique.
pub fn check(service_entry: &ServiceEntry, resolution: Resolution, violations: &mut Violations<'_>) {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let needs_addresses = service_entry.addresses.is_empty() && !gets_addresses(resolution, violations);
    for port in &service_entry.ports {
        if !names.insert(port.name.text()) {
            let message = match port.name.text() {
                "" => "2 ports have no name".to_owned(),
                name => format!("2 ports have the name {}", quoted(name)),
            };
            violations
                .error("SE-8", Mistake::DuplicateEntry, port.name.place(port.span), message)
                .help("rename one of them");
        }
        if !numbers.insert(port.number.number()) {
            let message = format!("port {} is listed twice", port.number.number());
            violations
                .error("SE-9", Mistake::DuplicateEntry, port.number.place(port.span), message)
                .help("remove one of the two");
        }
        if let Some(target) = port.target_port.filter(|target| target.value != 0) {
            port::check_number(target, "SE-10", violations);
        }
        if needs_addresses && matches!(port.protocol.text(), "" | "TCP") {
            warn_about_any_address(port, resolution, violations);
        }
        check_port(port, violations);
    }
}

/// With resolution NONE, proxies forward connections to the original destination, so no connection is misrouted.
fn warn_about_any_address(port: &ServiceEntryPort, resolution: Resolution, violations: &mut Violations<'_>) {
    let mistake = if resolution == Resolution::None { Mistake::NoEffect } else { Mistake::CapturedPort };
    let message = "without `addresses`, the port matches connections to any address";
    violations
        .warning("SE-11", mistake, port.protocol.place(port.span), message)
        .help("add `addresses`, or set `protocol` to TLS, HTTPS or HTTP")
        .general();
}

fn check_port(port: &ServiceEntryPort, violations: &mut Violations<'_>) {
    match port.name.filled() {
        Some(name) => port::check_name(name, "SE-12", violations),
        None => {
            let span = port.name.place(port.span);
            violations.error("SE-12", Mistake::MissingField, span, "the port has no name").help("add `name`");
        }
    }
    port::check_protocol(&port.protocol, "SE-13", violations);
    port::check_required_number(port.number, ("the port has no number", port.span), "SE-14", violations);
}

/// Whether istiod allocates addresses for hosts that have none (istiod: `ShouldV2AutoAllocateIP`).
fn gets_addresses(resolution: Resolution, violations: &Violations<'_>) -> bool {
    const ALLOCATE: &str = "networking.istio.io/enable-autoallocate-ip";
    let label = violations.resource.metadata.labels.get(ALLOCATE);
    resolution != Resolution::None && label.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
}

/// Whether istiod treats a port as TCP: the protocol is declared, and is neither HTTP nor UDP.
pub(super) fn is_tcp(port: &ServiceEntryPort) -> bool {
    matches!(Protocol::parse(port.protocol.text()).class(), ProtocolClass::Tcp | ProtocolClass::Tls)
}

/// Whether connections to a port name the host, in HTTP or TLS.
pub(super) fn names_hosts(port: &ServiceEntryPort) -> bool {
    matches!(Protocol::parse(port.protocol.text()).class(), ProtocolClass::Http | ProtocolClass::Tls)
}
