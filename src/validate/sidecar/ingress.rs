//! Ingress listeners of a Sidecar (istio: `validateSidecarIngressPortAndBind`, `ValidateSidecar`).

use std::collections::BTreeSet;

use super::{add_invalid_address, check_number, check_port, check_repeated};
use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{IstioIngressListener, ServerTlsMode, ServerTlsSettings};
use crate::source::{Span, Spanned};
use crate::uri::go::split_host_port;
use crate::validate::Mistake;
use crate::validate::fields::{connection_pool, server_tls, socket};
use crate::validate::quoted;
use crate::validate::syntax::{is_ip_address, is_port};
use crate::validate::violation::Violations;
use crate::world::{Protocol, ProtocolClass};

/// The addresses of the workload.
const OWN_ADDRESSES: [&str; 5] = ["", "127.0.0.1", "0.0.0.0", "::1", "::"];

pub(super) fn check(listeners: &[IstioIngressListener], violations: &mut Violations<'_>) {
    let mut numbers = BTreeSet::new();
    for listener in listeners {
        let Some(port) = &listener.port else {
            let message = "the listener has no port";
            violations
                .error("SC-2", Mistake::MissingField, listener.span, message)
                .help("add `port` with a number and a protocol");
            continue;
        };
        check_port(port, violations);
        check_number(port, violations);
        if let Some(bind) = listener.bind.filled().filter(|bind| !is_ip_address(bind)) {
            add_invalid_address(bind, violations);
        }
        check_repeated(port, &mut numbers, violations);
        if let Some(endpoint) = listener.default_endpoint.filled()
            && !socket::check(endpoint, "SC-9", violations)
        {
            check_endpoint(endpoint, violations);
        }
        let class = Protocol::parse(port.protocol.text()).class();
        if let Some(tls) = &listener.tls {
            check_tls(tls, class, violations);
        }
        let Some(pool) = &listener.connection_pool else { continue };
        connection_pool::check(pool, violations);
        if let Some(http) = pool.http.as_ref().filter(|_| class != ProtocolClass::Http) {
            let message = "`connectionPool.http` has no effect on a port that is not HTTP";
            violations
                .warning("SC-17", Mistake::NoEffect, http.span, message)
                .help("remove it, or write `protocol: HTTP`");
        }
    }
}

/// Checks the endpoint that the listener forwards to: a port of the workload.
fn check_endpoint(endpoint: &Spanned<String>, violations: &mut Violations<'_>) {
    let (host, port) = split_host_port(endpoint).unwrap_or_else(|| {
        let message = format!("{} is not an address with a port", quoted(endpoint));
        violations
            .error("SC-10", Mistake::InvalidAddress, endpoint.span, message)
            .help("write an address with a port, such as `127.0.0.1:8080`");
        ("", "")
    });
    if !OWN_ADDRESSES.contains(&host) {
        let message = format!("{} is not an address of the workload", quoted(host));
        let help = "use `127.0.0.1`, `0.0.0.0`, `[::1]` or `[::]`";
        violations.error("SC-11", Mistake::InvalidAddress, endpoint.span, message).help(help);
    }
    let help = "use a number from 1 to 65535 after the colon";
    match port.parse::<i64>() {
        Ok(number) if u32::try_from(number).is_ok_and(is_port) => {}
        Ok(number) => {
            let message = format!("{number} is not a valid port number");
            violations.error("SC-13", Mistake::InvalidPort, endpoint.span, message).help(help);
        }
        Err(_) => {
            let message = match port {
                "" => "the endpoint has no port".to_owned(),
                port => format!("{} is not a valid port number", quoted(port)),
            };
            violations.error("SC-12", Mistake::InvalidPort, endpoint.span, message).help(help);
        }
    }
}

fn check_tls(tls: &ServerTlsSettings, class: ProtocolClass, violations: &mut Violations<'_>) {
    for (field, span) in fields_of_gateways(tls) {
        let message = format!("a Sidecar cannot have `{field}`");
        let help = match field {
            "httpsRedirect" => Advice::remove(Edit::remove(span).of(field)),
            "subjectAltNames" => Advice::remove(Edit::remove_around(span).of(field)),
            _ => "use `serverCertificate`, `privateKey` and `caCertificates` instead".into(),
        };
        violations.error("SC-14", Mistake::InvalidTls, span, message).help(help);
    }
    let mode = server_tls::mode(tls);
    let span = tls.mode.place(tls.span);
    if matches!(mode, ServerTlsMode::IstioMutual | ServerTlsMode::AutoPassthrough) {
        let message = format!("a Sidecar cannot have TLS mode {}", mode.as_str());
        let help = "use mode SIMPLE or MUTUAL; a PeerAuthentication configures mutual TLS of the mesh";
        violations.error("SC-15", Mistake::InvalidTls, span, message).help(help);
    }
    if class != ProtocolClass::Tls {
        let message = "`tls` needs a port with protocol HTTPS or TLS";
        violations.error("SC-16", Mistake::InvalidTls, span, message).help("write `protocol: HTTPS`, or remove `tls`");
    }
    server_tls::check(tls, violations);
}

/// The fields that only a Gateway can have, with their places.
fn fields_of_gateways(tls: &ServerTlsSettings) -> impl Iterator<Item = (&'static str, Span)> {
    let redirect = tls.https_redirect.as_ref().filter(|redirect| redirect.value);
    [
        tls.subject_alt_names.first().map(|name| ("subjectAltNames", name.span)),
        redirect.map(|redirect| ("httpsRedirect", redirect.span)),
        tls.credential_name.filled().map(|name| ("credentialName", name.span)),
        tls.credential_names.first().map(|name| ("credentialNames", name.span)),
        tls.tls_certificates.first().map(|certificate| ("tlsCertificates", certificate.span)),
    ]
    .into_iter()
    .flatten()
}
