//! What a workload listens on (istio: `validateSidecarIngressPortAndBind` and what follows it).

use std::collections::BTreeSet;

use super::{check_number, check_port, check_repeated, report_address};
use crate::model::networking::{IstioIngressListener, ServerTlsMode, ServerTlsSettings};
use crate::source::{Span, Spanned};
use crate::uri::go::split_host_port;
use crate::validate::Family;
use crate::validate::common::field::{filled, place, text};
use crate::validate::common::{connection_pool, server_tls, socket};
use crate::validate::syntax::{is_ip_address, is_port};
use crate::validate::violation::Found;
use crate::world::{Protocol, ProtocolClass};

/// The addresses that a workload itself listens on.
const OWN_ADDRESSES: [&str; 5] = ["", "127.0.0.1", "0.0.0.0", "::1", "::"];

pub(super) fn check(listeners: &[IstioIngressListener], found: &mut Found<'_>) {
    let mut numbers = BTreeSet::new();
    for listener in listeners {
        let Some(port) = &listener.port else {
            let message = "this listener has no port";
            found.error("SC-2", Family::MissingField, listener.span, message).help("add port: {number, protocol}");
            continue;
        };
        check_port(port, found);
        check_number(port, found);
        if let Some(bind) = filled(&listener.bind).filter(|bind| !is_ip_address(bind)) {
            report_address(bind, found);
        }
        check_repeated(port, &mut numbers, found);
        if let Some(endpoint) = filled(&listener.default_endpoint)
            && !socket::check(endpoint, "SC-9", found)
        {
            check_endpoint(endpoint, found);
        }
        let class = Protocol::parse(text(&port.protocol)).class();
        if let Some(tls) = &listener.tls {
            check_tls(tls, class, found);
        }
        let Some(pool) = &listener.connection_pool else { continue };
        connection_pool::check(pool, found);
        if let Some(http) = pool.http.as_ref().filter(|_| class != ProtocolClass::Http) {
            let message = "connectionPool.http does nothing on a port whose protocol is not HTTP";
            found.warning("SC-17", Family::NoEffect, http.span, message).help("remove it, or write protocol: HTTP");
        }
    }
}

/// Checks where requests are handed on to: a port of the workload itself.
fn check_endpoint(endpoint: &Spanned<String>, found: &mut Found<'_>) {
    let (host, port) = split_host_port(endpoint).unwrap_or_else(|| {
        let message = format!("{:?} is not an address and a port", endpoint.value);
        found.error("SC-10", Family::InvalidAddress, endpoint.span, message).help("write 127.0.0.1:8080");
        ("", "")
    });
    if !OWN_ADDRESSES.contains(&host) {
        let message = format!("{host:?} is no address of the workload itself");
        let help = "it takes 127.0.0.1, 0.0.0.0, [::1] and [::]";
        found.error("SC-11", Family::InvalidAddress, endpoint.span, message).help(help);
    }
    let help = "it takes a number from 1 to 65535 after the colon";
    match port.parse::<i64>() {
        Ok(number) if u32::try_from(number).is_ok_and(is_port) => {}
        Ok(number) => {
            let message = format!("{number} is no port");
            found.error("SC-13", Family::InvalidPort, endpoint.span, message).help(help);
        }
        Err(_) => {
            let message = match port {
                "" => "this endpoint has no port".to_owned(),
                port => format!("{port:?} is no port"),
            };
            found.error("SC-12", Family::InvalidPort, endpoint.span, message).help(help);
        }
    }
}

fn check_tls(tls: &ServerTlsSettings, class: ProtocolClass, found: &mut Found<'_>) {
    for (field, span) in unusable(tls) {
        let message = format!("{field} has no place in a Sidecar");
        let help = "remove it; certificates are named by serverCertificate, privateKey and caCertificates";
        found.error("SC-14", Family::InvalidTls, span, message).help(help);
    }
    let mode = server_tls::mode(tls);
    let span = place(&tls.mode, tls.span);
    if matches!(mode, ServerTlsMode::IstioMutual | ServerTlsMode::AutoPassthrough) {
        let message = format!("a Sidecar does not take the mode {}", mode.as_str());
        let help = "write mode: SIMPLE or MUTUAL; mutual TLS of the mesh is up to PeerAuthentication";
        found.error("SC-15", Family::InvalidTls, span, message).help(help);
    }
    if class != ProtocolClass::Tls {
        let message = "tls needs a port with the protocol HTTPS or TLS";
        found.error("SC-16", Family::InvalidTls, span, message).help("write protocol: HTTPS, or remove tls");
    }
    server_tls::check(tls, found);
}

/// The fields that only Gateways have a use for, with their places.
fn unusable(tls: &ServerTlsSettings) -> impl Iterator<Item = (&'static str, Span)> {
    let redirect = tls.https_redirect.as_ref().filter(|redirect| redirect.value);
    [
        tls.subject_alt_names.first().map(|name| ("subjectAltNames", name.span)),
        redirect.map(|redirect| ("httpsRedirect", redirect.span)),
        filled(&tls.credential_name).map(|name| ("credentialName", name.span)),
        tls.credential_names.first().map(|name| ("credentialNames", name.span)),
        tls.tls_certificates.first().map(|certificate| ("tlsCertificates", certificate.span)),
    ]
    .into_iter()
    .flatten()
}
