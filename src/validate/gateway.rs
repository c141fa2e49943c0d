//! Gateway (istio: `ValidateGateway`).

use std::collections::BTreeSet;

use super::common::field::{filled, number, place, text};
use super::common::scoped_host::{self, Of};
use super::common::server_tls;
use super::common::{port, socket};
use super::syntax::{is_ip_address, is_label, is_port};
use super::violation::{Family, Found};
use crate::model::networking::{Gateway, Server, ServerPort, ServerTlsSettings};
use crate::world::{Protocol, ProtocolClass};

/// Marks Gateways that stand for those of the Gateway API, which may do more.
const SEMANTICS: &str = "internal.istio.io/gateway-semantics";

pub(super) fn check(gateway: &Gateway, found: &mut Found<'_>) {
    let resource = found.resource;
    let is_derived =
        resource.metadata.annotations.get(SEMANTICS).is_some_and(|semantics| semantics.as_str() == "gateway");
    // That there is no name at all is told by `missing-name`.
    if let Some(name) = filled(&resource.metadata.name).filter(|name| !is_derived && !is_label(name)) {
        let message = format!("a Gateway cannot be named {:?}", name.value);
        let help = "it takes letters, digits and dashes, at most 63";
        found.error("GW-1", Family::InvalidMetadata, name.span, message).help(help);
    }
    if gateway.servers.is_empty() {
        let message = "this Gateway has no servers";
        found.error("GW-2", Family::MissingField, gateway.span, message).help("add servers with a port and hosts");
    }
    for server in &gateway.servers {
        check_server(server, is_derived, found);
    }
    check_together(gateway, found);
}

fn check_together(gateway: &Gateway, found: &mut Found<'_>) {
    let mut names = BTreeSet::new();
    for server in &gateway.servers {
        let Some(port) = &server.port else { continue };
        let name = text(&port.name);
        if !names.insert(name) {
            let message = match name {
                "" => "two ports have no name".to_owned(),
                name => format!("two ports are named {name}"),
            };
            let span = place(&port.name, port.span);
            found
                .error("GW-3", Family::DuplicateEntry, span, message)
                .help("give each server's port a name of its own");
        }
        let redirect = server.tls.as_ref().and_then(|tls| tls.https_redirect.as_ref());
        if let Some(redirect) = redirect.filter(|redirect| redirect.value && !is_http(port)) {
            let message = "httpsRedirect only works on a plaintext HTTP port";
            let help = "remove it here, and set it on the server for port 80";
            found.warning("GW-4", Family::NoEffect, redirect.span, message).help(help);
        }
    }
}

fn protocol(port: &ServerPort) -> Protocol {
    Protocol::parse(text(&port.protocol))
}

fn is_http(port: &ServerPort) -> bool {
    protocol(port).class() == ProtocolClass::Http
}

fn check_server(server: &Server, is_derived: bool, found: &mut Found<'_>) {
    if server.hosts.is_empty() {
        let message = "this server has no hosts";
        found.error("GW-5", Family::MissingField, server.span, message).help("add hosts; \"*\" stands for all of them");
    }
    for host in &server.hosts {
        scoped_host::check(host, Of::Server { nobody: is_derived }, found);
    }
    let checked_port = match &server.port {
        Some(port) => check_port(port, server, found).then_some(port),
        None => {
            let message = "this server has no port";
            found.error("GW-6", Family::MissingField, server.span, message).help("add port: {number, name, protocol}");
            None
        }
    };
    check_bind(server, found);
    if let Some(tls) = &server.tls {
        server_tls::check(tls, found);
    }
    if let Some(port) = checked_port {
        check_tls_of_protocol(port, server, found);
    }
}

/// Checks a port. Whether it is right.
fn check_port(port: &ServerPort, server: &Server, found: &mut Found<'_>) -> bool {
    let mut is_right = true;
    if protocol(port) == Protocol::Auto {
        is_right = false;
        let message = match filled(&port.protocol) {
            Some(word) => format!("{:?} is no protocol that a gateway speaks", word.value),
            None => "this port does not say its protocol".to_owned(),
        };
        found
            .error("GW-7", Family::InvalidPort, place(&port.protocol, port.span), message)
            .help("it takes HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, MYSQL or REDIS");
    }
    let dialled = number(&port.number);
    let is_socket = text(&server.bind).starts_with(socket::SCHEME);
    if !is_port(dialled) && (dialled > 0 || !is_socket) {
        is_right = false;
        port::check_needed_number(port.number, ("this port has no number", port.span), "GW-8", found);
    }
    if let Some(target) = port.target_port.as_ref().filter(|target| target.value > 0) {
        is_right = false;
        let message = "targetPort has no place in a Gateway";
        found
            .error("GW-9", Family::InvalidPort, target.span, message)
            .help("remove it: the Service before the gateway maps ports");
    }
    if text(&port.name).is_empty() {
        is_right = false;
        let span = place(&port.name, port.span);
        found.error("GW-10", Family::InvalidPort, span, "this port has no name").help("add name");
    }
    is_right
}

fn check_bind(server: &Server, found: &mut Found<'_>) {
    let Some(bind) = filled(&server.bind) else { return };
    if socket::check(bind, "GW-11", found) {
        let port = server.port.as_ref().and_then(|port| port.number.as_ref());
        if let Some(number) = port.filter(|number| number.value != 0) {
            let message = format!("a socket has no port, and {} is given", number.value);
            found.error("GW-12", Family::ConflictingFields, number.span, message).help("remove the number, or bind");
        }
    } else if !is_ip_address(bind) {
        let message = format!("{:?} is no address", bind.value);
        let help = "it takes an IP address, or unix:// with the path of a socket";
        found.error("GW-13", Family::InvalidAddress, bind.span, message).help(help);
    }
}

/// Whether TLS settings and the protocol go together.
fn check_tls_of_protocol(port: &ServerPort, server: &Server, found: &mut Found<'_>) {
    let class = protocol(port).class();
    let word = text(&port.protocol);
    let Some(tls) = &server.tls else {
        if class == ProtocolClass::Tls {
            let span = place(&port.protocol, port.span);
            let message = format!("a server with the protocol {word} needs tls");
            found.error("GW-14", Family::InvalidTls, span, message).help("add tls with a mode and a credentialName");
        }
        return;
    };
    let id = match class {
        ProtocolClass::Tls => return,
        ProtocolClass::Http if says_nothing(tls) => return,
        ProtocolClass::Http => "GW-15",
        _ => "GW-16",
    };
    let message = format!("the protocol {word} has no TLS");
    let help = match class {
        ProtocolClass::Http => "write protocol: HTTPS, or remove all of tls but httpsRedirect",
        _ => "write protocol: TLS, or remove tls",
    };
    found.error(id, Family::InvalidTls, place(&tls.mode, tls.span), message).help(help);
}

/// Whether TLS settings do no more than redirect.
fn says_nothing(tls: &ServerTlsSettings) -> bool {
    let files = [&tls.ca_certificates, &tls.private_key, &tls.server_certificate];
    server_tls::passes_through(tls) && files.iter().all(|file| text(file).is_empty())
}
