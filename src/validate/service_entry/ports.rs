//! The ports of a ServiceEntry.

use std::collections::BTreeSet;

use crate::model::networking::{Resolution, ServiceEntry, ServicePort};
use crate::validate::Family;
use crate::validate::common::field::{filled, number, place, text};
use crate::validate::syntax::{is_label, is_port};
use crate::validate::violation::Found;
use crate::world::{Protocol, ProtocolClass};

/// Checks each port by itself, and whether they can be told apart.
pub fn check(entry: &ServiceEntry, resolution: Resolution, found: &mut Found<'_>) {
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let needs_addresses = entry.addresses.is_empty() && !gets_addresses(resolution, found);
    for port in &entry.ports {
        if !names.insert(text(&port.name)) {
            let message = format!("there are two ports {:?}", text(&port.name));
            found
                .error("SE-8", Family::DuplicateEntry, place(&port.name, port.span), message)
                .help("give one of them another name");
        }
        if !numbers.insert(number(&port.number)) {
            let message = format!("port {} is listed twice", number(&port.number));
            found.error("SE-9", Family::DuplicateEntry, place(&port.number, port.span), message);
        }
        if let Some(target) = port.target_port.filter(|target| target.value != 0 && !is_port(target.value)) {
            let message = format!("{} is no port", target.value);
            found.error("SE-10", Family::InvalidPort, target.span, message).help("it takes a number from 1 to 65535");
        }
        if needs_addresses && matches!(text(&port.protocol), "" | "TCP") {
            let message = "without addresses this port takes all connections to it, whatever they are for";
            found
                .warning("SE-11", Family::NoEffect, place(&port.protocol, port.span), message)
                .help("add addresses, or write the protocol: TLS, HTTPS, HTTP");
        }
        check_port(port, found);
    }
}

fn check_port(port: &ServicePort, found: &mut Found<'_>) {
    let name = text(&port.name);
    if !is_label(name) {
        let (family, message) = match name {
            "" => (Family::MissingField, "this port has no name".to_owned()),
            _ => (Family::InvalidPort, format!("{name:?} is no name of a port")),
        };
        let help = "it takes up to 63 letters, digits and dashes";
        found.error("SE-12", family, place(&port.name, port.span), message).help(help);
    }
    if let Some(word) = filled(&port.protocol).filter(|word| Protocol::parse(word) == Protocol::Auto) {
        let message = format!("{:?} is no protocol that Istio knows", word.value);
        let help = "write HTTP, HTTP2, GRPC, HTTPS, TLS, TCP, MONGO, REDIS, MYSQL or UDP";
        found.error("SE-13", Family::InvalidPort, word.span, message).help(help);
    }
    if !is_port(number(&port.number)) {
        let (family, message) = match &port.number {
            None => (Family::MissingField, "this port has no number".to_owned()),
            Some(number) => (Family::InvalidPort, format!("{} is no port", number.value)),
        };
        let help = "it takes a number from 1 to 65535";
        found.error("SE-14", family, place(&port.number, port.span), message).help(help);
    }
}

/// Whether istiod finds addresses for hosts that have none (istiod: `ShouldV2AutoAllocateIP`).
fn gets_addresses(resolution: Resolution, found: &Found<'_>) -> bool {
    const ALLOCATE: &str = "networking.istio.io/enable-autoallocate-ip";
    let label = found.resource.metadata.labels.get(ALLOCATE);
    resolution != Resolution::None && label.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
}

/// Whether istiod counts a port among those of TCP: what neither HTTP nor UDP is, but declared.
pub(super) fn is_of_tcp(port: &ServicePort) -> bool {
    matches!(Protocol::parse(text(&port.protocol)).class(), ProtocolClass::Tcp | ProtocolClass::Tls)
}

/// Whether the hosts of connections to a port can be told apart by what is sent.
pub(super) fn names_hosts(port: &ServicePort) -> bool {
    matches!(Protocol::parse(text(&port.protocol)).class(), ProtocolClass::Http | ProtocolClass::Tls)
}
