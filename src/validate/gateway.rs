//! Gateway (istio: `ValidateGateway`).

use std::collections::BTreeSet;

use super::fields::scoped_host::{self, HostList};
use super::fields::server_tls;
use super::fields::{port, socket};
use super::quoted;
use super::syntax::{is_ip_address, is_label, is_port};
use super::violation::{Mistake, Violations};
use crate::model::field::{NumberField, PlacedField, TextField};
use crate::model::networking::{Gateway, Server, ServerPort, ServerTlsSettings};
use crate::world::{Protocol, ProtocolClass};

/// The annotation of Gateways that istiod generates from the Gateway API, for which some checks are relaxed.
const SEMANTICS: &str = "internal.istio.io/gateway-semantics";

pub(super) fn check(gateway: &Gateway, violations: &mut Violations<'_>) {
    let resource = violations.resource;
    let is_generated =
        resource.metadata.annotations.get(SEMANTICS).is_some_and(|semantics| semantics.as_str() == "gateway");
    // `missing-name` reports a Gateway without a name.
    if let Some(name) = resource.metadata.name.filled().filter(|name| !is_generated && !is_label(name)) {
        let message = format!("{} is not a valid Gateway name", quoted(name));
        let help = "use up to 63 lower-case letters, digits and dashes";
        violations.error("GW-1", Mistake::InvalidMetadata, name.span, message).help(help);
    }
    if gateway.servers.is_empty() {
        let message = "the Gateway has no servers";
        let span = gateway.servers.span.unwrap_or(gateway.span);
        violations.error("GW-2", Mistake::MissingField, span, message).help("add `servers` with a port and hosts");
    }
    for server in &gateway.servers {
        check_server(server, is_generated, violations);
    }
    check_together(gateway, violations);
}

fn check_together(gateway: &Gateway, violations: &mut Violations<'_>) {
    let mut names = BTreeSet::new();
    for server in &gateway.servers {
        let Some(port) = &server.port else { continue };
        let name = port.name.text();
        if !names.insert(name) {
            let message = match name {
                "" => "2 ports have no name".to_owned(),
                name => format!("2 ports have the name {}", quoted(name)),
            };
            let span = port.name.place(port.span);
            violations.error("GW-3", Mistake::DuplicateEntry, span, message).help("rename one of them");
        }
        let redirect = server.tls.as_ref().and_then(|tls| tls.https_redirect.as_ref());
        if let Some(redirect) = redirect.filter(|redirect| redirect.value && !is_http(port)) {
            let message = "`httpsRedirect` has no effect on a port that is not plaintext HTTP";
            let help = "move it to the server of port 80";
            violations.warning("GW-4", Mistake::NoEffect, redirect.span, message).help(help);
        }
    }
}

fn protocol(port: &ServerPort) -> Protocol {
    Protocol::parse(port.protocol.text())
}

fn is_http(port: &ServerPort) -> bool {
    protocol(port).class() == ProtocolClass::Http
}

fn check_server(server: &Server, is_generated: bool, violations: &mut Violations<'_>) {
    if server.hosts.is_empty() {
        let message = "the server has no hosts";
        violations
            .error("GW-5", Mistake::MissingField, server.span, message)
            .help("add `hosts`; the host `*` matches all");
    }
    for host in &server.hosts {
        scoped_host::check(host, HostList::Server { allows_none: is_generated }, violations);
    }
    let checked_port = match &server.port {
        Some(port) => check_port(port, server, violations).then_some(port),
        None => {
            let message = "the server has no port";
            violations
                .error("GW-6", Mistake::MissingField, server.span, message)
                .help("add `port` with a number, a name and a protocol");
            None
        }
    };
    check_bind(server, violations);
    if let Some(tls) = &server.tls {
        server_tls::check(tls, violations);
    }
    if let Some(port) = checked_port {
        check_tls_of_protocol(port, server, violations);
    }
}

/// Checks a port. Returns whether it is valid.
fn check_port(port: &ServerPort, server: &Server, violations: &mut Violations<'_>) -> bool {
    let mut is_valid = true;
    if protocol(port) == Protocol::Auto {
        is_valid = false;
        let message = match port.protocol.filled() {
            Some(word) => format!("a gateway cannot serve the protocol {}", quoted(word)),
            None => "the port has no protocol".to_owned(),
        };
        violations
            .error("GW-7", Mistake::InvalidPort, port.protocol.place(port.span), message)
            .help("use HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, MYSQL or REDIS");
    }
    let port_number = port.number.number();
    let is_socket = server.bind.text().starts_with(socket::SCHEME);
    if !is_port(port_number) && (port_number > 0 || !is_socket) {
        is_valid = false;
        port::check_required_number(port.number, ("the port has no number", port.span), "GW-8", violations);
    }
    if let Some(target) = port.target_port.as_ref().filter(|target| target.value > 0) {
        is_valid = false;
        let message = "a port of a Gateway cannot have `targetPort`";
        violations
            .error("GW-9", Mistake::InvalidPort, target.span, message)
            .help("set `targetPort` in the Service of the gateway instead");
    }
    if port.name.text().is_empty() {
        is_valid = false;
        let span = port.name.place(port.span);
        violations.error("GW-10", Mistake::InvalidPort, span, "the port has no name").help("add `name`");
    }
    is_valid
}

fn check_bind(server: &Server, violations: &mut Violations<'_>) {
    let Some(bind) = server.bind.filled() else { return };
    if socket::check(bind, "GW-11", violations) {
        let port = server.port.as_ref().and_then(|port| port.number.as_ref());
        if let Some(number) = port.filter(|number| number.value != 0) {
            let message = format!("port {} contradicts `bind`, because a socket has no port", number.value);
            violations
                .error("GW-12", Mistake::ConflictingFields, number.span, message)
                .help("remove the number, or remove `bind`");
        }
    } else if !is_ip_address(bind) {
        let message = format!("{} is not a valid IP address", quoted(bind));
        let help = "write an IP address, or `unix://` and the path of a socket";
        violations.error("GW-13", Mistake::InvalidAddress, bind.span, message).help(help);
    }
}

/// Checks that the TLS settings fit the protocol.
fn check_tls_of_protocol(port: &ServerPort, server: &Server, violations: &mut Violations<'_>) {
    let class = protocol(port).class();
    let word = port.protocol.text();
    let Some(tls) = &server.tls else {
        if class == ProtocolClass::Tls {
            let span = port.protocol.place(port.span);
            let message = format!("a server with protocol {word} needs `tls`");
            violations
                .error("GW-14", Mistake::InvalidTls, span, message)
                .help("add `tls` with `mode` and `credentialName`");
        }
        return;
    };
    let id = match class {
        ProtocolClass::Tls => return,
        ProtocolClass::Http if has_no_tls(tls) => return,
        ProtocolClass::Http => "GW-15",
        _ => "GW-16",
    };
    let message = format!("a server with protocol {word} cannot have TLS settings");
    let help = match class {
        ProtocolClass::Http => "write `protocol: HTTPS`, or remove all TLS settings except `httpsRedirect`",
        _ => "write `protocol: TLS`, or remove `tls`",
    };
    violations.error(id, Mistake::InvalidTls, tls.mode.place(tls.span), message).help(help);
}

/// Whether TLS settings have no certificates and do not terminate TLS.
fn has_no_tls(tls: &ServerTlsSettings) -> bool {
    let files = [&tls.ca_certificates, &tls.private_key, &tls.server_certificate];
    server_tls::passes_through(tls) && files.iter().all(|file| file.text().is_empty())
}
